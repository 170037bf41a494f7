//! The breaker.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use proptest::prelude::*;
use steadfast::{Abandoned, CircuitBreaker, Flow, Permit, Reason, State, StateChange, Window};
use steadfast_tests::{Answer, Error};
use tokio::time::advance;

use self::reference::{End, Reference, Settings, Ticket, Trip};
use super::common::{Body, MS, NS, Task, Wait, YEAR, check, near, waits};

pub(crate) mod reference;

#[derive(Debug, Clone, Copy)]
enum Act {
    /// Asks for a permit, or calls.
    Ask {
        future: bool,
    },
    /// Ends one of the calls under way.
    End(usize, Ending),
    Wait(Wait),
    Force(State),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Success,
    Permanent,
    Failure,
    Neutral,
    Throttled,
    Dropped,
    Panic,
}

fn settings() -> impl Strategy<Value = Settings> {
    let rate = || prop_oneof![Just(0.0), Just(0.25), Just(1.0 / 3.0), Just(0.5), Just(0.9), Just(1.0), Just(7.0)];
    let trip = prop_oneof![(0..5_u32).prop_map(Trip::Consecutive), rate().prop_map(Trip::Rate)];
    let window = prop_oneof![
        (0..20_u32).prop_map(Window::Calls),
        near(const { &[MS, MS.saturating_mul(32), MS.saturating_mul(100), Duration::from_secs(60), Duration::MAX] })
            .prop_map(|length| Window::Duration(length.max(MS))),
    ];
    let min_calls = prop_oneof![1 => Just(None), 4 => (0..10_u32).prop_map(Some)];
    let length =
        || near(const { &[Duration::ZERO, MS, MS.saturating_mul(20), Duration::from_secs(30), YEAR, Duration::MAX] });
    let slow_call = proptest::option::of(length());
    let abandoned = prop_oneof![Just(Abandoned::Neutral), Just(Abandoned::Failure)];
    let times = (length(), proptest::option::of(length()), proptest::option::of(length()));
    (trip, window, min_calls, slow_call, rate(), times, 0..4_u32, 0..4_u32, abandoned).prop_map(
        |(trip, window, min_calls, slow_call, slow_call_rate, times, success_threshold, max_probes, abandoned)| {
            let (reset_timeout, max_reset_timeout, probe_timeout) = times;
            Settings {
                trip,
                window,
                min_calls,
                slow_call,
                slow_call_rate,
                reset_timeout,
                max_reset_timeout,
                success_threshold,
                max_probes,
                probe_timeout,
                abandoned,
            }
        },
    )
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let ending = prop_oneof![
        6 => Just(Ending::Success),
        1 => Just(Ending::Permanent),
        5 => Just(Ending::Failure),
        1 => Just(Ending::Neutral),
        1 => Just(Ending::Throttled),
        2 => Just(Ending::Dropped),
        1 => Just(Ending::Panic),
    ];
    let force = prop_oneof![Just(State::Closed), Just(State::ForcedOpen), Just(State::ForcedClosed)];
    let act = prop_oneof![
        30 => any::<bool>().prop_map(|future| Act::Ask { future }),
        30 => (0..6_usize, ending).prop_map(|(which, ending)| Act::End(which, ending)),
        16 => waits().prop_map(Act::Wait),
        1 => force.prop_map(Act::Force),
    ];
    proptest::collection::vec(act, 1..200)
}

/// A call under way.
struct Call<'b> {
    held: Held<'b>,
    ticket: Ticket,
}

enum Held<'b> {
    Permit(Permit<'b>),
    Future(Task<'b, Flow<Answer>>, Body<Answer>),
}

impl Call<'_> {
    /// What the reference is to be told.
    fn end(self, ending: Ending) -> End {
        match self.held {
            Held::Permit(permit) => match ending {
                Ending::Success | Ending::Permanent => permit.success(),
                Ending::Failure => permit.failure(),
                Ending::Neutral | Ending::Throttled => permit.ignore(),
                Ending::Dropped => drop(permit),
                Ending::Panic => {
                    let panics = move || {
                        let _held = permit;
                        resume_unwind(Box::new(()));
                    };
                    catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
                    // A permit has no call that panics, only somebody who drops it.
                    return End::Dropped;
                }
            },
            Held::Future(mut call, body) => match ending {
                Ending::Dropped => drop(call),
                Ending::Panic => {
                    body.end(None);
                    assert!(matches!(call.poll(), std::task::Poll::Ready(Err(_))));
                }
                _ => {
                    let answer = ending.answer();
                    body.end(Some(answer));
                    let std::task::Poll::Ready(Ok(Flow::Returned(returned))) = call.poll() else { panic!("no end") };
                    assert_eq!(returned, answer);
                }
            },
        }
        match ending {
            Ending::Success | Ending::Permanent => End::Success,
            Ending::Failure | Ending::Panic => End::Failure,
            Ending::Neutral | Ending::Throttled => End::Neutral,
            Ending::Dropped => End::Dropped,
        }
    }
}

impl Ending {
    fn answer(self) -> Answer {
        Err(match self {
            Self::Success => return Ok(1),
            Self::Permanent => Error::Permanent,
            Self::Failure => Error::Failed,
            Self::Neutral => Error::Neutral,
            Self::Throttled => Error::Throttled(None),
            Self::Dropped | Self::Panic => unreachable!("no answer"),
        })
    }
}

thread_local! {
    static CHANGES: RefCell<Vec<(State, State, Reason)>> = const { RefCell::new(Vec::new()) };
}

fn note(change: &StateChange) {
    CHANGES.with_borrow_mut(|changes| changes.push((change.from, change.to, change.reason)));
}

async fn history((settings, acts): (Settings, Vec<Act>)) {
    CHANGES.take();
    let breaker = settings.breaker().on_state_change(note);
    let mut reference = Reference::new(settings);
    // Made, and never polled: they hold nothing.
    let _unpolled: Vec<_> = (0..3).map(|_| breaker.try_call(Body::<Answer>::new())).collect();
    let mut calls: Vec<Call<'_>> = Vec::new();
    for act in acts {
        match act {
            Act::Ask { future } => ask(&breaker, &mut reference, &mut calls, future),
            Act::End(which, ending) if which < calls.len() => {
                let call = calls.remove(which);
                let ticket = call.ticket;
                reference.end(ticket, call.end(ending));
            }
            Act::End(..) => {}
            Act::Wait(wait) => {
                let mut moments = reference.moments();
                moments.extend(calls.iter().filter_map(|call| reference.slow_from(call.ticket)));
                let length = wait.length(reference.now, moments, NS);
                advance(length).await;
                reference.now += length;
                reference.forget(breaker.counts().calls);
            }
            Act::Force(state) => {
                match state {
                    State::ForcedOpen => breaker.force_open(),
                    State::ForcedClosed => breaker.force_closed(),
                    _ => breaker.reset(),
                }
                reference.force(state);
            }
        }
        compare(&breaker, &reference, act);
    }
}

fn ask<'b>(breaker: &'b CircuitBreaker, reference: &mut Reference, calls: &mut Vec<Call<'b>>, future: bool) {
    let expected = reference.ask();
    let held = if future {
        let body = Body::new();
        let mut call = Task::new(breaker.try_call(body.clone()));
        match call.poll() {
            std::task::Poll::Pending => Ok(Held::Future(call, body)),
            std::task::Poll::Ready(Ok(Flow::Rejected(rejection))) => {
                assert!(!body.began());
                Err(rejection)
            }
            std::task::Poll::Ready(_) => panic!("the body has not ended"),
        }
    } else {
        breaker.try_acquire().map(Held::Permit)
    };
    match (held, expected) {
        (Ok(held), Ok(ticket)) => calls.push(Call { held, ticket }),
        (Err(rejection), Err(left)) => {
            assert!(rejection.is_circuit_open());
            assert_eq!(rejection.retry_after().map(told), left.map(told));
        }
        (Ok(_), Err(left)) => panic!("it passes, and should not for {left:?}"),
        (Err(rejection), Ok(_)) => panic!("{rejection} at {:?}", reference.state),
    }
}

/// Times end after 584 years, from a beginning that nobody is told.
fn told(left: Duration) -> Duration {
    left.min(YEAR * 400)
}

fn compare(breaker: &CircuitBreaker, reference: &Reference, act: Act) {
    assert_eq!(breaker.state(), reference.state, "after {act:?}");
    assert_eq!(breaker.is_open(), reference.state == State::ForcedOpen || reference.left().is_some(), "after {act:?}");
    assert_eq!(breaker.retry_after().map(told), reference.left().map(told), "after {act:?}");
    let counts = breaker.counts();
    assert_eq!((counts.opened, counts.rejected), (reference.opened, reference.rejected), "after {act:?}");
    match reference.state {
        State::Closed => {
            assert_eq!((counts.calls, counts.failures, counts.slow), reference.tally(), "after {act:?}");
            assert_eq!(counts.consecutive_failures, reference.consecutive, "after {act:?}");
        }
        State::HalfOpen => {
            assert_eq!(counts.probes as usize, reference.probes(), "after {act:?}");
            assert_eq!(counts.probe_successes, reference.probe_successes, "after {act:?}");
        }
        _ => {}
    }
    CHANGES.with_borrow(|changes| assert_eq!(*changes, reference.changes, "after {act:?}"));
}

#[test]
fn it_does_what_the_reference_does() {
    check(&(settings(), acts()), history);
}
