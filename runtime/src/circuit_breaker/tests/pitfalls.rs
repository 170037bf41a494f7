//! Defects of other libraries, by their numbers.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

use tokio::time::advance;

use crate::circuit_breaker::layer::circuit_breaker;
use crate::{Abandoned, CircuitBreaker, Flow, Keyed, State, Window, scope};

use super::conformance::{open_for, poll_once};
use super::*;

#[tokio::test(start_paused = true)]
async fn p22_a_probe_that_never_ends_does_not_keep_its_place() {
    let breaker = open_for(secs(1));
    for _ in 0..100 {
        advance(secs(1)).await;
        std::mem::forget(breaker.try_acquire().unwrap());
        assert_eq!(breaker.counts().probes, 1);
    }
    advance(secs(1)).await;
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn p22_a_call_never_polled_holds_nothing() {
    let breaker = open_for(secs(1));
    advance(secs(1)).await;
    let unpolled = breaker.call(pending::<Result<(), Error>>());
    assert_eq!(breaker.state(), State::Open);
    breaker.try_acquire().unwrap().success();
    drop(unpolled);
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn p23_no_probe_beyond_the_limit_even_without_a_reset_timeout() {
    for limit in [1, 2, 10] {
        let breaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(Duration::ZERO).max_probes(limit);
        breaker.try_acquire().unwrap().failure();
        let probes: Vec<_> = (0..100).filter_map(|_| breaker.try_acquire().ok()).collect();
        assert_eq!(probes.len(), limit as usize);
        for probe in probes {
            probe.ignore();
        }
        assert_eq!(breaker.counts().probes, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn p24_reports_of_an_earlier_period_change_nothing() {
    let breaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(secs(1));
    let closed: Vec<_> = (0..4).map(|_| breaker.try_acquire().unwrap()).collect();
    let mut closed = closed.into_iter();
    breaker.try_acquire().unwrap().failure();

    advance(millis(500)).await;
    closed.next().unwrap().failure();
    assert_eq!(breaker.retry_after(), Some(millis(500)), "the open time is not prolonged");
    advance(millis(500)).await;

    let probe = breaker.try_acquire().unwrap();
    closed.next().unwrap().failure();
    closed.next().unwrap().success();
    drop(closed);
    assert_eq!((breaker.state(), breaker.counts().probes), (State::HalfOpen, 1));
    breaker.reset();
    probe.failure();
    assert_eq!((breaker.state(), breaker.counts().consecutive_failures), (State::Closed, 0));
}

#[test]
fn p25_a_window_of_calls_forgets_what_is_older() {
    for size in [1, 31, 32, 33, 100, 65_536] {
        let breaker = CircuitBreaker::new().failure_rate(1.0).window_calls(size).min_calls(u32::MAX);
        let half = size / 2;
        for _ in 0..half {
            breaker.try_acquire().unwrap().failure();
        }
        for left in (0..size).rev() {
            breaker.try_acquire().unwrap().success();
            let counts = breaker.counts();
            assert_eq!(counts.failures, u64::from(half.min(left)), "{size}");
            assert!(counts.calls <= u64::from(size));
        }
        assert_eq!(breaker.counts().calls, u64::from(size));
    }
}

#[test]
fn p26_exactly_as_many_as_asked_for() {
    for threshold in 1..10 {
        let consecutive = CircuitBreaker::new().failure_threshold(threshold);
        let rate = CircuitBreaker::new().failure_rate(0.3).min_calls(threshold);
        for breaker in [consecutive, rate] {
            for _ in 0..threshold {
                assert_eq!(breaker.state(), State::Closed);
                breaker.try_acquire().unwrap().failure();
            }
            assert_eq!(breaker.state(), State::Open);
        }
    }
}

#[test]
fn p26_a_rate_is_reached_when_it_is_equalled() {
    for (rate, failures, calls) in [(0.1, 3, 30), (0.07, 7, 100), (0.3, 3, 10), (1.0 / 3.0, 33, 99), (1.0, 7, 7)] {
        let breaker = CircuitBreaker::new().failure_rate(rate).window_calls(calls).min_calls(calls);
        for _ in failures..calls {
            breaker.try_acquire().unwrap().success();
        }
        for _ in 0..failures {
            assert_eq!(breaker.state(), State::Closed);
            breaker.try_acquire().unwrap().failure();
        }
        assert_eq!(breaker.state(), State::Open, "{failures} of {calls}");
    }
}

#[tokio::test(start_paused = true)]
async fn p27_an_ignored_probe_neither_closes_nor_leaks() {
    let breaker = open_for(secs(1));
    advance(secs(1)).await;
    for _ in 0..1_000 {
        breaker.try_acquire().unwrap().ignore();
        assert_eq!((breaker.state(), breaker.counts().probes), (State::HalfOpen, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn p28_a_hung_dependency_trips_it() {
    let breaker = CircuitBreaker::new().failure_threshold(3).abandoned(Abandoned::Failure);
    for _ in 0..3 {
        let call = breaker.call(pending::<Result<(), Error>>());
        tokio::time::timeout(secs(1), call).await.unwrap_err();
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn p29_listeners_may_reenter_and_panic() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).on_state_change(|change| {
        TOLD.fetch_add(1, Relaxed);
        assert_eq!(BREAKER.state(), change.to);
        assert_eq!(BREAKER.counts().opened, 1);
        drop(BREAKER.try_acquire());
        panic!("expected");
    });
    static TOLD: AtomicU32 = AtomicU32::new(0);
    let call = || BREAKER.call_blocking(|| -> Result<(), Error> { panic!("expected too") });
    catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    assert_eq!((BREAKER.state(), TOLD.load(Relaxed)), (State::Open, 1));
}

#[test]
fn p29_listeners_may_panic_while_a_panic_drops_the_call() {
    static DROPPED: CircuitBreaker = CircuitBreaker::new()
        .failure_threshold(1)
        .abandoned(Abandoned::Failure)
        .on_state_change(|_| panic!("expected"));
    let unwound = catch_unwind(|| {
        let _permit = DROPPED.try_acquire();
        panic!("expected");
    });
    unwound.unwrap_err();
    assert_eq!(DROPPED.state(), State::Open);
}

#[test]
fn p29_no_lock_is_held_during_a_call() {
    let breaker = CircuitBreaker::new().failure_rate(0.5);
    let nested = |depth: u32| -> Result<(), Error> {
        fn call(breaker: &CircuitBreaker, depth: u32) -> Result<(), Error> {
            if depth == 0 { Err(FAILED) } else { breaker.call_blocking(|| call(breaker, depth - 1)) }
        }
        call(&breaker, depth)
    };
    assert_eq!(nested(10), Err(FAILED));
    assert_eq!(breaker.counts().failures, 10);
}

#[tokio::test(start_paused = true)]
async fn p30_no_setting_panics() {
    let durations = [Duration::ZERO, Duration::from_nanos(1), Duration::from_nanos(33), Duration::MAX];
    for duration in durations {
        for number in [0, 1, u32::MAX] {
            for rate in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, 1.0, 2.0] {
                for window in [Window::Calls(number), Window::Duration(duration)] {
                    let breaker = CircuitBreaker::new()
                        .failure_rate(rate)
                        .window(window)
                        .min_calls(number)
                        .slow_call(duration)
                        .slow_call_rate(rate)
                        .reset_timeout(duration)
                        .max_reset_timeout(duration)
                        .success_threshold(number)
                        .max_probes(number)
                        .probe_timeout(duration);
                    for _ in 0..5 {
                        for fail in [true, false] {
                            let called = breaker.call_blocking(|| if fail { Err(FAILED) } else { Ok(()) });
                            let _ = (called, breaker.counts(), breaker.retry_after());
                            advance(millis(1)).await;
                        }
                    }
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p30_practically_never_is_never() {
    let breaker = open_for(Duration::MAX);
    advance(secs(1 << 30)).await;
    assert!(breaker.try_acquire().unwrap_err().retry_after().unwrap() > secs(1 << 30));
    breaker.reset();
    breaker.try_acquire().unwrap().success();
}

#[test]
fn p30_a_clock_that_goes_back_never_wedges() {
    fn at(ahead: Duration, then: impl AsyncFnOnce()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            advance(ahead).await;
            then().await;
        });
    }
    let breaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(secs(10));
    at(secs(1_000_000), async || breaker.try_acquire().unwrap().failure());
    at(Duration::ZERO, async || {
        let left = breaker.try_acquire().unwrap_err().retry_after().unwrap();
        assert_eq!(left, secs(10), "the time begins anew");
        advance(secs(10)).await;
        std::mem::forget(breaker.try_acquire().unwrap());
    });

    let breaker = CircuitBreaker::new().failure_rate(0.5).min_calls(2).window_duration(secs(10));
    at(secs(1_000_000), async || breaker.try_acquire().unwrap().success());
    at(Duration::ZERO, async || {
        breaker.try_acquire().unwrap().failure();
        breaker.try_acquire().unwrap().failure();
        assert_eq!(breaker.state(), State::Open);
    });
}

#[test]
fn p31_keys_are_bounded_and_the_least_wanted_goes_first() {
    let keyed: Keyed<CircuitBreaker> = CircuitBreaker::new().failure_threshold(2).keyed().max_keys(4);
    keyed.get("open").force_open();
    keyed.get("failing").try_acquire().unwrap().failure();
    keyed.get("first").try_acquire().unwrap().success();
    keyed.get("second").try_acquire().unwrap().success();
    keyed.get("first");

    keyed.get("third");
    assert!(keyed.peek("second").is_none(), "the least recent of the clean ones");
    let held = [keyed.get("first"), keyed.get("third")];
    keyed.get("fourth");
    assert!(keyed.peek("failing").is_none());
    keyed.get("fifth");
    assert!(keyed.peek("fourth").is_none());
    let fifth = keyed.get("fifth");
    keyed.get("sixth");
    assert!(keyed.peek("open").is_none());
    let sixth = keyed.get("sixth");

    assert_eq!(keyed.len(), 4);
    let unkept = keyed.get("seventh");
    unkept.force_open();
    assert_eq!((keyed.len(), keyed.peek("seventh").is_none()), (4, true));
    drop((held, fifth, sixth));
    assert!(!keyed.get("seventh").is_open());
    assert_eq!((keyed.len(), keyed.policies().len()), (4, 4));
    assert!(keyed.remove("seventh").is_some() && keyed.remove("seventh").is_none());
    assert_eq!(keyed.len(), 3);
}

#[test]
fn p31_no_key_is_a_name() {
    static HOSTS: Keyed<CircuitBreaker> = CircuitBreaker::new().name("hosts").failure_threshold(1).keyed();
    for host in ["a.example", "b.example"] {
        HOSTS.get(host).force_open();
        assert_eq!(HOSTS.get(host).try_acquire().unwrap_err().policy(), "hosts");
        assert_eq!(HOSTS.get(&String::from(host)).policy(), "hosts");
    }
    assert_eq!(HOSTS.len(), 2);
}

#[test]
fn p31_the_code_of_a_key_never_runs_under_the_lock() {
    struct Reentrant;
    static KEYED: Keyed<CircuitBreaker> = CircuitBreaker::new().keyed().max_keys(1);
    impl crate::Key for Reentrant {
        fn write(&self, bytes: &mut crate::KeyBytes) {
            drop(KEYED.get("another"));
            "this".write(bytes);
        }
    }
    let this = KEYED.get(&Reentrant);
    assert!(std::sync::Arc::ptr_eq(&this, &KEYED.get("this")));
}

#[test]
fn p32_the_last_of_two_settings_counts() {
    let breaker = CircuitBreaker::new().failure_rate(0.1).min_calls(1).failure_threshold(2);
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Closed);
    let breaker = CircuitBreaker::new().failure_threshold(2).failure_rate(0.1).min_calls(1);
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn p39_paused_time_is_enough() {
    let begun = Instant::now();
    let breaker = open_for(secs(3_600));
    advance(secs(3_600)).await;
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), State::Closed);
    assert!(begun.elapsed() < secs(60));
}

#[test]
fn p42_a_panic_elsewhere_is_not_this_calls() {
    struct CallsWhileUnwinding<'b>(&'b CircuitBreaker);
    impl Drop for CallsWhileUnwinding<'_> {
        fn drop(&mut self) {
            assert!(std::thread::panicking());
            assert_eq!(self.0.call_blocking(|| Ok::<_, Error>(())), Ok(()));
            let mut pending = Box::pin(self.0.call(pending::<Result<(), Error>>()));
            assert!(poll_once(pending.as_mut()).is_pending());
        }
    }
    let breaker = CircuitBreaker::new().failure_threshold(1);
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _calls = CallsWhileUnwinding(&breaker);
        panic!("expected");
    }));
    unwound.unwrap_err();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_call_is_dropped_before_its_place_is_given_back() {
    struct SeesItsPlace<'b>(&'b CircuitBreaker);
    impl Drop for SeesItsPlace<'_> {
        fn drop(&mut self) {
            assert_eq!(self.0.counts().probes, 1);
        }
    }
    let breaker = open_for(Duration::ZERO);
    let seen = SeesItsPlace(&breaker);
    let mut call = Box::pin(breaker.when(|(): &()| true).try_call(async move {
        let _seen = seen;
        pending::<Result<(), ()>>().await
    }));
    assert!(poll_once(call.as_mut()).is_pending());
    let _timed_out = scope::drop_as(scope::Dropping::TimedOut);
    drop(call);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_layer_may_judge_abandoned_calls_otherwise_and_mark_its_rejections() {
    let breaker = CircuitBreaker::new().failure_threshold(1);
    let layer = || circuit_breaker(&breaker).tag(3).abandoned(Abandoned::Failure);
    let mut call = Box::pin(layer().around(pending::<Flow<()>>(), |()| None));
    assert!(poll_once(call.as_mut()).is_pending());
    drop(call);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(layer().run(|| Flow::Returned(()), |()| None).rejection().unwrap().tag(), 3);
}

#[test]
fn calls_can_be_sent_to_other_threads() {
    fn sent(_: impl Send) {}
    static BREAKER: CircuitBreaker = CircuitBreaker::new();
    sent(BREAKER.call(async { Ok::<_, Error>(()) }));
    sent(BREAKER.when(|_: &Error| true).call(async { Ok(()) }));
    sent(BREAKER.try_acquire());
}

#[test]
fn asked_again_after_the_end_a_call_does_nothing() {
    let breaker = CircuitBreaker::new().failure_threshold(1);
    let mut call = Box::pin(breaker.try_call(async { Ok::<_, Error>(()) }));
    assert_eq!(poll_once(call.as_mut()), std::task::Poll::Ready(Flow::Returned(Ok(()))));
    assert!(poll_once(call.as_mut()).is_pending());
    drop(call);
    assert_eq!(breaker.state(), State::Closed);
}
