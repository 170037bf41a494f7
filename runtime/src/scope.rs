//! What a call can learn of the policies around it, in the same task: the deadline, the attempt, and whether a timeout
//! is just dropping it.
//!
//! Each future sets these for the length of its own `poll` and puts the old values back afterwards, also when the poll
//! panics. So they follow the future and not the thread, and siblings under `join!` see what stands above them both.
//!
//! A timeout starts when what is beneath it first waits, or first asks for the deadline. Until then it is known here
//! by its length alone, so that a call that is ready at once costs no clock read; the first who asks reads the clock
//! once, for all the timeouts around it.
//!
//! A deadline that is given, by a [`Deadline`](crate::Deadline), has no timer above that ends the call. So the first
//! timeout beneath it keeps it besides its own.

use core::cell::{Cell, RefCell};
use core::task::Poll;
use core::time::Duration;
use std::thread::LocalKey;

use tokio::time::Instant;

use crate::clock;

/// The nanoseconds of a timeout that never ends. Three hundred years are as good.
pub(crate) const UNLIMITED: u64 = SLOW - 1;

/// A flag beside the nanoseconds in [`UNSTARTED`]: somebody has asked, or something was saved, and so the slow way is
/// to be taken. In the same cell, so that the fast way has one thing to look at.
const SLOW: u64 = 1 << 63;

// Each a thread-local of its own, reached by `get` and `set`: a closure around the poll would not be inlined.
thread_local! {
    /// The attempt of the nearest retry; 0 outside of any.
    static ATTEMPT: Cell<u32> = const { Cell::new(0) };
    /// Whether a timeout of ours has elapsed and is now dropping what is beneath it.
    static TIMING_OUT: Cell<bool> = const { Cell::new(false) };
    /// The earliest of the deadlines around that were given, and the ends of the timeouts that have started.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Whether that one was given, and there is no timeout between it and the caller.
    static GIVEN: Cell<bool> = const { Cell::new(false) };
    /// The nanoseconds of the shortest timeout around that has not started.
    static UNSTARTED: Cell<u64> = const { Cell::new(UNLIMITED) };
    /// When those start that have not; set by the first who asks, taken away by the outermost of them.
    static ASKED: Cell<Option<Instant>> = const { Cell::new(None) };
    /// What is to be put back after the slow way.
    static SAVED: RefCell<Vec<Saved>> = const { RefCell::new(Vec::new()) };
}

/// The attempt in which the caller runs, from 1, as its nearest retry counts; 1 outside of any.
///
/// ```
/// use steadfast::{Backoff, Retry};
///
/// let mut keys = Vec::new();
/// let charged = Retry::new().attempts(3).backoff(Backoff::NONE).call_blocking(|| {
///     keys.push(format!("charge-17-{}", steadfast::attempt()));
///     if keys.len() < 2 { Err(std::io::Error::other("connection lost")) } else { Ok(()) }
/// });
/// assert!(charged.is_ok());
/// assert_eq!(keys, ["charge-17-1", "charge-17-2"]);
/// ```
pub fn attempt() -> u32 {
    ATTEMPT.get().max(1)
}

/// When the timeouts around the caller end: the earliest of their deadlines and of each [`Deadline`](crate::Deadline)
/// that is in force there, `None` outside of any.
///
/// The time of a timeout runs from the moment when the body first waits, or first asks here.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Rejection, Timeout};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Rejection> {
/// assert!(steadfast::deadline().is_none());
/// Timeout::new(Duration::from_secs(2)).call(async {
///     let total = steadfast::deadline().expect("there is a timeout around");
///     Timeout::new(Duration::from_secs(60)).call(async {
///         assert_eq!(steadfast::deadline(), Some(total));
///         Ok(())
///     }).await
/// }).await
/// # }
/// ```
pub fn deadline() -> Option<Instant> {
    match UNSTARTED.get() & !SLOW {
        UNLIMITED => DEADLINE.get(),
        unstarted => earlier(DEADLINE.get(), end(ask(), unstarted)),
    }
}

/// How long it is until [`deadline`]: zero where it is over, `None` where there is none.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Rejection, Timeout};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Rejection> {
/// Timeout::new(Duration::from_secs(2)).call(async {
///     // To pass on, as a header that tells the server when nobody waits for its answer any more.
///     let remaining = steadfast::remaining().unwrap_or(Duration::MAX);
///     assert!(remaining <= Duration::from_secs(2));
///     Ok(())
/// }).await
/// # }
/// ```
pub fn remaining() -> Option<Duration> {
    deadline().map(|deadline| deadline.saturating_duration_since(clock::now()))
}

/// Whether the deadline was given, so that no timeout above will end the call.
pub(crate) fn is_given() -> bool {
    GIVEN.get()
}

/// Whether a timeout of ours is at this moment dropping what is beneath it.
pub(crate) fn timing_out() -> bool {
    TIMING_OUT.get()
}

/// Drops a call by `drop`, marked as timed out.
pub(crate) fn time_out(drop: impl FnOnce()) {
    let _restore = Restore { cell: &TIMING_OUT, before: TIMING_OUT.replace(true) };
    drop();
}

/// Whether the caller runs in an attempt of a retry.
pub(crate) fn is_in_retry() -> bool {
    ATTEMPT.get() != 0
}

/// Runs `f` as the given attempt.
#[inline]
pub(crate) fn in_attempt<T>(attempt: u32, f: impl FnOnce() -> T) -> T {
    let _restore = Restore { cell: &ATTEMPT, before: ATTEMPT.replace(attempt) };
    f()
}

/// How a timeout starts.
pub(crate) struct Start {
    /// When it ends; `None` where that is beyond what the clock can say.
    pub(crate) deadline: Option<Instant>,
    /// The deadline around it, its own left out.
    pub(crate) around: Option<Instant>,
}

/// Polls beneath a timeout that has not started. `Err` where that waits, by which the timeout starts.
#[inline]
pub(crate) fn beneath_unstarted<T>(nanos: u64, poll: impl FnOnce() -> Poll<T>) -> Result<T, Unstarted> {
    let unstarted = Unstarted::enter(nanos);
    match poll() {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err(unstarted),
    }
}

/// Polls beneath a timeout that ends at `end`. `Err` where that waits: the deadline around the timeout itself.
#[inline]
pub(crate) fn beneath_started<T>(end: Option<Instant>, poll: impl FnOnce() -> Poll<T>) -> Result<T, Option<Instant>> {
    let before = DEADLINE.get();
    let restore = Restore { cell: &DEADLINE, before };
    DEADLINE.set(earlier(before, end));
    let _given = Restore { cell: &GIVEN, before: GIVEN.replace(false) };
    match poll() {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => {
            drop(restore);
            Err(deadline())
        }
    }
}

/// Runs `f` beneath a deadline that is given, where it is earlier than the one around.
pub(crate) fn beneath_given<T>(given: Option<Instant>, f: impl FnOnce() -> T) -> T {
    let earlier = given.filter(|given| deadline().is_none_or(|around| *given < around));
    let _given = earlier.map(Given::enter);
    f()
}

/// As [`beneath_given`], where `f` blocks the thread, so that no timeout above can end it: the one around is given too.
pub(crate) fn blocking<T>(given: Option<Instant>, f: impl FnOnce() -> T) -> T {
    let _given = earlier(deadline(), given).map(Given::enter);
    f()
}

/// The scope beneath a deadline that is given; what it was is put back at the drop. The timeouts around have started,
/// or been asked.
struct Given(Saved);

impl Given {
    fn enter(deadline: Instant) -> Self {
        let saved = Saved::now();
        DEADLINE.set(Some(deadline));
        GIVEN.set(true);
        // The slow way: a timeout that has not started takes the deadline over there.
        UNSTARTED.set(UNLIMITED | SLOW);
        Self(saved)
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        self.0.restore();
    }
}

/// When the timeouts around start that have not.
#[cold]
fn ask() -> Instant {
    ASKED.get().unwrap_or_else(|| {
        let now = clock::now();
        ASKED.set(Some(now));
        UNSTARTED.set(UNSTARTED.get() | SLOW);
        now
    })
}

/// The scope beneath a timeout that has not started; what it was is put back at the drop.
pub(crate) struct Unstarted {
    /// The shortest unstarted timeout around this one, with the flag as it was.
    around: u64,
}

impl Unstarted {
    #[inline]
    fn enter(nanos: u64) -> Self {
        let around = UNSTARTED.get();
        let beneath = if around & SLOW == 0 { around.min(nanos) } else { Saved::enter(nanos) };
        UNSTARTED.set(beneath);
        Self { around }
    }

    /// Starts the timeout; `None` for one without a limit.
    pub(crate) fn start(self, nanos: u64) -> Option<Start> {
        if nanos == UNLIMITED {
            return None;
        }
        // With nothing unstarted around, there is nobody else to tell.
        let alone = self.around == UNLIMITED && UNSTARTED.get() & SLOW == 0;
        let at = if alone { clock::now() } else { ask() };
        drop(self);
        Some(Start { deadline: end(at, nanos), around: deadline() })
    }

    /// Beneath, somebody has asked; those around are still to learn of it.
    #[cold]
    fn leave(&self) {
        if self.around & SLOW != 0 {
            Saved::leave();
        } else if self.around == UNLIMITED {
            ASKED.set(None);
            UNSTARTED.set(UNLIMITED);
        } else {
            UNSTARTED.set(self.around | SLOW);
        }
    }
}

impl Drop for Unstarted {
    #[inline]
    fn drop(&mut self) {
        if UNSTARTED.get() & SLOW == 0 {
            UNSTARTED.set(self.around);
        } else {
            self.leave();
        }
    }
}

/// The scope around a given deadline, or around a timeout that begins where the timeouts around it have been asked, but
/// have not yet had their turn to learn of it. For what follows in the same poll they have started.
#[derive(Clone, Copy)]
struct Saved {
    deadline: Option<Instant>,
    given: bool,
    unstarted: u64,
    asked: Option<Instant>,
}

impl Saved {
    fn now() -> Self {
        Self { deadline: DEADLINE.get(), given: GIVEN.get(), unstarted: UNSTARTED.get(), asked: ASKED.get() }
    }

    /// What is unstarted beneath. It keeps the flag, so that the slow way is also taken back.
    #[cold]
    fn enter(nanos: u64) -> u64 {
        let saved = Self::now();
        let unstarted = saved.unstarted & !SLOW;
        let beneath = match saved.asked {
            None => unstarted.min(nanos),
            Some(asked) => {
                DEADLINE.set(earlier(saved.deadline, end(asked, unstarted)));
                ASKED.set(None);
                nanos
            }
        };
        // One without a limit keeps none.
        GIVEN.set(saved.given && nanos == UNLIMITED);
        SAVED.with_borrow_mut(|stack| stack.push(saved));
        beneath | SLOW
    }

    #[cold]
    fn leave() {
        let Some(saved) = SAVED.with_borrow_mut(Vec::pop) else { return };
        saved.restore();
        // Where nobody had asked before, an answer from beneath is news for those around, if there are any.
        if saved.asked.is_some() || saved.unstarted & !SLOW == UNLIMITED {
            ASKED.set(saved.asked);
        }
    }

    fn restore(self) {
        DEADLINE.set(self.deadline);
        GIVEN.set(self.given);
        UNSTARTED.set(self.unstarted);
    }
}

/// Puts a value back at the drop.
struct Restore<T: Copy + 'static> {
    cell: &'static LocalKey<Cell<T>>,
    before: T,
}

impl<T: Copy> Drop for Restore<T> {
    #[inline]
    fn drop(&mut self) {
        self.cell.set(self.before);
    }
}

/// When a timeout ends that started at `start`; `None` for never.
fn end(start: Instant, nanos: u64) -> Option<Instant> {
    if nanos == UNLIMITED { None } else { clock::after(start, Duration::from_nanos(nanos)) }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
