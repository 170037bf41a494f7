//! What a call can learn of the policies around it, in the same task: the deadline, the attempt, and which of them is
//! just dropping it.
//!
//! Each future sets these for the length of its own `poll` and puts the old values back afterwards, also when the poll
//! panics. So they follow the future when it moves to another thread, and siblings under `join!` see what stands above
//! them both.
//!
//! For the length of that poll they are the thread's. What drives other tasks in it, as `LocalSet::run_until` or a
//! `block_on` of a current-thread runtime, shows them to these too. To tell the tasks apart, each call would have to ask
//! tokio for the task it is in, also where it succeeds at once.
//!
//! A timeout starts when what is beneath it first waits, or first asks for the deadline. Until then it is known here
//! by its length alone, so that a call that is ready at once costs no clock read; the first who asks reads the clock
//! once, for all the timeouts around it.
//!
//! A deadline that is given, by a [`Deadline`](crate::Deadline), has no timer above that ends the call. So the first
//! timeout beneath it keeps it besides its own.

mod beneath;

use core::cell::Cell;
use core::time::Duration;
use std::thread::LocalKey;

use tokio::time::Instant;

pub(crate) use beneath::{Start, Started, Unstarted, beneath_given, blocking};

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
    /// Which policy of ours is now dropping a call beneath it.
    static DROPPING: Cell<Option<Dropping>> = const { Cell::new(None) };
    /// The earliest of the deadlines around that were given, and the ends of the timeouts that have started.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
    /// Whether that one was given, and there is no timeout between it and the caller.
    static GIVEN: Cell<bool> = const { Cell::new(false) };
    /// The nanoseconds of the shortest timeout around that has not started.
    static UNSTARTED: Cell<u64> = const { Cell::new(UNLIMITED) };
    /// When those start that have not; set by the first who asks, taken away by the outermost of them.
    static ASKED: Cell<Option<Instant>> = const { Cell::new(None) };
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

/// Why a policy of ours drops a call before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dropping {
    /// Its time is over.
    TimedOut,
    /// Another call of the same hedge was better.
    Lost,
}

/// Why a policy of ours is at this moment dropping what is beneath it, if one is.
pub(crate) fn dropping() -> Option<Dropping> {
    DROPPING.get()
}

/// What is dropped until the guard goes, is so for this reason.
#[must_use]
pub(crate) fn drop_as(reason: Dropping) -> Restore<Option<Dropping>> {
    Restore { cell: &DROPPING, before: DROPPING.replace(Some(reason)) }
}

/// The number for an attempt that is none of its own: that of the retry around, if there is one.
pub(crate) fn same_attempt() -> u32 {
    ATTEMPT.get()
}

/// Whether the caller runs in an attempt of a retry.
pub(crate) fn is_in_retry() -> bool {
    ATTEMPT.get() != 0
}

/// What runs until the guard goes, does so in the given attempt.
#[inline]
#[must_use]
pub(crate) fn in_attempt(attempt: u32) -> Restore<u32> {
    Restore { cell: &ATTEMPT, before: ATTEMPT.replace(attempt) }
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

/// Puts a value back at the drop. Guards, since a function around a poll would be compiled anew for each call.
pub(crate) struct Restore<T: Copy + 'static> {
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
