//! Waiting, going away, and clocks that go wrong. The cases of the rules are in the conformance tests.

#[cfg(feature = "registry")]
mod changes;

use core::future::Future;
use core::pin::{Pin, pin};
use core::sync::atomic::AtomicU32;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Barrier};
use std::thread;

use tokio::time::{Instant, advance, sleep};

use super::*;
use crate::{Flow, Timeout};

const SECOND: Duration = Duration::from_secs(1);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// When a call passes.
async fn passes(limit: &RateLimit, start: Instant) -> Option<Duration> {
    match limit.try_call(async { start.elapsed() }).await {
        Flow::Returned(at) => Some(at),
        Flow::Rejected(_) => None,
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_pass_in_order_each_at_its_time() {
    static LIMIT: RateLimit = RateLimit::new(10).burst(2).max_wait(ms(500));
    let start = Instant::now();
    let calls: Vec<_> = (0..20).map(|_| tokio::spawn(passes(&LIMIT, start))).collect();
    let mut times = Vec::new();
    for call in calls {
        times.push(call.await.unwrap());
    }
    let expected = [0, 0, 100, 200, 300, 400, 500].map(|at| Some(ms(at)));
    assert_eq!(times[..7], expected);
    assert_eq!(times[7..], [None; 13], "nobody waits longer than allowed");
    assert_eq!((LIMIT.waiting(), LIMIT.rejected()), (0, 13));
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_does_not_overtake() {
    let limit = RateLimit::new(1).max_wait(10 * SECOND);
    limit.try_acquire().unwrap();
    let start = Instant::now();
    let (mut first, mut second) = (pin!(passes(&limit, start)), pin!(passes(&limit, start)));
    assert!(once(first.as_mut()).is_pending() && once(second.as_mut()).is_pending());
    // The permit of the first is due; whoever comes now is behind the second.
    advance(ms(1000)).await;
    assert!(limit.try_acquire().is_err());
    assert_eq!(limit.retry_after(), Some(2 * SECOND));
    let third = passes(&limit, start);
    assert_eq!(tokio::join!(third, second, first), (Some(3 * SECOND), Some(2 * SECOND), Some(SECOND)));
}

#[tokio::test(start_paused = true)]
async fn one_that_goes_away_leaves_its_time_to_the_next() {
    for gone in 0..4 {
        let limit = RateLimit::new(1).max_wait(10 * SECOND);
        limit.try_acquire().unwrap();
        let start = Instant::now();
        let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(passes(&limit, start))).collect();
        for call in &mut waiting {
            assert!(once(call.as_mut()).is_pending());
        }
        assert_eq!(limit.waiting(), 4);
        advance(ms(500)).await;
        drop(waiting.remove(gone));
        assert_eq!((limit.waiting(), limit.retry_after()), (3, Some(ms(3500))));
        waiting.push(Box::pin(passes(&limit, start)));
        assert!(once(waiting[3].as_mut()).is_pending());
        // One after the other: each was woken, or has a timer of its own.
        for (call, at) in waiting.into_iter().zip(1..) {
            assert_eq!(call.await, Some(at * SECOND), "{gone} is gone");
        }
        assert_eq!(limit.waiting(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn those_behind_are_woken_when_one_goes_away() {
    static LIMIT: RateLimit = RateLimit::new(1).max_wait(Duration::from_secs(10));
    LIMIT.try_acquire().unwrap();
    let start = Instant::now();
    let first = tokio::spawn(passes(&LIMIT, start));
    let second = tokio::spawn(passes(&LIMIT, start));
    sleep(ms(10)).await;
    first.abort();
    assert_eq!(second.await.unwrap(), Some(SECOND));
}

#[tokio::test(start_paused = true)]
async fn all_go_away_and_nothing_is_lost() {
    const CALLS: u32 = if cfg!(miri) { 30 } else { 1000 };
    let limit = RateLimit::new(3).per(10 * SECOND).max_wait(Duration::MAX);
    for _ in 0..3 {
        limit.try_acquire().unwrap();
    }
    let before = limit.retry_after();
    let mut waiting: Vec<_> = (0..CALLS).map(|_| Box::pin(passes(&limit, Instant::now()))).collect();
    for call in &mut waiting {
        assert!(once(call.as_mut()).is_pending());
    }
    drop(waiting);
    assert_eq!((limit.waiting(), limit.retry_after()), (0, before));
}

#[tokio::test(start_paused = true)]
async fn one_that_is_late_and_goes_away_gives_back_what_fits() {
    let limit = RateLimit::new(1).max_wait(10 * SECOND);
    limit.try_acquire().unwrap();
    let mut late = Box::pin(passes(&limit, Instant::now()));
    assert!(once(late.as_mut()).is_pending());
    advance(ms(1500)).await;
    drop(late);
    assert_eq!(limit.available(), 1);

    limit.try_acquire().unwrap();
    let mut later = Box::pin(passes(&limit, Instant::now()));
    assert!(once(later.as_mut()).is_pending());
    advance(ms(9000)).await;
    drop(later);
    // Full without it, and no fuller with it.
    assert_eq!(limit.available(), 1);
    limit.try_acquire().unwrap();
    assert!(limit.try_acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_until_the_deadline() {
    let limit = RateLimit::new(1).max_wait(Duration::from_secs(60));
    limit.try_acquire().unwrap();
    let start = Instant::now();
    let within = |limit_of_time| Timeout::new(limit_of_time).try_call(passes(&limit, start));
    assert_eq!(within(ms(1000)).await, Flow::Returned(None));
    assert_eq!(start.elapsed(), Duration::ZERO, "at once");
    assert_eq!(within(ms(1002)).await, Flow::Returned(Some(SECOND)));
}

#[tokio::test(start_paused = true)]
async fn a_future_that_is_never_polled_takes_nothing() {
    let limit = RateLimit::new(1).name("maps");
    assert_eq!(limit.policy(), "maps");
    drop(limit.try_call(async {}));
    assert_eq!(limit.available(), 1);
    let mut call = pin!(limit.try_call(async {}));
    limit.try_acquire().unwrap();
    assert!(matches!(once(call.as_mut()), Poll::Ready(Flow::Rejected(_))));
    // Asked again, it neither runs nor takes a permit.
    advance(SECOND).await;
    assert!(once(call.as_mut()).is_pending());
    assert_eq!(limit.available(), 1);
}

#[tokio::test(start_paused = true)]
async fn reset_fills_the_bucket_for_those_who_wait_first() {
    let limit = RateLimit::new(2).per(100 * SECOND).max_wait(Duration::MAX);
    assert!(limit.try_acquire().is_ok() && limit.try_acquire().is_ok() && limit.try_acquire().is_err());
    let start = Instant::now();
    let mut waiting: Vec<_> = (0..3).map(|_| Box::pin(passes(&limit, start))).collect();
    for call in &mut waiting {
        assert!(once(call.as_mut()).is_pending());
    }
    limit.reset();
    assert_eq!((limit.available(), limit.rejected()), (0, 1), "what was rejected stays counted");
    let times = [waiting.remove(0).await, waiting.remove(0).await, waiting.remove(0).await];
    assert_eq!(times, [Some(Duration::ZERO), Some(Duration::ZERO), Some(50 * SECOND)]);
}

#[tokio::test(start_paused = true)]
async fn forced() {
    let limit = RateLimit::new(1).max_wait(Duration::MAX);
    limit.try_acquire().unwrap();
    let start = Instant::now();
    let waiting = || async { tokio::join!(passes(&limit, start), passes(&limit, start)) };
    let control = async {
        assert_eq!(limit.waiting(), 2);
        limit.force_open();
        limit.force_open();
    };
    assert_eq!(tokio::join!(waiting(), control).0, (None, None));
    assert_eq!((limit.waiting(), start.elapsed()), (0, Duration::ZERO), "at once");
    for _ in 0..2 {
        let rejection = limit.try_acquire().unwrap_err();
        assert!(rejection.is_rate_limited() && rejection.retry_after().is_none());
        assert_eq!(passes(&limit, start).await, None);
        assert!(limit.try_call_blocking(|| 1).rejection().is_some());
        assert_eq!((limit.available(), limit.retry_after(), limit.is_full()), (0, Some(Duration::MAX), false));
        advance(1000 * SECOND).await;
    }
    assert_eq!(limit.rejected(), 8);

    limit.reset();
    assert_eq!((limit.available(), limit.retry_after(), limit.rejected()), (1, None, 8));
    limit.try_acquire().unwrap();
    let control = async { limit.force_closed() };
    let passed = Some(start.elapsed());
    assert_eq!(tokio::join!(waiting(), control).0, (passed, passed));
    for _ in 0..100 {
        limit.try_acquire().unwrap();
        assert_eq!(passes(&limit, start).await, passed);
        assert_eq!(limit.try_call_blocking(|| 1), Flow::Returned(1));
        assert_eq!((limit.available(), limit.retry_after(), limit.is_full()), (u32::MAX, None, false));
    }
    limit.force_open();
    assert!(limit.try_acquire().is_err());
    limit.reset();
    assert!(limit.is_full() && limit.try_acquire().is_ok() && limit.try_acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_while_it_is_forced_and_reset_have_their_permits() {
    let limit = RateLimit::new(1).max_wait(Duration::MAX);
    limit.try_acquire().unwrap();
    let start = Instant::now();
    let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(passes(&limit, start))).collect();
    for call in &mut waiting {
        assert!(once(call.as_mut()).is_pending());
    }
    limit.force_open();
    // One learns of it, and one goes away; neither gives a permit back to a limit that has none.
    assert_eq!(once(waiting.remove(0).as_mut()), Poll::Ready(None));
    drop(waiting.remove(0));
    assert_eq!((limit.available(), limit.waiting()), (0, 2));
    limit.force_closed();
    limit.reset();
    assert_eq!((waiting.remove(0).await, waiting.remove(0).await), (Some(Duration::ZERO), Some(SECOND)));
}

#[test]
fn forced_numbers_are_no_times() {
    for permits in [1, 3, u32::MAX] {
        for per in [Duration::from_nanos(1), SECOND, Duration::MAX] {
            let limit = RateLimit::new(permits).per(per).max_wait(Duration::MAX);
            // As late as any clock says, with all the time a bucket and a wait can take.
            let latest = limit.bucket.gcra.ticks(u64::MAX);
            let number =
                latest.max(limit.bucket.gcra.ticks(limit.bucket.max_wait)) + latest + limit.bucket.gcra.empty(0);
            for forced in [Forced::Open, Forced::Closed] {
                assert!(number < forced.number());
                assert!(limit.bucket.gcra.pass(forced.number(), latest).is_err());
                assert_eq!(Forced::of(forced.number()), Some(forced));
            }
        }
    }
}

#[cfg(feature = "testing")]
#[test]
fn a_thread_that_waits_is_rejected_when_its_turn_comes() {
    let limit = std::rc::Rc::new(RateLimit::new(1).max_wait(Duration::MAX));
    limit.try_acquire().unwrap();
    let forced = std::rc::Rc::clone(&limit);
    let _sleeper = crate::testing::sleeper(move |_| forced.force_open());
    assert!(limit.try_call_blocking(|| 1).rejection().is_some());
    assert_eq!(limit.waiting(), 0);
}

/// Each is woken, whatever the waker of another does; none is called under the lock.
#[tokio::test(start_paused = true)]
async fn wakers_may_panic() {
    struct Rude(Option<&'static RateLimit>, AtomicU32);
    impl std::task::Wake for Rude {
        fn wake(self: Arc<Self>) {
            self.1.fetch_add(1, Ordering::Relaxed);
            if let Some(limit) = self.0 {
                let _ = limit.waiting();
                panic!("of the waker");
            }
        }
    }
    static LIMIT: RateLimit = RateLimit::new(1).max_wait(Duration::MAX);
    type Control = fn(&mut Vec<Pin<Box<dyn Future<Output = Flow<()>>>>>);
    let controls: [Control; 4] =
        [|calls| drop(calls.remove(0)), |_| LIMIT.reset(), |_| LIMIT.force_open(), |_| LIMIT.force_closed()];
    for (case, control) in controls.into_iter().enumerate() {
        LIMIT.reset();
        LIMIT.try_acquire().unwrap();
        let rude = |is_rude: bool| Arc::new(Rude(is_rude.then_some(&LIMIT), AtomicU32::new(0)));
        let wakers = [rude(false), rude(true), rude(false)];
        let mut calls: Vec<Pin<Box<dyn Future<Output = Flow<()>>>>> = Vec::new();
        for waker in &wakers {
            let mut call: Pin<Box<dyn Future<Output = _>>> = Box::pin(LIMIT.try_call(async {}));
            assert!(call.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(waker)))).is_pending());
            calls.push(call);
        }
        control(&mut calls);
        let woken = wakers.map(|waker| waker.1.load(Ordering::Relaxed));
        assert_eq!(woken[1..], [1, 1], "case {case}");
    }
}

/// A clock that goes back: it takes the number for what it would be if the clock were that much further.
fn put_ahead(limit: &RateLimit, by: Duration) {
    let ahead = limit.bucket.gcra.ticks(time::saturated(by));
    limit.bucket.number.fetch_add(ahead, Ordering::Relaxed);
}

#[tokio::test(start_paused = true)]
async fn p36_a_clock_that_goes_back_gives_nothing_away_and_shuts_nothing() {
    for max_wait in [Duration::ZERO, SECOND, Duration::MAX] {
        let limit = RateLimit::new(10).burst(5).max_wait(max_wait);
        while limit.try_acquire().is_ok() {}
        put_ahead(&limit, Duration::from_secs(3600));
        assert!(limit.try_acquire().is_err(), "nothing is given away");
        assert_eq!(limit.retry_after(), Some(ms(100)), "and nobody waits for an hour");
        advance(ms(100)).await;
        assert!(limit.try_acquire().is_ok() && limit.try_acquire().is_err());
        advance(Duration::from_secs(3600)).await;
        assert_eq!(limit.available(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_second_to_see_that_the_clock_went_back_looks_again() {
    let limit = RateLimit::new(1).max_wait(SECOND);
    limit.try_acquire().unwrap();
    put_ahead(&limit, Duration::from_secs(3600));
    let seen = limit.bucket.number.load(Ordering::Relaxed);
    assert!(limit.queue.begins_anew(&limit, seen));
    assert!(limit.queue.begins_anew(&limit, seen), "by the old number it would wait for an hour");
    assert!(!limit.queue.begins_anew(&limit, limit.bucket.number.load(Ordering::Relaxed)));
}

#[tokio::test(start_paused = true)]
async fn p36_those_who_wait_are_no_sign_of_a_clock_that_went_back() {
    let limit = RateLimit::new(1).max_wait(Duration::MAX);
    limit.try_acquire().unwrap();
    let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(passes(&limit, Instant::now()))).collect();
    for (call, wait) in waiting.iter_mut().zip(1..) {
        assert!(once(call.as_mut()).is_pending());
        assert!(limit.try_acquire().is_err());
        assert_eq!(limit.retry_after(), Some((wait + 1) * SECOND));
    }
}

/// So long a time that no test takes longer: nothing comes back meanwhile.
const NEVER: Duration = Duration::from_secs(1_000_000_000);

#[test]
fn p36_exact_under_contention() {
    const PERMITS: u32 = if cfg!(miri) { 50 } else { 1000 };
    // The second is what the first goes on to do where it found no permit.
    for ask in [RateLimit::try_acquire, RateLimit::refuse] {
        let limit = RateLimit::new(PERMITS).per(NEVER);
        let barrier = Barrier::new(8);
        let passed: u32 = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        (0..PERMITS).map(|_| u32::from(ask(&limit).is_ok())).sum::<u32>()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!((passed, limit.rejected(), limit.available()), (PERMITS, u64::from(7 * PERMITS), 0));
    }
}

#[test]
fn p36_places_are_exact_under_contention() {
    const ROUNDS: u32 = if cfg!(miri) { 3 } else { 50 };
    let limit = RateLimit::new(1).per(NEVER / 2000).max_wait(NEVER);
    limit.try_acquire().unwrap();
    let number = limit.bucket.number.load(Ordering::Relaxed);
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..ROUNDS {
                    let mut kept: Vec<_> = (0..8).map(|_| limit.line_up().unwrap().unwrap()).collect();
                    kept.swap(0, 5);
                    kept.truncate(4);
                    drop(limit.line_up());
                }
            });
        }
    });
    // Each gave back what it had, whoever was before or behind it.
    assert_eq!((limit.waiting(), limit.bucket.number.load(Ordering::Relaxed)), (0, number));
}

#[test]
fn extreme_settings_neither_panic_nor_let_all_pass() {
    for permits in [0, 1, u32::MAX] {
        for per in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            for burst in [0, 1, 7, u32::MAX] {
                let limit = RateLimit::new(permits).per(per).burst(burst).max_wait(Duration::MAX);
                limit.try_acquire().unwrap();
                let _any = (limit.try_acquire(), limit.available(), limit.retry_after(), limit.rejected());
                drop(limit.line_up());
                limit.reset();
                limit.try_acquire().unwrap();
                if per == Duration::MAX && burst < 2 && permits < 2 {
                    assert!(limit.try_acquire().unwrap_err().retry_after() > Some(NEVER));
                }
            }
        }
    }
}

#[test]
fn it_is_small() {
    let totals = if cfg!(feature = "registry") { 32 } else { 0 };
    assert!(size_of::<RateLimit>() <= 192 + totals, "{}", size_of::<RateLimit>());
    assert!(size_of_val(&RateLimit::new(1).try_call(core::future::ready(1_u8))) <= 48);
}
