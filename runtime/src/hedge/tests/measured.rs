//! A hedge that follows the latencies of its own calls.

use core::cell::Cell;
use core::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::time::advance;

use super::*;

/// The median of at least four calls.
fn median() -> Percentile {
    Percentile::new(0.5).min_calls(4)
}

fn leaked(percentile: Percentile) -> &'static Percentile {
    Box::leak(Box::new(percentile))
}

/// One that knows calls of 10 ms.
fn known() -> &'static Percentile {
    let percentile = leaked(median());
    (0..10).for_each(|_| percentile.record(ms(10)));
    percentile
}

/// One that is more than the ten seconds that a hint may be in any case.
fn slow() -> &'static Percentile {
    leaked(median().max(ms(20_000)))
}

/// To within a 32nd, and a microsecond.
fn is_about(duration: Option<Duration>, millis: u64) -> bool {
    duration.is_some_and(|duration| duration >= ms(millis) && duration <= ms(millis) * 33 / 32 + ms(1))
}

#[tokio::test(start_paused = true)]
async fn the_next_call_starts_after_the_percentile() {
    type Case = (&'static str, fn() -> &'static Percentile, &'static [(u64, Says)], (usize, u64, &'static [u64]));
    const CASES: &[Case] = &[
        // The timer rounds up to a millisecond.
        ("known", known, &[(1000, Good), (5, Good)], (1, 16, &[0, 11])),
        ("ready before", known, &[(9, Good)], (0, 9, &[0])),
        ("a failure", known, &[(3, TRANSIENT), (5, Good)], (1, 8, &[0, 3])),
        ("not known", || leaked(median()), &[(1000, Good)], (0, 1000, &[0])),
        ("not known, and a failure", || leaked(median()), &[(3, TRANSIENT), (5, Good)], (1, 8, &[0, 3])),
        ("not known, and throttled", || leaked(median()), &[(3, THROTTLED), (5, Good)], (0, 3, &[0])),
        ("not known, but bounded", || leaked(median().max(ms(50))), &[(1000, Good), (5, Good)], (1, 55, &[0, 50])),
        ("zero", || leaked(median().max(ms(0))), &[(1000, Good), (5, Good)], (1, 5, &[0, 0])),
        ("zero, and ready at once", || leaked(median().max(ms(0))), &[(0, Good)], (0, 0, &[0])),
        ("beyond the clock", || leaked(median().max(Duration::MAX)), &[(1000, Good)], (0, 1000, &[0])),
        ("a hint that is too long", known, &[(3, throttled_for(10_001)), (5, Good)], (0, 3, &[0])),
        ("a hint as long as it", slow, &[(3, throttled_for(20_000)), (5, Good)], (1, 20_008, &[0, 20_003])),
        ("a hint shorter than it", slow, &[(3, throttled_for(10_001)), (5, Good)], (1, 10_009, &[0, 10_004])),
    ];
    for &(what, percentile, calls, (outcome, at, started)) in CASES {
        let went = race(Hedge::percentile(percentile()).attempts(2), calls).await;
        assert_eq!(went, Went { outcome, at, started: started.to_vec() }, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_follows_its_own_calls() {
    let percentile = leaked(median());
    let hedge = Hedge::percentile(percentile);
    for _ in 0..4 {
        assert_eq!(race(hedge, &[(20, Good)]).await.started, [0]);
    }
    assert!(is_about(percentile.estimate(), 20), "{percentile:?}");
    assert_eq!(race(hedge, &[(1000, Good), (5, Good)]).await.started, [0, 21]);
}

#[tokio::test(start_paused = true)]
async fn each_call_counts_from_its_own_beginning() {
    let percentile = leaked(Percentile::new(0.25).min_calls(4));
    (0..10).for_each(|_| percentile.record(ms(10)));
    for _ in 0..20 {
        assert_eq!(race(Hedge::percentile(percentile), &[(1000, Good), (4, Good)]).await.outcome, 1);
    }
    assert_eq!(percentile.calls(), 50);
    assert!(is_about(percentile.estimate(), 4), "{percentile:?}");
}

#[tokio::test(start_paused = true)]
async fn these_calls_count() {
    type Case = (&'static str, &'static [(u64, Says)], u64);
    const CASES: &[Case] = &[
        ("one", &[(7, Good)], 1),
        ("one that is ready at once", &[(0, Good)], 1),
        ("a failure, and another", &[(6, TRANSIENT), (4, Good)], 2),
        ("failures at once", &[(0, TRANSIENT), (0, TRANSIENT)], 2),
        ("an answer", &[(6, Failed(Class::Permanent))], 1),
        // Whenever they are given up.
        ("a loser", &[(1000, Good), (4, Good)], 2),
        ("a loser that has hardly begun", &[(14, Good), (50, Good)], 2),
        ("a second that loses late", &[(30, Good), (100, Good)], 2),
        // Only where they took longer than most.
        ("a rejection", &[(6, LATE), (4, Good)], 1),
        ("a late rejection", &[(40, LATE), (50, Good)], 2),
        ("rejections at once", &[(0, LATE), (0, LATE)], 0),
    ];
    for &(what, calls, counted) in CASES {
        let percentile = known();
        race(Hedge::percentile(percentile), calls).await;
        assert_eq!(percentile.calls(), 10 + counted, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_without_a_caller_took_at_least_so_long() {
    // Both calls are under way after 11 ms.
    let cases: [(&[u64], u64); 5] = [(&[], 0), (&[5], 0), (&[11], 1), (&[11, 5], 1), (&[11, 11], 2)];
    for (advances, counted) in cases {
        let percentile = known();
        let mut call = Box::pin(Hedge::percentile(percentile).call(pending::<Result<(), Failure>>));
        assert!(poll_now(call.as_mut()).is_pending());
        for &millis in advances {
            advance(ms(millis)).await;
            assert!(poll_now(call.as_mut()).is_pending());
        }
        assert_eq!(percentile.calls(), 10);
        drop(call);
        assert_eq!(percentile.calls(), 10 + counted, "{advances:?}");
    }
    // One that was never polled has not begun.
    let percentile = known();
    drop(Hedge::percentile(percentile).call(|| ready(Ok::<_, Failure>(1))));
    assert_eq!(percentile.calls(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_no_call_that_returned() {
    // The call with this number panics after so long; the other one is under way.
    for (number, after, counted) in [(0, 0, 0), (0, 5, 0), (0, 30, 2), (1, 0, 1), (1, 30, 2)] {
        let percentile = known();
        let calls = Cell::new(0);
        let hedge = Hedge::percentile(percentile);
        // Not `Hedge::call`, whose future drops this one as it unwinds.
        let body = || async {
            if calls.replace(calls.get() + 1) != number {
                pending::<()>().await;
            }
            if after > 0 {
                sleep(ms(after)).await;
            }
            std::panic::resume_unwind(Box::new("body"));
            #[expect(unreachable_code, reason = "it says of what type the call is")]
            Ok::<(), Failure>(())
        };
        let around = layer::hedge(&hedge).around(|| crate::flow::call::<_, Rejection>(body()), |_| None);
        let mut call = Box::pin(around);
        while let Ok(polled) = catch_unwind(AssertUnwindSafe(|| poll_now(call.as_mut()))) {
            assert!(polled.is_pending());
            advance(ms(1)).await;
        }
        assert_eq!(
            percentile.calls(),
            10 + counted,
            "call {number} after {after} ms, though the future is still there"
        );
        drop(call);
        assert_eq!(percentile.calls(), 10 + counted, "call {number} after {after} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_loser_has_ended_with_the_race() {
    // The longest of all.
    let percentile = leaked(Percentile::new(1.0).min_calls(4).factor(0.5));
    (0..10).for_each(|_| percentile.record(ms(10)));
    let calls = Cell::new(0);
    let body = || async {
        sleep(ms(if calls.replace(calls.get() + 1) == 0 { 1000 } else { 1 })).await;
        Flow::<()>::Returned(())
    };
    let hedge = Hedge::percentile(percentile);
    let mut call = Box::pin(layer::hedge(&hedge).around(body, |()| None));
    assert_eq!(call.as_mut().await, Flow::Returned(()));
    // The first had 7 of 10 ms, however long its future is kept: it counts as one of those that took 10.
    advance(ms(1000)).await;
    drop(call);
    percentile.record(ms(10));
    assert_eq!(percentile.calls(), 13);
    assert!(is_about(percentile.estimate(), 10), "{percentile:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_budget_for_it_the_first_goes_on_and_counts() {
    let budget: &RetryBudget = Box::leak(Box::new(RetryBudget::new().ratio(0.0).min_per_second(0)));
    let percentile = known();
    let went = race(Hedge::percentile(percentile).budget(budget), &[(200, Good)]).await;
    assert_eq!(went, Went { outcome: 0, at: 200, started: vec![0] });
    assert_eq!((percentile.calls(), budget.counts().refused), (11, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_becomes_slow_is_not_asked_twice_by_everybody() {
    let percentile = leaked(Percentile::new(0.9));
    let hedge = Hedge::percentile(percentile);
    let mut added = Vec::new();
    for takes in [10, 100] {
        let mut calls = 0;
        for _ in 0..1000 {
            calls += race(hedge, &[(takes, Good)]).await.started.len() - 1;
        }
        added.push(calls);
    }
    assert_eq!(added[0], 0);
    // Until the longer latency is that of the tenth part of the calls.
    assert!((1..200).contains(&added[1]), "{added:?}");
    assert!(is_about(percentile.estimate(), 100), "{percentile:?}");
}

/// How many milliseconds a call takes, of a number from nothing to one.
type Latency = fn(f64) -> f64;

/// How many calls of a thousand get another one, in the last of several rounds.
async fn settles(percentile: Percentile, latency: Latency) -> usize {
    const CALLS: usize = 1000;
    const ROUNDS: usize = 4;
    let percentile = leaked(percentile);
    let mut random = 88_172_645_463_325_252_u64;
    let mut draw = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        f64::from(u32::try_from(random >> 32).unwrap()) / f64::from(u32::MAX)
    };
    let mut added = 0;
    for _ in 0..ROUNDS {
        added = 0;
        for _ in 0..CALLS {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some milliseconds")]
            let calls = [0; 2].map(|_| (latency(draw()) as u64, Good));
            added += race(Hedge::percentile(percentile), &calls).await.started.len() - 1;
        }
    }
    added * 1000 / CALLS
}

#[tokio::test(start_paused = true)]
async fn it_does_not_feed_on_itself() {
    /// With a mean of 100 ms.
    fn exponential(u: f64) -> f64 {
        -100.0 * (1.0 - u).max(1e-9).ln()
    }
    /// Four of five take 10 to 30 ms, and one of ten 200 to 1200.
    fn spread(u: f64) -> f64 {
        if u < 0.8 {
            10.0 + u * 25.0
        } else if u < 0.9 {
            30.0 + (u - 0.8) * 200.0
        } else {
            200.0 + (u - 0.9) * 10_000.0
        }
    }
    let p95 = || Percentile::new(0.95);
    let cases: [(_, _, Latency, _); 6] = [
        ("exponential", p95(), exponential, 50),
        ("exponential, 0.7 of it", p95().factor(0.7), exponential, 122),
        ("exponential, half of it", p95().factor(0.5), exponential, 223),
        ("exponential, bounded", p95().max(ms(100)), exponential, 368),
        ("spread, half of it", p95().factor(0.5), spread, 85),
        ("spread, bounded", p95().max(ms(100)), spread, 100),
    ];
    for (what, percentile, latency, expected) in cases {
        let added = settles(percentile, latency).await;
        assert!(added.abs_diff(expected) < 20 + expected / 5, "{what}: {added} of a thousand, not {expected}");
    }
}
