//! Admissions and reports, whatever the order of the threads.

use core::time::Duration;
use std::sync::Arc;

use loom::cell::UnsafeCell;

use super::core::Verdict;
use super::{CircuitBreaker, Permit, State, Window};
use crate::models::{check, clock, join, spawn};
use crate::sync::Ordering;

const OPEN_FOR: Duration = Duration::from_secs(30);

/// A breaker, and what one probe at a time may use.
struct Guarded {
    breaker: CircuitBreaker,
    /// Dereferenced nowhere: loom knows who is at it.
    resource: UnsafeCell<()>,
}

impl Guarded {
    fn new(breaker: CircuitBreaker) -> Arc<Self> {
        breaker.word.touch();
        breaker.slow_call.touch();
        breaker.width.touch();
        breaker.open_for.touch();
        breaker.open_until.touch();
        breaker.cold.rejected.touch();
        breaker.shards.touch();
        Arc::new(Self { breaker, resource: UnsafeCell::new(()) })
    }

    /// One that opens with the first failure, for [`OPEN_FOR`].
    fn touchy() -> Arc<Self> {
        Self::new(CircuitBreaker::new().failure_threshold(1).reset_timeout(OPEN_FOR))
    }

    /// One that asks for all calls of a time to fail, and so only counts.
    fn counting() -> Arc<Self> {
        let breaker = CircuitBreaker::new().failure_rate(1.0).window_duration(OPEN_FOR).min_calls(100);
        let guarded = Self::new(breaker);
        // Calm from the second on.
        for _ in 0..2 {
            guarded.permit().success();
        }
        guarded
    }

    fn permit(&self) -> Permit<'_> {
        self.breaker.try_acquire().expect("it lets pass")
    }

    /// What is known at the end is known to whoever comes: the word says what the core does.
    fn is_settled(&self) {
        let core = {
            let locked = self.breaker.lock();
            locked.core.word(locked.over.as_deref().unwrap_or(&self.breaker.settings))
        };
        assert_eq!(self.breaker.word(Ordering::Relaxed), core);
        assert_eq!(self.breaker.counts().probes, 0, "every place is free again");
    }
}

#[test]
fn probes_are_alone_and_leave_their_place() {
    check(3, || {
        let guarded = Guarded::touchy();
        guarded.permit().failure();
        clock::advance(30_000_000_000);
        let probe = |guarded: &Guarded| {
            // Half-open until the end, since nobody says how it went.
            guarded.breaker.try_acquire().map(|_permit| guarded.resource.with_mut(|_| ())).is_ok()
        };
        let threads = [spawn(&guarded, probe), spawn(&guarded, probe)];
        let passed = [probe(&guarded)].into_iter().chain(join(threads)).map(u64::from).sum::<u64>();
        assert!(passed >= 1, "the first is let through");
        guarded.is_settled();
        assert_eq!((guarded.breaker.state(), guarded.breaker.counts().rejected), (State::HalfOpen, 3 - passed));
        guarded.permit().success();
        assert_eq!(guarded.breaker.state(), State::Closed);
    });
}

#[test]
fn each_outcome_counts_once() {
    check(2, || {
        let guarded = Guarded::new(CircuitBreaker::new().failure_rate(1.0).window_calls(10).min_calls(10));
        let fail = |guarded: &Guarded| guarded.permit().failure();
        let threads = [spawn(&guarded, fail), spawn(&guarded, fail)];
        guarded.permit().success();
        join(threads);
        guarded.is_settled();
        let counts = guarded.breaker.counts();
        assert_eq!((counts.calls, counts.failures), (3, 2));
    });
}

#[test]
fn each_success_of_a_time_window_counts_once() {
    check(2, || {
        let guarded = Guarded::counting();
        let threads = [
            spawn(&guarded, |guarded| guarded.permit().success()),
            spawn(&guarded, |guarded| guarded.permit().failure()),
        ];
        guarded.permit().success();
        join(threads);
        guarded.is_settled();
        let counts = guarded.breaker.counts();
        assert_eq!((counts.calls, counts.failures), (5, 1));
    });
}

#[test]
fn it_opens_once_for_all_who_see_it_fail() {
    check(3, || {
        let guarded = Guarded::touchy();
        let late = |guarded: &Guarded| {
            if let Ok(permit) = guarded.breaker.try_acquire() {
                permit.failure();
            }
        };
        let threads = [spawn(&guarded, late), spawn(&guarded, late)];
        late(&guarded);
        join(threads);
        guarded.is_settled();
        assert_eq!((guarded.breaker.state(), guarded.breaker.counts().opened), (State::Open, 1));
    });
}

#[test]
fn a_failure_of_an_earlier_period_changes_nothing() {
    check(3, || {
        let guarded = Guarded::touchy();
        let early = guarded.breaker.admit_timed().unwrap();
        let thread = spawn(&guarded, move |guarded| guarded.breaker.settle(early.period, 0, 0, Verdict::Failure));
        // One of both opens it, and a probe closes it again.
        if let Ok(permit) = guarded.breaker.try_acquire() {
            permit.failure();
        }
        clock::advance(30_000_000_000);
        guarded.permit().success();
        thread.join().unwrap();
        guarded.is_settled();
        assert_eq!((guarded.breaker.state(), guarded.breaker.counts().opened), (State::Closed, 1));
    });
}

#[test]
fn nothing_from_before_a_reset_counts_after_it() {
    for verdict in [Verdict::Failure, Verdict::Success] {
        check(3, move || {
            let guarded = Guarded::counting();
            let early = guarded.breaker.admit_timed().unwrap();
            let thread = spawn(&guarded, move |guarded| guarded.breaker.settle(early.period, 0, 0, verdict));
            guarded.breaker.reset();
            // The second is counted apart, where the early one may come to count as well.
            guarded.permit().success();
            guarded.permit().success();
            thread.join().unwrap();
            guarded.is_settled();
            assert_eq!((guarded.breaker.state(), guarded.breaker.counts().calls), (State::Closed, 2));
        });
    }
}

#[test]
fn whoever_sees_it_open_sees_for_how_long() {
    check(3, || {
        let guarded = Guarded::touchy();
        let thread = spawn(&guarded, |guarded| guarded.permit().failure());
        if let Some(wait) = guarded.breaker.retry_after() {
            assert_eq!(wait, OPEN_FOR);
        }
        if let Err(rejection) = guarded.breaker.try_acquire() {
            assert_eq!(rejection.retry_after(), Some(OPEN_FOR));
        }
        thread.join().unwrap();
        guarded.is_settled();
    });
}

#[test]
fn a_count_by_the_width_before_a_change_is_not_one_after_it() {
    check(3, || {
        let guarded = Guarded::counting();
        let early = guarded.breaker.admit_timed().unwrap();
        let thread =
            spawn(&guarded, move |guarded| guarded.breaker.settle(early.period, 0, early.began, Verdict::Success));
        let mut wider = guarded.breaker.settings;
        wider.window = Window::Duration(3 * OPEN_FOR);
        guarded.breaker.put_over(|| Some(wider));
        guarded.permit().success();
        thread.join().unwrap();
        guarded.is_settled();
        // Two from the start; the early one counts if it came before the change.
        assert!((3..=4).contains(&guarded.breaker.counts().calls));
        clock::advance(3 * 30_000_000_000);
        assert_eq!(guarded.breaker.counts().calls, 0, "nothing is in a bucket of another time");
    });
}

#[test]
fn whoever_finds_it_switched_off_passes_and_changes_nothing() {
    check(3, || {
        let guarded = Guarded::touchy();
        let fail = |guarded: &Guarded| guarded.breaker.try_acquire().map(Permit::failure).is_ok();
        let threads = [spawn(&guarded, fail), spawn(&guarded, fail)];
        let mut off = guarded.breaker.settings;
        off.common.enabled = false;
        guarded.breaker.put_over(|| Some(off));
        assert!(fail(&guarded));
        join(threads);
        guarded.is_settled();
        assert_eq!((guarded.breaker.state(), guarded.breaker.counts().consecutive_failures), (State::Closed, 0));
        guarded.breaker.put_over(|| None);
        assert!(fail(&guarded));
        assert_eq!(guarded.breaker.state(), State::Open);
    });
}
