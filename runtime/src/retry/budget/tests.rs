use core::pin::pin;
use core::task::{Context, Waker};

use tokio::time::advance;

use super::*;
use crate::{Backoff, Jitter, Retry};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn counted(budget: &RetryBudget, calls: u64) {
    (0..calls).for_each(|_| budget.count());
}

/// Takes what there is, and keeps it.
fn spent(budget: &RetryBudget) -> u64 {
    let mut taken = 0;
    while let Some(token) = budget.take() {
        token.spend();
        taken += 1;
        assert!(taken < 10_000, "there is no end");
    }
    taken
}

const fn bare() -> RetryBudget {
    RetryBudget::new().min_per_second(0)
}

#[tokio::test(start_paused = true)]
async fn p19_shares_are_exact() {
    for hundredths in 0..=100_u32 {
        let budget = bare().ratio(f64::from(hundredths) / 100.0);
        counted(&budget, 100);
        assert_eq!(spent(&budget), u64::from(hundredths), "{hundredths} %");
    }
    for (ratio, calls, retries) in
        [(0.1, 9, 0), (0.1, 10, 1), (0.1, 30, 3), (0.29, 100, 29), (0.58, 50, 29), (2.5, 3, 7)]
    {
        let budget = bare().ratio(ratio);
        counted(&budget, calls);
        assert_eq!(spent(&budget), retries, "{ratio} of {calls}");
    }
    let budget = bare().ratio(0.001);
    counted(&budget, 1999);
    assert_eq!((spent(&budget), budget.counts().refused), (1, 1));
    counted(&budget, 1);
    assert_eq!((spent(&budget), budget.counts().refused), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn p19_what_is_granted_holds_with_what_was_granted() {
    let budget = bare().ratio(0.5);
    counted(&budget, 4);
    let (one, two) = (budget.take().unwrap(), budget.take().unwrap());
    assert!(budget.take().is_none() && budget.is_exhausted());
    drop(one);
    assert!(!budget.is_exhausted());
    assert_eq!((budget.balance(), budget.counts().retries), (1, 1));
    two.spend();
    assert_eq!((budget.balance(), budget.counts().retries), (1, 1));
    // The balance never falls below zero, also when the calls are forgotten before the retries.
    budget.take().unwrap().spend();
    advance(ms(9_999)).await;
    assert_eq!(budget.balance(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_window_slides() {
    let budget = bare().ratio(1.0);
    counted(&budget, 3);
    advance(ms(5_000)).await;
    counted(&budget, 2);
    assert_eq!(budget.counts().calls, 5);
    advance(ms(5_001)).await;
    assert_eq!(budget.counts().calls, 2);
    assert_eq!(spent(&budget), 2);
    advance(ms(5_000)).await;
    counted(&budget, 1);
    // The two retries are still in the window, their calls are not.
    assert_eq!((budget.counts().calls, budget.counts().retries, budget.balance()), (1, 2, 0));
    advance(ms(4_999)).await;
    assert_eq!(budget.counts().retries, 2);
    advance(ms(1)).await;
    assert_eq!(budget.counts().retries, 0);
}

/// No grant makes the retries of the window that ends with it more than the share of its calls.
#[tokio::test(start_paused = true)]
async fn p19_no_window_has_more() {
    let budget = bare().ratio(0.3).min_per_second(1).window(ms(1_000));
    let (mut calls, mut retries) = (Vec::new(), Vec::new());
    let start = tokio::time::Instant::now();
    for step in 0..2_000_u64 {
        advance(ms(step * 7919 % 83)).await;
        let now = start.elapsed();
        counted(&budget, step * 31 % 5);
        calls.extend((0..step * 31 % 5).map(|_| now));
        let granted = if step % 3 == 0 { 0 } else { spent(&budget) };
        retries.extend((0..granted).map(|_| now));
        let within = |times: &[Duration]| times.iter().filter(|time| now.saturating_sub(**time) < ms(1_000)).count();
        assert!(granted == 0 || within(&retries) * 10 <= within(&calls) * 3 + 10, "at {now:?}");
    }
    assert!(retries.len() * 100 > calls.len() * 28, "{} retries of {} calls", retries.len(), calls.len());
}

#[tokio::test(start_paused = true)]
async fn the_minimum_needs_no_calls() {
    let budget = RetryBudget::new().ratio(0.0).min_per_second(2).window(ms(2_500));
    assert_eq!(spent(&budget), 5);
    advance(ms(2_499)).await;
    assert_eq!(spent(&budget), 0);
    advance(ms(1)).await;
    assert_eq!(spent(&budget), 5);
    // Nothing is saved up.
    advance(Duration::from_secs(3_600)).await;
    assert_eq!(spent(&budget), 5);
    // Half a retry is none.
    let budget = RetryBudget::new().ratio(0.0).min_per_second(1).window(ms(500));
    assert_eq!((spent(&budget), budget.balance()), (0, 0));
    counted(&budget, 1);
    assert_eq!(spent(&budget), 0);
    let budget = RetryBudget::new().ratio(0.5).min_per_second(1).window(ms(500));
    counted(&budget, 1);
    assert_eq!(spent(&budget), 1);
}

#[tokio::test(start_paused = true)]
async fn no_setting_panics_or_grants_more() {
    for (ratio, expected) in [
        (f64::NAN, 0),
        (-1.0, 0),
        (f64::NEG_INFINITY, 0),
        (-0.0, 0),
        (1e-300, 0),
        (f64::INFINITY, u64::from(u32::MAX)),
        (f64::MAX, u64::from(u32::MAX)),
    ] {
        let budget = bare().ratio(ratio);
        counted(&budget, 5);
        assert_eq!(budget.balance().min(u32::MAX.into()), expected, "{ratio}");
    }
    for window in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        for (ratio, least) in [(0.0, 0), (f64::INFINITY, u32::MAX), (f64::NAN, u32::MAX)] {
            let budget = RetryBudget::new().window(window).ratio(ratio).min_per_second(least);
            counted(&budget, 2);
            drop(budget.take());
            advance(ms(1)).await;
            drop(budget.take());
            assert!(!format!("{budget:?}").is_empty());
        }
    }
    let budget = bare().ratio(1.0).window(Duration::MAX);
    counted(&budget, 2);
    advance(Duration::from_secs(100_000_000)).await;
    assert_eq!(spent(&budget), 2);
}

/// Each runtime has a clock of its own, and the second begins before the first was advanced to.
#[test]
fn a_clock_that_goes_back_grants_nothing_twice() {
    let paused = || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let budget = bare().ratio(0.5).min_per_second(1);
    paused().block_on(async {
        advance(Duration::from_secs(3_600)).await;
        counted(&budget, 10);
        assert_eq!(spent(&budget), 15);
    });
    paused().block_on(async {
        assert_eq!(spent(&budget), 0, "granted twice");
        counted(&budget, 10);
        assert_eq!(spent(&budget), 5);
        // Time goes on from there, and nothing is stuck.
        advance(ms(10_400)).await;
        assert_eq!((budget.counts().calls, spent(&budget)), (0, 10));
        counted(&budget, 4);
        assert_eq!(spent(&budget), 2);
    });
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_stands_still_grants_nothing_twice() {
    let budget = bare().ratio(0.5);
    for _ in 0..1_000 {
        counted(&budget, 2);
        assert_eq!(spent(&budget), 1);
    }
    assert_eq!((budget.counts().calls, budget.counts().retries), (2_000, 1_000));
}

#[tokio::test(start_paused = true)]
async fn late_returns_change_nothing() {
    let budget = bare().ratio(1.0);
    counted(&budget, 2);
    let before_reset = budget.take().unwrap();
    budget.reset();
    assert_eq!(budget.counts(), BudgetCounts { calls: 0, retries: 0, refused: 0 });
    counted(&budget, 2);
    let old = budget.take().unwrap();
    drop(before_reset);
    assert_eq!(budget.counts().retries, 1);
    // Its bucket serves another time by now, or will.
    for _ in 0..200 {
        advance(ms(156)).await;
        counted(&budget, 1);
        if let Some(token) = budget.take() {
            token.spend();
        }
    }
    let before = budget.counts();
    drop(old);
    assert_eq!(budget.counts(), before);
}

/// A thousand at once: as many as are granted, and no other.
#[test]
fn p19_threads_get_exactly_the_share() {
    const THREADS: u64 = 8;
    const CALLS: u64 = if cfg!(miri) { 50 } else { 5_000 };
    let budget = bare().ratio(0.37).window(Duration::from_secs(3_600));
    let count = |f: &(dyn Fn() -> u64 + Sync)| -> u64 {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(f)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        })
    };
    // Counting, taking, giving back and looking, all at once.
    let granted = count(&|| {
        (0..CALLS)
            .map(|n| {
                budget.count();
                let granted = match budget.take() {
                    Some(token) if n % 2 == 0 => {
                        token.spend();
                        1
                    }
                    Some(_given_back) => 0,
                    None => 0,
                };
                let counts = budget.counts();
                assert!(counts.retries * 100 <= counts.calls * 37, "{counts:?}");
                granted
            })
            .sum()
    });
    let rest = count(&|| spent(&budget));
    assert_eq!(granted + rest, THREADS * CALLS * 37 / 100);
    assert_eq!((budget.counts().calls, budget.counts().retries), (THREADS * CALLS, granted + rest));
}

#[tokio::test(start_paused = true)]
async fn p19_a_dropped_delay_gives_back() {
    static BUDGET: RetryBudget = bare().ratio(1.0);
    let retry = Retry::new().backoff(Backoff::fixed(ms(100))).jitter(Jitter::None).attempts(9).budget(&BUDGET);
    let mut cx = Context::from_waker(Waker::noop());
    {
        let mut call = pin!(retry.call(|| async { Err::<(), _>("down".to_owned()) }));
        assert!(call.as_mut().poll(&mut cx).is_pending());
        assert_eq!((BUDGET.counts().calls, BUDGET.counts().retries), (1, 1));
    }
    assert_eq!((BUDGET.counts().calls, BUDGET.counts().retries), (1, 0));
    // One that has begun is not given back.
    {
        let mut runs = 0;
        let mut call =
            pin!(
                retry.call(|| {
                    runs += 1;
                    let first = runs == 1;
                    async move {
                        if first { Err("down".to_owned()) } else { core::future::pending::<Result<(), _>>().await }
                    }
                })
            );
        assert!(call.as_mut().poll(&mut cx).is_pending());
        advance(ms(101)).await;
        assert!(call.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!((BUDGET.counts().calls, BUDGET.counts().retries), (2, 1));
}

#[test]
fn the_ready_path_has_no_room_for_it() {
    use crate::__private as private;
    assert_eq!(size_of::<private::Run<'_>>(), 24);
}
