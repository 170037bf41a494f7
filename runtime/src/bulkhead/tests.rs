#[cfg(feature = "registry")]
mod changes;

use core::future::{pending, ready};
use core::pin::pin;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};
use std::thread;

use tokio::time::{Instant, advance, sleep};

use super::queue::{Asked, Standing};
use super::word::MOST_WAITING;
use super::*;
use crate::{CircuitBreaker, Flow, Timeout};

const SECOND: Duration = Duration::from_secs(1);

fn poll_now<F: Future>(call: F) -> Poll<F::Output> {
    pin!(call).poll(&mut Context::from_waker(Waker::noop()))
}

fn is_full<R>(flow: &Flow<R>) -> bool {
    flow.rejection().is_some_and(|rejection| rejection.is_bulkhead_full())
}

/// The running and the waiting.
fn occupancy(bulkhead: &Bulkhead) -> (u32, u32) {
    (bulkhead.running(), bulkhead.waiting())
}

#[test]
fn settings_are_taken_to_the_nearest_in_range() {
    let limits = |bulkhead: Bulkhead| {
        let BulkheadLimits { max_concurrent, max_wait, max_queue, .. } = bulkhead.limits();
        (max_concurrent, max_wait, max_queue)
    };
    assert_eq!(limits(Bulkhead::new(0)), (1, Duration::ZERO, 0));
    assert_eq!(limits(Bulkhead::new(7).max_wait(SECOND)), (7, SECOND, 7));
    assert_eq!(limits(Bulkhead::new(7).max_queue(3)), (7, Duration::ZERO, 0));
    let most = Bulkhead::new(u32::MAX).max_wait(Duration::MAX).max_queue(u32::MAX);
    assert_eq!(limits(most.fresh()), (u32::MAX, Duration::MAX, MOST_WAITING));
    assert_eq!(limits(Bulkhead::new(u32::MAX).max_wait(SECOND)), (u32::MAX, SECOND, MOST_WAITING));
}

#[tokio::test(start_paused = true)]
async fn extremes_do_not_panic() {
    let bulkhead = Bulkhead::new(1).max_wait(Duration::MAX).max_queue(u32::MAX);
    let runs = bulkhead.try_call(sleep(SECOND * 86_400 * 400));
    let waits = bulkhead.try_call(ready(1));
    let (_, answer) = tokio::join!(runs, waits);
    assert_eq!(answer, Flow::Returned(1));
    let nobody_waits = Bulkhead::new(1).max_wait(SECOND).max_queue(0);
    let _place = nobody_waits.try_acquire().unwrap();
    assert!(is_full(&nobody_waits.try_call(ready(1)).await));
    assert!(is_full(&nobody_waits.try_call_blocking(|| 1)));
}

#[test]
fn a_rejection_tells_how_many_run_and_wait() {
    let bulkhead = Bulkhead::new(2).name("pool").max_wait(SECOND).max_queue(1);
    let places = [bulkhead.try_acquire().unwrap(), bulkhead.try_acquire().unwrap()];
    let Asked::Queued(turn) = bulkhead.ask(Waker::noop().clone()) else { panic!("there is room in the queue") };
    let Flow::Rejected(rejection) = bulkhead.try_call_blocking(|| 1) else { panic!("there is none now") };
    assert_eq!(rejection.to_string(), "bulkhead full at `pool`, 2 running and 1 waiting");
    assert_eq!((rejection.running(), rejection.waiting(), rejection.retry_after()), (Some(2), Some(1), None));
    let debug = format!("{rejection:?}");
    assert_eq!(debug, r#"Rejection { kind: BulkheadFull, policy: "pool", running: 2, waiting: 1 }"#);
    assert_eq!((rejection.policy(), bulkhead.policy()), ("pool", "pool"));
    drop((places, turn));
    assert_ne!(rejection, Rejection::bulkhead_full(Name::given("pool"), 2, 0));
    assert_eq!(bulkhead.rejected(), 1);
    assert!(bulkhead.is_idle());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_held_before_the_first_poll_and_after_the_end() {
    let bulkhead = Bulkhead::new(1);
    let unpolled = bulkhead.try_call(ready(1));
    assert!(bulkhead.is_idle());
    let mut ended = Box::pin(bulkhead.try_call(ready(1)));
    assert!(poll_now(ended.as_mut()).is_ready());
    assert!(bulkhead.is_idle(), "though the future is still there");
    assert!(poll_now(ended.as_mut()).is_pending(), "it does not run again");
    assert!(bulkhead.is_idle());
    assert_eq!(unpolled.await, Flow::Returned(1));
    assert!(bulkhead.is_idle());
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_rejected_does_not_run_again() {
    for max_wait in [Duration::ZERO, SECOND] {
        let bulkhead = Bulkhead::new(1).max_wait(max_wait);
        let place = bulkhead.try_acquire().unwrap();
        let mut call = Box::pin(bulkhead.try_call(ready(1)));
        if !max_wait.is_zero() {
            assert!(poll_now(call.as_mut()).is_pending());
        }
        advance(max_wait).await;
        assert!(matches!(poll_now(call.as_mut()), Poll::Ready(flow) if is_full(&flow)));
        drop(place);
        assert!(poll_now(call.as_mut()).is_pending(), "though there is a place now");
        assert!(bulkhead.is_idle());
    }
}

/// What was seen before the lock may be so no longer.
#[test]
fn who_asks_for_a_place_looks_again_under_the_lock() {
    type Case = (&'static str, fn(&Bulkhead), u32, (&'static str, (u32, u32)));
    let cases: [Case; 5] = [
        ("a place is free", |_| (), 1, ("entered", (2, 0))),
        ("none is", |_| (), 2, ("queued", (2, 1))),
        ("nor in the queue", |bulkhead| bulkhead.queue_up(), 2, ("refused", (2, 1))),
        ("forced open", Bulkhead::force_open, 1, ("refused", (1, 0))),
        ("forced closed", Bulkhead::force_closed, 2, ("entered", (3, 0))),
    ];
    for (case, before, running, expected) in cases {
        let bulkhead = Bulkhead::new(2).max_wait(SECOND).max_queue(1);
        let _places: Vec<_> = (0..running).map(|_| bulkhead.try_acquire().unwrap()).collect();
        before(&bulkhead);
        let asked = bulkhead.ask(Waker::noop().clone());
        let answer = match asked {
            Asked::Entered => "entered",
            Asked::Queued(_) => "queued",
            Asked::Refused => "refused",
        };
        assert_eq!((answer, occupancy(&bulkhead)), expected, "{case}");
    }
}

impl Bulkhead {
    /// Somebody waits from now on.
    fn queue_up(&self) {
        let Asked::Queued(turn) = self.ask(Waker::noop().clone()) else { panic!("it has room") };
        core::mem::forget(turn);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_frees_the_place_at_once() {
    let bulkhead = Bulkhead::new(1);
    let mut call = Box::pin(bulkhead.try_call(async { panic!("of the body") }));
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let _: Poll<Flow<()>> = poll_now(call.as_mut());
    }));
    assert!(caught.is_err());
    assert!(bulkhead.is_idle(), "though the future is still there");
    let caught = catch_unwind(AssertUnwindSafe(|| bulkhead.try_call_blocking(|| -> u32 { panic!("of the body") })));
    assert!(caught.is_err());
    assert!(bulkhead.is_idle());
}

#[tokio::test(start_paused = true)]
async fn a_place_that_was_granted_and_never_taken_is_free() {
    let bulkhead = Bulkhead::new(1).max_wait(SECOND);
    let place = bulkhead.try_acquire().unwrap();
    let mut first = Box::pin(bulkhead.try_call(ready(1)));
    assert!(poll_now(first.as_mut()).is_pending());
    drop(place);
    assert_eq!(occupancy(&bulkhead), (1, 0), "it is the first one's now");
    assert!(bulkhead.try_acquire().is_err());
    drop(first);
    assert!(bulkhead.is_idle());

    // And goes to the next who waits.
    let bulkhead = Bulkhead::new(1).max_wait(SECOND).max_queue(2);
    let place = bulkhead.try_acquire().unwrap();
    let mut first = Box::pin(bulkhead.try_call(ready(1)));
    let mut second = Box::pin(bulkhead.try_call(ready(2)));
    assert!(poll_now(first.as_mut()).is_pending());
    assert!(poll_now(second.as_mut()).is_pending());
    drop((place, first));
    assert_eq!(occupancy(&bulkhead), (1, 0));
    assert_eq!(poll_now(second.as_mut()), Poll::Ready(Flow::Returned(2)));
    assert!(bulkhead.is_idle());
}

#[tokio::test(start_paused = true)]
async fn a_place_wins_over_the_end_of_the_time() {
    let bulkhead = Bulkhead::new(1).max_wait(SECOND);
    let place = bulkhead.try_acquire().unwrap();
    let mut call = Box::pin(bulkhead.try_call(ready(1)));
    assert!(poll_now(call.as_mut()).is_pending());
    advance(SECOND * 2).await;
    drop(place);
    assert_eq!(poll_now(call.as_mut()), Poll::Ready(Flow::Returned(1)));
    assert!(bulkhead.is_idle());
}

/// Timers ring at whole milliseconds; who is woken by something else does not wait for that.
#[tokio::test(start_paused = true)]
async fn a_wait_is_over_though_its_timer_has_not_rung() {
    let bulkhead = Bulkhead::new(1).max_wait(Duration::from_micros(1_500));
    let _place = bulkhead.try_acquire().unwrap();
    let mut call = Box::pin(bulkhead.try_call(ready(1)));
    assert!(poll_now(call.as_mut()).is_pending());
    advance(Duration::from_micros(1_400)).await;
    assert!(poll_now(call.as_mut()).is_pending());
    advance(Duration::from_micros(200)).await;
    assert!(matches!(poll_now(call.as_mut()), Poll::Ready(flow) if is_full(&flow)));
}

#[tokio::test(start_paused = true)]
async fn no_call_waits_beyond_its_patience() {
    for (max_wait, deadline, waited, by_place) in [
        (SECOND, None, SECOND, true),
        (SECOND * 3, Some(SECOND), SECOND, true),
        (SECOND, Some(SECOND * 3), SECOND, true),
        (SECOND, Some(Duration::ZERO), Duration::ZERO, true),
        (Duration::ZERO, Some(SECOND), Duration::ZERO, true),
    ] {
        let bulkhead = Bulkhead::new(1).max_wait(max_wait);
        let _place = bulkhead.try_acquire().unwrap();
        let start = Instant::now();
        let flow = Timeout::from(deadline).try_call(bulkhead.try_call(pending::<()>())).await;
        assert_eq!(matches!(&flow, Flow::Returned(flow) if is_full(flow)), by_place, "{flow:?}");
        assert_eq!(start.elapsed(), waited);
        assert_eq!(occupancy(&bulkhead), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_the_wait_before_the_timeout_reports() {
    // So that the breaker between does not count a dependency as failed that was never asked.
    let breaker = CircuitBreaker::new().failure_threshold(1);
    let bulkhead = Bulkhead::new(1).max_wait(SECOND * 9);
    let _place = bulkhead.try_acquire().unwrap();
    let beneath = circuit_breaker_around(&breaker, bulkhead.try_call(ready(1)));
    let flow = Timeout::new(SECOND).try_call(beneath).await;
    assert!(matches!(flow, Flow::Returned(Flow::Returned(flow)) if is_full(&flow)));
    assert_eq!(breaker.counts().consecutive_failures, 0);
}

fn circuit_breaker_around<'b, R: 'b>(
    breaker: &'b CircuitBreaker,
    call: impl Future<Output = R> + 'b,
) -> impl Future<Output = Flow<R>> + 'b {
    breaker.classified(|_: &R| None).try_call(call)
}

#[tokio::test(start_paused = true)]
async fn forced() {
    let bulkhead = Bulkhead::new(1).max_wait(SECOND).max_queue(5);
    let place = bulkhead.try_acquire().unwrap();
    let start = Instant::now();
    let control = async {
        assert_eq!(occupancy(&bulkhead), (1, 1));
        bulkhead.force_open();
        bulkhead.force_open();
    };
    let (waited, ()) = tokio::join!(bulkhead.try_call(ready(1)), control);
    assert!(is_full(&waited));
    assert_eq!((occupancy(&bulkhead), start.elapsed()), ((1, 0), Duration::ZERO));
    drop(place);
    assert!(bulkhead.try_acquire().is_err());
    assert!(is_full(&bulkhead.try_call(ready(1)).await));
    assert!(is_full(&bulkhead.try_call_blocking(|| 1)));
    assert_eq!(start.elapsed(), Duration::ZERO, "nobody waits for nothing");

    bulkhead.reset();
    let place = bulkhead.try_acquire().unwrap();
    let control = async { bulkhead.force_closed() };
    let (waited, ()) = tokio::join!(bulkhead.try_call(ready(1)), control);
    assert_eq!((waited, start.elapsed()), (Flow::Returned(1), Duration::ZERO));
    let others = [bulkhead.try_acquire().unwrap(), bulkhead.try_acquire().unwrap()];
    assert_eq!(bulkhead.try_call(ready(1)).await, Flow::Returned(1));
    assert_eq!(bulkhead.try_call_blocking(|| 1), Flow::Returned(1));
    bulkhead.reset();
    assert_eq!(occupancy(&bulkhead), (3, 0));
    drop(others);
    assert!(bulkhead.try_acquire().is_err());
    drop(place);
    assert!(bulkhead.is_idle());
}

/// Threads that block, threads that poll, callers that go away: never more than the limit, no place lost, nobody left
/// waiting for ever.
#[test]
fn under_stress_no_place_is_lost_and_none_given_twice() {
    const LIMIT: u32 = 3;
    const THREADS: u32 = 8;
    const ROUNDS: u32 = if cfg!(miri) { 40 } else { 4_000 };
    let bulkhead = Bulkhead::new(LIMIT).max_wait(Duration::MAX).max_queue(THREADS - LIMIT);
    let (inside, most, done) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    let body = || {
        most.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
        done.fetch_add(1, SeqCst);
        thread::yield_now();
        inside.fetch_sub(1, SeqCst);
    };
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (bulkhead, body) = (&bulkhead, &body);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    match (number + round) % 4 {
                        // It waits as long as it takes.
                        0 | 1 => assert_eq!(bulkhead.try_call_blocking(body), Flow::Returned(())),
                        // It goes away, waiting, granted or running.
                        2 => {
                            let mut call = Box::pin(bulkhead.try_call(async {
                                body();
                                tokio::task::yield_now().await;
                            }));
                            let _ = poll_now(call.as_mut());
                            thread::yield_now();
                            let _ = (round % 8 < 4).then(|| poll_now(call.as_mut()));
                        }
                        _ => {
                            if let Ok(_place) = bulkhead.try_acquire() {
                                body();
                            }
                        }
                    }
                }
            });
        }
    });
    assert!(most.load(SeqCst) <= LIMIT, "{most:?}");
    assert!(done.load(SeqCst) >= THREADS * ROUNDS / 2);
    assert!(bulkhead.is_idle(), "{bulkhead:?}");
}

/// Who blocks is woken by who leaves, in the order of the queue.
#[test]
fn blocked_threads_are_let_in_in_order() {
    let bulkhead = Bulkhead::new(1).max_wait(Duration::MAX).max_queue(10);
    let order = std::sync::Mutex::new(Vec::new());
    let place = bulkhead.try_acquire().unwrap();
    thread::scope(|scope| {
        for number in 0..10 {
            let (bulkhead, order) = (&bulkhead, &order);
            scope.spawn(move || bulkhead.try_call_blocking(|| order.lock().unwrap().push(number)));
            while bulkhead.waiting() <= number {
                thread::yield_now();
            }
        }
        drop(place);
    });
    assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
    assert!(bulkhead.is_idle());
}

#[test]
fn a_blocked_thread_gives_up_in_time() {
    // Shorter than anybody could be held up here by chance: what is told is that it ends, and leaves the queue.
    let bulkhead = Bulkhead::new(1).max_wait(Duration::from_nanos(1));
    let _place = bulkhead.try_acquire().unwrap();
    assert!(is_full(&bulkhead.try_call_blocking(|| 1)));
    assert_eq!(occupancy(&bulkhead), (1, 0));
}

#[test]
fn thousand_at_once() {
    let bulkhead = Arc::new(Bulkhead::new(10));
    let barrier = Arc::new(Barrier::new(4));
    let (passed, rejected) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                let places: Vec<_> = (0..250).filter_map(|_| bulkhead.try_acquire().ok()).collect();
                let taken = u32::try_from(places.len()).unwrap();
                passed.fetch_add(taken, SeqCst);
                rejected.fetch_add(250 - taken, SeqCst);
                barrier.wait();
            });
        }
    });
    assert_eq!((passed.into_inner(), rejected.into_inner()), (10, 990));
    assert_eq!(bulkhead.rejected(), 990);
    assert!(bulkhead.is_idle());
}

/// A waker of somebody's own that panics, or that asks the bulkhead.
#[test]
fn wakers_run_outside_the_lock_and_may_panic() {
    struct Rude(&'static Bulkhead);
    impl std::task::Wake for Rude {
        fn wake(self: Arc<Self>) {
            assert!(self.0.try_acquire().is_err(), "it is taken again by now");
            panic!("of the waker");
        }
    }
    static BULKHEAD: Bulkhead = Bulkhead::new(1).max_wait(Duration::MAX);
    let place = BULKHEAD.try_acquire().unwrap();
    let Asked::Queued(turn) = BULKHEAD.ask(Waker::from(Arc::new(Rude(&BULKHEAD)))) else { panic!("it has room") };
    drop(place);
    assert_eq!(occupancy(&BULKHEAD), (1, 0));
    drop(turn);
    assert!(BULKHEAD.is_idle());
}

#[test]
fn a_waker_that_panics_as_it_is_dropped_costs_no_place() {
    struct Rude;
    impl std::task::Wake for Rude {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Rude {
        fn drop(&mut self) {
            panic!("of the waker");
        }
    }
    for (is_granted, standing) in [(true, Standing::Granted), (false, Standing::Refused)] {
        let bulkhead = Bulkhead::new(1).max_wait(Duration::MAX);
        let place = bulkhead.try_acquire().unwrap();
        let Asked::Queued(mut turn) = bulkhead.ask(Waker::noop().clone()) else { panic!("it has room") };
        let place = Some(place).filter(|_| !is_granted);
        let look = || turn.look(Waker::from(Arc::new(Rude)), true);
        assert!(catch_unwind(AssertUnwindSafe(look)).is_err(), "{standing:?}");
        drop(turn);
        assert_eq!(occupancy(&bulkhead), (u32::from(!is_granted), 0), "{standing:?}");
        drop(place);
        assert!(bulkhead.is_idle(), "{standing:?}");
    }
}

#[cfg(feature = "testing")]
#[tokio::test(start_paused = true)]
async fn a_replaced_sleeper_waits_for_a_thread() {
    use core::cell::Cell;
    use std::rc::Rc;

    let bulkhead = Rc::new(Bulkhead::new(1).max_wait(SECOND));
    let place = bulkhead.try_acquire().unwrap();
    let sleeps = crate::testing::advance_on_sleep();
    let start = Instant::now();
    assert!(is_full(&bulkhead.try_call_blocking(|| 1)));
    assert_eq!((sleeps.taken(), start.elapsed()), (vec![SECOND], SECOND));
    drop((place, sleeps));

    // Somebody leaves meanwhile.
    let held = Rc::new(Cell::new(true));
    let _sleeper = crate::testing::sleeper({
        let (bulkhead, held) = (Rc::clone(&bulkhead), Rc::clone(&held));
        move |_| {
            held.set(false);
            bulkhead.leave();
        }
    });
    assert!(bulkhead.try_enter());
    assert_eq!(bulkhead.try_call_blocking(|| held.get()), Flow::Returned(false));
    assert!(bulkhead.is_idle());
}
