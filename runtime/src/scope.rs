//! What a call can learn of the policies around it, in the same task: the deadline, the attempt, and whether a timeout
//! is just dropping it.
//!
//! Each future sets these for the length of its own `poll` and puts the old values back afterwards, also when the poll
//! panics. So they follow the future and not the thread, and siblings under `join!` see what stands above them both.
//!
//! A timeout starts when what is beneath it first waits, or first asks for the deadline. Until then it is known here
//! by its length alone, so that a call that is ready at once costs no clock read; the first who asks reads the clock
//! once, for all the timeouts around it.

use core::cell::Cell;
use core::task::Poll;
use core::time::Duration;

use tokio::time::Instant;

use crate::clock;

/// The nanoseconds of a timeout that never ends.
pub(crate) const UNLIMITED: u64 = u64::MAX;

struct Scope {
    /// The attempt of the nearest retry; 0 outside of any.
    attempt: Cell<u32>,
    /// Whether a timeout of ours has elapsed and is now dropping what is beneath it.
    timing_out: Cell<bool>,
    /// The earliest end of the timeouts around that have started.
    deadline: Cell<Option<Instant>>,
    /// The nanoseconds of the shortest timeout around that has not started.
    unstarted: Cell<u64>,
    /// When those start that have not; set by the first who asks, taken away by the outermost of them.
    asked: Cell<Option<Instant>>,
}

thread_local! {
    static SCOPE: Scope = const {
        Scope {
            attempt: Cell::new(0),
            timing_out: Cell::new(false),
            deadline: Cell::new(None),
            unstarted: Cell::new(UNLIMITED),
            asked: Cell::new(None),
        }
    };
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
    SCOPE.with(|scope| scope.attempt.get()).max(1)
}

/// When the timeouts around the caller end: the earliest of their deadlines, `None` outside of any.
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
    SCOPE.with(Scope::deadline)
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

/// Whether a timeout of ours is at this moment dropping what is beneath it.
#[allow(dead_code, reason = "asked by the permits of the circuit breaker")]
pub(crate) fn timing_out() -> bool {
    SCOPE.with(|scope| scope.timing_out.get())
}

/// Drops a call by `drop`, marked as timed out.
pub(crate) fn time_out(drop: impl FnOnce()) {
    SCOPE.with(|scope| {
        let _restore = Restore { cell: &scope.timing_out, before: scope.timing_out.replace(true) };
        drop();
    });
}

/// Runs `f` as the given attempt.
#[inline]
pub(crate) fn in_attempt<T>(attempt: u32, f: impl FnOnce() -> T) -> T {
    SCOPE.with(|scope| {
        let _restore = Restore { cell: &scope.attempt, before: scope.attempt.replace(attempt) };
        f()
    })
}

/// Polls beneath a timeout that has not started. `Err` where that waits: when the timeout has started by that, `None`
/// for one that never ends.
#[inline]
pub(crate) fn beneath_unstarted<T>(nanos: u64, poll: impl FnOnce() -> Poll<T>) -> Result<T, Option<Start>> {
    SCOPE.with(|scope| {
        let unstarted = Unstarted::enter(scope, nanos);
        match poll() {
            Poll::Ready(value) => Ok(value),
            Poll::Pending => Err(unstarted.start(nanos)),
        }
    })
}

/// Polls beneath a timeout that ends at `deadline`. `Err` where that waits: the deadline around the timeout itself.
#[inline]
pub(crate) fn beneath_started<T>(deadline: Instant, poll: impl FnOnce() -> Poll<T>) -> Result<T, Option<Instant>> {
    SCOPE.with(|scope| {
        let before = scope.deadline.get();
        let restore = Restore { cell: &scope.deadline, before };
        scope.deadline.set(earlier(before, Some(deadline)));
        match poll() {
            Poll::Ready(value) => Ok(value),
            Poll::Pending => {
                drop(restore);
                Err(scope.deadline())
            }
        }
    })
}

/// How a timeout starts.
pub(crate) struct Start {
    pub(crate) at: Instant,
    /// The deadline around it, its own left out.
    pub(crate) around: Option<Instant>,
}

impl Scope {
    fn deadline(&self) -> Option<Instant> {
        let unstarted = self.unstarted.get();
        if unstarted == UNLIMITED {
            return self.deadline.get();
        }
        earlier(self.deadline.get(), end(self.ask(), unstarted))
    }

    #[cold]
    fn ask(&self) -> Instant {
        self.asked.get().unwrap_or_else(|| {
            let now = clock::now();
            self.asked.set(Some(now));
            now
        })
    }
}

/// The scope beneath a timeout that has not started; what it was is put back at the drop.
struct Unstarted<'s> {
    scope: &'s Scope,
    /// The shortest unstarted timeout around this one.
    around: u64,
    folded: Option<Folded>,
}

/// What stood in the scope where the timeouts around have been asked, but have not yet had their turn to learn of it.
/// For what follows in the same poll they have started.
struct Folded {
    deadline: Option<Instant>,
    unstarted: u64,
    asked: Instant,
}

impl<'s> Unstarted<'s> {
    #[inline]
    fn enter(scope: &'s Scope, nanos: u64) -> Self {
        let folded = if scope.asked.get().is_some() { Folded::fold(scope) } else { None };
        let around = scope.unstarted.get();
        scope.unstarted.set(around.min(nanos));
        Self { scope, around, folded }
    }

    #[cold]
    fn start(self, nanos: u64) -> Option<Start> {
        if nanos == UNLIMITED {
            return None;
        }
        let at = self.scope.ask();
        Some(Start { at, around: earlier(self.scope.deadline.get(), end(at, self.around)) })
    }
}

impl Drop for Unstarted<'_> {
    #[inline]
    fn drop(&mut self) {
        self.scope.unstarted.set(self.around);
        if self.around == UNLIMITED {
            self.scope.asked.set(None);
        }
        if let Some(folded) = &self.folded {
            folded.unfold(self.scope);
        }
    }
}

impl Folded {
    #[cold]
    fn fold(scope: &Scope) -> Option<Self> {
        let folded = Self {
            deadline: scope.deadline.get(),
            unstarted: scope.unstarted.replace(UNLIMITED),
            asked: scope.asked.take()?,
        };
        scope.deadline.set(earlier(folded.deadline, end(folded.asked, folded.unstarted)));
        Some(folded)
    }

    #[cold]
    fn unfold(&self, scope: &Scope) {
        scope.deadline.set(self.deadline);
        scope.unstarted.set(self.unstarted);
        scope.asked.set(Some(self.asked));
    }
}

struct Restore<'s, T: Copy> {
    cell: &'s Cell<T>,
    before: T,
}

impl<T: Copy> Drop for Restore<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.cell.set(self.before);
    }
}

/// When a timeout ends that started at `start`; `None` for never.
pub(crate) fn end(start: Instant, nanos: u64) -> Option<Instant> {
    if nanos == UNLIMITED { None } else { clock::after(start, Duration::from_nanos(nanos)) }
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
