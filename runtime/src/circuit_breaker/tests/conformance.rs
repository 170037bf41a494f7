//! C1 to C22, through the value API.

use std::future::{Future, pending};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use tokio::time::{advance, sleep};

use crate::Reason::{ConsecutiveFailures, Manual, ProbesSucceeded, ResetTimeout};
use crate::State::{Closed, ForcedOpen, HalfOpen, Open};
use crate::circuit_breaker::layer::circuit_breaker;
use crate::name::Name;
use crate::rejection::RejectionKind;
use crate::{Abandoned, CircuitBreaker, Class, Flow, Permit, State, StateChange, Window, scope};

use super::*;

/// What is done with a breaker, and what must come of it:
///
/// `s` a success, `f` a failure, `n` neutral, `t` throttled, `p` permanent: the call must pass;
/// `x` a call that must be rejected; `+N` wait so many milliseconds; `~N` a success that takes so many;
/// `C`, `O`, `H` the state must be closed, open, half-open; `!o`, `!c`, `!r` force open, force closed, reset.
struct Case {
    number: &'static str,
    breaker: CircuitBreaker,
    script: &'static str,
}

fn cases() -> Vec<Case> {
    fn case(number: &'static str, breaker: CircuitBreaker, script: &'static str) -> Case {
        Case { number, breaker, script }
    }
    let new = CircuitBreaker::new;
    let rate = |rate, window| new().failure_rate(rate).window_calls(window);
    vec![
        case("C1", rate(0.75, 4).success_threshold(2).reset_timeout(secs(50)), "f f f f x x x"),
        case("C2", rate(0.75, 4).success_threshold(2).reset_timeout(millis(1)), "f f f f O +1 s H s C s C"),
        case("C3", rate(0.5, 4), "s f f s O x"),
        case("C3, no sooner", rate(0.5, 4), "f f f C f O"),
        case("C4", rate(0.75, 4), "s f f f O x"),
        case("C5", new().failure_threshold(3), "f f s f f C f O x"),
        case("C9", new().failure_threshold(1).reset_timeout(secs(1)), "f +1000 n n n n H s C"),
        case("C10", new().failure_threshold(1).reset_timeout(secs(1)), "f x +999 x +1 s C"),
        case("C11", new().failure_threshold(1).reset_timeout(secs(1)), "f +1000 f O +999 x +1 f O +999 x +1 s C"),
        case(
            "C11, doubled",
            new().failure_threshold(1).reset_timeout(secs(1)).max_reset_timeout(secs(3)),
            "f +1000 f +1999 x +1 f +2999 x +1 f +2999 x +1 s C f +999 x +1 s C",
        ),
        case("C15", rate(0.5, 1).window_duration(secs(10)).min_calls(2), "f +10000 f C +9600 f O"),
        case("C15, early", rate(0.5, 1).window_duration(secs(10)).min_calls(2), "+5 f +9680 f O"),
        case("C15, shards", rate(0.5, 1).window_duration(secs(10)).min_calls(3), "s s s +9000 f C f C +1000 f O"),
        case("C15, few failures", rate(0.5, 1).window_duration(secs(10)).min_calls(2), "s s s f C f C f O"),
        case("C15, after a reset", rate(0.5, 1).window_duration(secs(10)).min_calls(2), "s s s s !r f C f O"),
        case("C16", new().slow_call(secs(1)).slow_call_rate(0.5).min_calls(4), "~1000 ~0 ~0 C ~1500 O x"),
        case(
            "C11, all over again",
            new().failure_threshold(1).reset_timeout(secs(1)).success_threshold(2),
            "f +1000 s H f O +1000 s H s C",
        ),
        case(
            "C16, a slow probe",
            new().failure_threshold(1).reset_timeout(secs(1)).slow_call(secs(1)),
            "f +1000 ~1000 O x +1000 ~999 C",
        ),
        case(
            "C16, within a time",
            new().slow_call(secs(1)).slow_call_rate(0.5).min_calls(2).window_duration(secs(60)),
            "~0 ~0 ~1000 C +60000 ~1000 C ~1000 O",
        ),
        case("C19, open", new(), "!o x +99999999 x !r C s"),
        case("C19, closed", new().failure_threshold(1), "!c f f f +99999999 f s !r C f O"),
        case("C19, reset", new().failure_threshold(2), "f !r f C f O !r C s"),
        case("C20", new().failure_threshold(2), "f n C t C f O"),
        case("C20, permanent", new().failure_threshold(2), "f p f C f O"),
        case("C20, windows", rate(0.5, 10).min_calls(2), "n t n t f C n t f O"),
        case("C20, probes", new().failure_threshold(1).reset_timeout(millis(1)), "f +1 n t H p C"),
    ]
}

#[tokio::test(start_paused = true)]
async fn the_table_async() {
    for Case { number, breaker, script } in cases() {
        for (at, step) in script.split(' ').enumerate() {
            // Only where it is wanted: to look at a breaker lets it count what threads have counted apart.
            let which = || format!("{number}, step {at}, `{step}`: {breaker:?}");
            match told(&breaker, step) {
                Step::Told => {}
                Step::State(is) => assert!(is, "{}", which()),
                Step::Wait(wait) => advance(wait).await,
                Step::Call(expected, takes) => {
                    let called = AtomicU32::new(0);
                    let got = breaker.call(async {
                        called.fetch_add(1, Relaxed);
                        if !takes.is_zero() {
                            advance(takes).await;
                        }
                        expected
                    });
                    assert_eq!(got.await, expected, "{}", which());
                    assert_eq!(called.load(Relaxed), u32::from(expected != Err(Error::Rejected)), "{}", which());
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_table_sync() {
    for Case { number, breaker, script } in cases() {
        for (at, step) in script.split(' ').enumerate() {
            // Only where it is wanted: to look at a breaker lets it count what threads have counted apart.
            let which = || format!("{number}, step {at}, `{step}`: {breaker:?}");
            match told(&breaker, step) {
                Step::Told => {}
                Step::State(is) => assert!(is, "{}", which()),
                Step::Wait(wait) => advance(wait).await,
                Step::Call(expected, takes) if takes.is_zero() => {
                    assert_eq!(breaker.call_blocking(|| expected), expected, "{}", which());
                }
                Step::Call(_, takes) => {
                    // A closure can't advance the clock; a permit says the same.
                    let permit = breaker.try_acquire().unwrap_or_else(|_| panic!("{}", which()));
                    advance(takes).await;
                    permit.success();
                }
            }
        }
    }
}

enum Step {
    Told,
    State(bool),
    Wait(Duration),
    Call(Result<(), Error>, Duration),
}

fn told(breaker: &CircuitBreaker, step: &str) -> Step {
    let number = || millis(step[1..].parse().unwrap());
    let call = |expected| Step::Call(expected, Duration::ZERO);
    match step {
        "s" => call(Ok(())),
        "f" => call(Err(FAILED)),
        "n" => call(Err(NEUTRAL)),
        "t" => call(Err(THROTTLED)),
        "p" => call(Err(PERMANENT)),
        "x" => call(Err(Error::Rejected)),
        "C" => Step::State(breaker.state() == State::Closed),
        "O" => Step::State(breaker.state() == State::Open),
        "H" => Step::State(breaker.state() == State::HalfOpen),
        "!o" => {
            breaker.force_open();
            Step::Told
        }
        "!c" => {
            breaker.force_closed();
            Step::Told
        }
        "!r" => {
            breaker.reset();
            Step::Told
        }
        _ if step.starts_with('+') => Step::Wait(number()),
        _ => Step::Call(Ok(()), number()),
    }
}

pub(super) fn open_for(reset: Duration) -> CircuitBreaker {
    let breaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(reset);
    breaker.try_acquire().unwrap().failure();
    breaker
}

pub(super) fn poll_once<F: Future>(call: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    call.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test(start_paused = true)]
async fn c6_one_of_fifty_probes() {
    let breaker = open_for(secs(1));
    advance(secs(1)).await;
    let bodies = AtomicU32::new(0);
    let call = || {
        breaker.call(async {
            bodies.fetch_add(1, Relaxed);
            sleep(millis(10)).await;
            Ok::<_, Error>(())
        })
    };
    let mut calls: Vec<_> = (0..50).map(|_| Box::pin(call())).collect();
    let polled = calls.iter_mut().map(|call| poll_once(call.as_mut()));
    assert_eq!(polled.filter(|polled| *polled == Poll::Ready(Err(Error::Rejected))).count(), 49);
    assert_eq!(bodies.load(Relaxed), 1);
    assert_eq!(calls.remove(0).await, Ok(()));
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn c7_a_dropped_probe_frees_its_place() {
    let breaker = open_for(secs(1));
    advance(secs(1)).await;
    {
        let mut probe = Box::pin(breaker.call(pending::<Result<(), Error>>()));
        assert!(poll_once(probe.as_mut()).is_pending());
        assert_eq!(breaker.counts().probes, 1);
        let refused = breaker.try_acquire().unwrap_err();
        assert_eq!(refused.retry_after(), None, "C10: nobody knows when a probe ends");
    }
    assert_eq!((breaker.state(), breaker.counts().probes), (State::HalfOpen, 0));
    assert_eq!(breaker.call(async { Ok::<_, Error>(()) }).await, Ok(()));
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn c8_a_probe_that_panics_has_failed() {
    let breaker = open_for(secs(1));
    advance(secs(1)).await;
    let probe = Box::pin(breaker.call(async {
        assert_ne!(breaker.state(), State::HalfOpen, "expected");
        Ok::<_, Error>(())
    }));
    caught(probe);
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.retry_after(), Some(secs(1)));
    advance(secs(1)).await;
    let probe = std::panic::AssertUnwindSafe(|| breaker.call_blocking(|| -> Result<(), Error> { panic!("expected") }));
    std::panic::catch_unwind(probe).unwrap_err();
    assert_eq!(breaker.state(), State::Open);
    advance(secs(1)).await;
    assert_eq!(breaker.call_blocking(|| Ok::<_, Error>(())), Ok(()));
}

fn caught<F: Future>(mut call: std::pin::Pin<Box<F>>) {
    let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(poll_once(call.as_mut()))));
    polled.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn c10_a_rejection_says_what_is_left() {
    let breaker = open_for(secs(30));
    advance(millis(1_500)).await;
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!(rejected.retry_after(), Some(millis(28_500)));
    assert_eq!(breaker.retry_after(), Some(millis(28_500)));
    assert!(breaker.is_open());
    advance(secs(30)).await;
    assert_eq!((breaker.state(), breaker.is_open()), (State::Open, false));
    assert_eq!(breaker.retry_after(), None, "a call can pass");
    assert_eq!(breaker.counts().rejected, 1);
}

#[tokio::test(start_paused = true)]
async fn c12_calls_dropped_by_a_timeout_of_ours_are_failures() {
    let breaker = CircuitBreaker::new().failure_threshold(2);
    for _ in 0..2 {
        let mut call = Box::pin(breaker.call(pending::<Result<(), Error>>()));
        assert!(poll_once(call.as_mut()).is_pending());
        let _timed_out = scope::drop_as(scope::Dropping::TimedOut);
        drop(call);
    }
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn c13_timeouts_further_in_are_failures_and_other_rejections_neutral() {
    let breaker = CircuitBreaker::new().failure_threshold(2);
    let under = |kind| {
        let class = |outcome: &()| -> Option<Class> { unreachable!("{outcome:?}") };
        circuit_breaker(&breaker).run(|| Flow::Rejected(crate::Rejection::new(kind, Name::UNNAMED)), class)
    };
    let neutral = [RejectionKind::CircuitOpen, RejectionKind::BulkheadFull, RejectionKind::RateLimited];
    for kind in neutral.into_iter().chain([RejectionKind::Timeout]).chain(neutral) {
        assert_eq!(under(kind).rejection().unwrap().kind(), kind);
        assert_eq!(breaker.state(), State::Closed);
    }
    under(RejectionKind::Timeout);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn c14_a_window_of_calls_slides() {
    let breaker = CircuitBreaker::new().failure_rate(0.5).window_calls(10);
    for _ in 0..1_000 {
        breaker.try_acquire().unwrap().success();
    }
    for failures in 1..=5 {
        assert_eq!(breaker.state(), State::Closed);
        breaker.try_acquire().unwrap().failure();
        assert_eq!(breaker.counts().failures, failures);
    }
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn c21_a_probe_that_is_late_still_counts() {
    let breaker = open_for(secs(10));
    advance(secs(10)).await;
    let late = breaker.try_acquire().unwrap();
    advance(secs(9)).await;
    assert!(breaker.try_acquire().is_err());
    advance(secs(1)).await;
    let second = breaker.try_acquire().expect("the first one is overdue");
    assert!(breaker.try_acquire().is_err());
    late.success();
    assert_eq!(breaker.state(), State::Closed);
    second.failure();
    assert_eq!((breaker.state(), breaker.counts().consecutive_failures), (State::Closed, 0));
}

#[tokio::test(start_paused = true)]
async fn c22_only_this_calls_own_panic_is_its_failure() {
    for abandoned in [Abandoned::Neutral, Abandoned::Failure] {
        let breaker = CircuitBreaker::new().failure_threshold(1).abandoned(abandoned);
        let joined = Box::pin(async {
            let sibling = async {
                tokio::task::yield_now().await;
                assert_ne!(breaker.state(), State::Closed, "expected");
            };
            let healthy = breaker.call(pending::<Result<(), Error>>());
            tokio::join!(healthy, sibling)
        });
        let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut joined = joined;
            while poll_once(joined.as_mut()).is_pending() {}
        }));
        unwound.unwrap_err();
        let failed = if abandoned == Abandoned::Failure { State::Open } else { State::Closed };
        assert_eq!(breaker.state(), failed, "{abandoned:?}");

        breaker.reset();
        tokio::time::timeout(secs(1), breaker.call(pending::<Result<(), Error>>())).await.unwrap_err();
        assert_eq!(breaker.state(), failed, "{abandoned:?}, by a foreign timeout");
    }
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_call_that_was_slow_counts_as_slow() {
    let new = || CircuitBreaker::new().slow_call(secs(1)).slow_call_rate(0.5).min_calls(2).window(Window::Calls(4));
    let breaker = new();
    for wait in [secs(2), millis(999), secs(1)] {
        assert_eq!(breaker.state(), State::Closed);
        let permit = breaker.try_acquire().unwrap();
        advance(wait).await;
        drop(permit);
    }
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(breaker.counts().consecutive_failures, 0);
}

#[tokio::test(start_paused = true)]
async fn changes_are_told() {
    static TOLD: std::sync::Mutex<Vec<StateChange>> = std::sync::Mutex::new(Vec::new());
    let breaker = CircuitBreaker::new()
        .name("told")
        .failure_threshold(2)
        .reset_timeout(secs(1))
        .on_state_change(|change| TOLD.lock().unwrap().push(*change));
    for _ in 0..2 {
        breaker.try_acquire().unwrap().failure();
    }
    breaker.try_acquire().unwrap_err();
    advance(millis(1_500)).await;
    breaker.try_acquire().unwrap().success();
    breaker.reset();
    breaker.force_open();
    breaker.force_open();
    let told = std::mem::take(&mut *TOLD.lock().unwrap());
    let changes: Vec<_> = told.iter().map(|change| (change.from, change.to, change.reason)).collect();
    assert_eq!(
        changes,
        [
            (Closed, Open, ConsecutiveFailures),
            (Open, HalfOpen, ResetTimeout(millis(1_500))),
            (HalfOpen, Closed, ProbesSucceeded),
            (Closed, ForcedOpen, Manual),
        ]
    );
    assert_eq!((told[0].name, told[0].counts.consecutive_failures, told[0].counts.opened), ("told", 2, 1));
    assert_eq!([told[0].counts.rejected, told[1].counts.rejected], [0, 1]);
}

/// What a permit is told: whether it counts as a failure, and as a success.
#[tokio::test(start_paused = true)]
async fn c20_what_a_permit_is_told() {
    type Case = (&'static str, fn(Permit<'_>, Class), Class, (u64, u64));
    let transient = Class::Transient { retry_after: None };
    let throttled = Class::Throttled { retry_after: None };
    let cases: [Case; 8] = [
        ("success", |permit, _| permit.success(), transient, (0, 1)),
        ("failure", |permit, _| permit.failure(), transient, (1, 0)),
        ("ignore", |permit, _| permit.ignore(), transient, (0, 0)),
        ("report nothing", |permit, _| permit.report(None), transient, (0, 1)),
        ("report", |permit, class| permit.report(Some(class)), Class::Permanent, (0, 1)),
        ("report", |permit, class| permit.report(Some(class)), transient, (1, 0)),
        ("report", |permit, class| permit.report(Some(class)), throttled, (0, 0)),
        ("report", |permit, class| permit.report(Some(class)), Class::Neutral, (0, 0)),
    ];
    for (name, tell, class, expected) in cases {
        // One that is told anything is not abandoned.
        for abandoned in [Abandoned::Neutral, Abandoned::Failure] {
            let breaker = CircuitBreaker::new().failure_rate(1.0).abandoned(abandoned);
            tell(breaker.try_acquire().unwrap(), class);
            let counts = breaker.counts();
            assert_eq!((counts.failures, counts.successes()), expected, "{name}, {class:?}, {abandoned:?}");
        }
    }
}

/// Also those that no failure has followed, which threads count apart.
#[tokio::test(start_paused = true)]
async fn successes_are_counted_from_the_first_on() {
    let breaker = CircuitBreaker::new().failure_rate(0.5).window_duration(secs(10));
    for round in ["new", "reset", "reset again"] {
        for calls in 1..=3 {
            breaker.try_acquire().unwrap().success();
            assert_eq!(breaker.counts().calls, calls, "{round}");
        }
        breaker.reset();
        assert_eq!(breaker.counts().calls, 0, "{round}");
    }
}
