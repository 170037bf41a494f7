//! The circuit breaker: what fails again and again is not asked for a while.
//!
//! The rules are a sequential state machine behind a mutex ([`core`]). Beside it stand the words that let the common
//! calls past it: one that says the state, its period and whether one more success would change anything ([`word`]),
//! and when an open circuit ends. They are written under the lock only, and user code never runs under it.

mod admit;
mod build;
mod call;
mod core;
mod event;
pub(crate) mod layer;
#[cfg(feature = "registry")]
mod managed;
#[cfg(steadfast_loom)]
mod models;
mod permit;
mod probes;
mod settings;
mod settle;
pub(crate) mod shards;
#[cfg(test)]
mod tests;
mod totals;
mod window;
mod word;

use ::core::fmt;
use ::core::time::Duration;

use crate::event::{Decision, PolicyKind, announce};
use crate::hook::tell;
use crate::name::Name;
use crate::rejection::Rejection;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};
use crate::time;

use self::core::{Change, Core};
use self::settings::Settings;
use self::shards::Shards;
use self::word::Word;

pub use self::call::Calls;
pub use self::event::{Counts, Reason, State, StateChange};
pub use self::permit::Permit;
pub use self::settings::{Abandoned, Window};

/// Rejects calls for a while when too many have failed, then lets a few probes find out whether to go on.
///
/// It is *closed* at first, and calls pass. When so many fail in a row (`failure_threshold`, 5 by default), or such a
/// share of them (`failure_rate`), or are slow (`slow_call`), it *opens*: calls are rejected for `reset_timeout` (30
/// seconds by default). Then it is *half-open*: at most `max_probes` calls pass at once (1 by default). A failure among
/// them opens it again, `success_threshold` successes (1 by default) close it.
///
/// It is a value that is `const` to make, so that it can stand in a `static` or in a field. It can't be cloned: one
/// breaker is one state, to be shared by reference or `Arc`. Settings out of range are taken to the nearest in range.
/// With the feature `registry` they can be changed while the program runs.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{CircuitBreaker, Class, Classify, Rejection};
///
/// #[derive(Debug, thiserror::Error)]
/// enum Error {
///     #[error("connection lost")]
///     Lost,
///     #[error(transparent)]
///     Rejected(#[from] Rejection),
/// }
/// impl Classify for Error {}
///
/// static PAYMENTS: CircuitBreaker =
///     CircuitBreaker::new().name("payments").failure_threshold(2).reset_timeout(Duration::from_secs(10));
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// for _ in 0..2 {
///     let charged: Result<(), Error> = PAYMENTS.call(async { Err(Error::Lost) }).await;
///     assert!(matches!(charged, Err(Error::Lost)));
/// }
/// let charged: Result<(), Error> = PAYMENTS.call(async { Ok(()) }).await;
/// assert!(matches!(charged, Err(Error::Rejected(rejection)) if rejection.is_circuit_open()));
///
/// tokio::time::advance(Duration::from_secs(10)).await;
/// let charged: Result<(), Error> = PAYMENTS.call(async { Ok(()) }).await;
/// assert!(charged.is_ok());
/// # }
/// ```
pub struct CircuitBreaker {
    word: AtomicU64,
    /// What calls that are timed must know of the settings in force: from when on one is slow, and how wide a bucket of
    /// a time window is. Written under the lock. Each is right without the other, and a count by a width that is not in
    /// force any more is of an earlier generation.
    slow_call: AtomicU64,
    width: AtomicU64,
    /// When the open period ends, and how long it is in all; they mean something only while `word` says open.
    open_until: AtomicU64,
    open_for: AtomicU64,
    name: Name,
    on_state_change: Option<fn(&StateChange)>,
    shards: Shards,
    /// As they were given.
    settings: Settings,
    cold: Cold,
    #[cfg(feature = "registry")]
    totals: totals::Counted,
}

/// What is written while calls fail or are rejected, apart from what every call reads.
#[repr(align(64))]
struct Cold {
    locked: Mutex<Locked>,
    rejected: AtomicU64,
}

/// The state machine, and the settings it goes by where they are not those that were given.
struct Locked {
    core: Core,
    over: Option<Box<Settings>>,
    /// Since when it is in its state; 0 before somebody first asked.
    #[cfg(feature = "registry")]
    since: u64,
}

impl CircuitBreaker {
    /// The state it is in. An open circuit whose time is over stays open until the next call asks.
    pub fn state(&self) -> State {
        self.word(Ordering::Acquire).state()
    }

    /// Whether it rejects calls at this moment: forced open, or open with time left and not in shadow.
    pub fn is_open(&self) -> bool {
        match self.state() {
            State::ForcedOpen => true,
            State::Open => !self.word(Ordering::Acquire).is_shadow() && self.time_left().is_some(),
            State::Closed | State::HalfOpen | State::ForcedClosed => false,
        }
    }

    /// How long it is before a call can pass; `None` where calls pass already or nobody can tell.
    pub fn retry_after(&self) -> Option<Duration> {
        let word = self.word(Ordering::Acquire);
        if word.state() != State::Open || word.is_shadow() {
            return None;
        }
        self.time_left().map(Duration::from_nanos)
    }

    /// What it has counted.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.alter(|core, _| {
            counts = core.counts(&self.shards, time::nanos);
            // What has become too old is forgotten by that, but no state changes.
            None
        });
        Counts { rejected: self.cold.rejected.load(Ordering::Relaxed), ..counts }
    }

    /// Its name: the one given, or the path of the function that the attribute stands on.
    pub fn policy(&self) -> &'static str {
        self.name.as_str()
    }

    /// Rejects every call from now on, until [`reset`](Self::reset) or [`force_closed`](Self::force_closed).
    pub fn force_open(&self) {
        self.alter(|core, _| core.force(State::ForcedOpen, &self.shards));
    }

    /// Lets every call pass from now on, whatever comes of it, until [`reset`](Self::reset) or
    /// [`force_open`](Self::force_open).
    pub fn force_closed(&self) {
        self.alter(|core, _| core.force(State::ForcedClosed, &self.shards));
    }

    /// Closes it and forgets what it has counted. Calls under way no longer count. One that is switched off stays so.
    pub fn reset(&self) {
        self.alter(|core, _| core.force(State::Closed, &self.shards));
    }

    /// Asks to make a call whose end is then told by the [`Permit`]: for what is neither a future nor a closure.
    ///
    /// ```
    /// use steadfast::CircuitBreaker;
    ///
    /// static DATABASE: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    ///
    /// let permit = DATABASE.try_acquire()?;
    /// permit.failure();
    /// assert!(DATABASE.try_acquire().unwrap_err().is_circuit_open());
    /// # Ok::<(), steadfast::Rejection>(())
    /// ```
    ///
    /// # Errors
    /// A rejection, if the circuit is open, or half-open and every probe under way.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, Rejection> {
        Permit::new(self)
    }

    /// Whether nothing speaks for keeping it: closed, and no failure outstanding.
    pub(crate) fn is_clean(&self) -> bool {
        let word = self.word(Ordering::Relaxed);
        word.state() == State::Closed && !word.is_dirty()
    }

    /// Lets `change` work on the core, makes the outcome known, and tells of it.
    fn alter(&self, change: impl FnOnce(&mut Core, &Settings) -> Option<Change>) {
        let mut locked = self.lock();
        let Locked { core, over, .. } = &mut *locked;
        let settings = over.as_deref().unwrap_or(&self.settings);
        let change = change(core, settings);
        self.publish(core, settings);
        self.count_change(&mut locked, change.as_ref());
        drop(locked);
        if let Some(change) = change {
            self.tell(&change);
        }
    }

    /// The settings in force.
    fn in_force(&self) -> Settings {
        self.over().unwrap_or(self.settings)
    }

    /// What has been put over the settings that were given.
    fn over(&self) -> Option<Settings> {
        self.lock().over.as_deref().copied()
    }

    /// Goes by other settings than those given from now on, or by these again. `over` is asked under the lock, so that
    /// the last one who does this is the one who says.
    #[cfg(any(feature = "registry", steadfast_loom))]
    fn put_over(&self, over: impl FnOnce() -> Option<Settings>) {
        let mut locked = self.lock();
        let Locked { core, over: present, .. } = &mut *locked;
        let over = over();
        let before = *present.as_deref().unwrap_or(&self.settings);
        let after = over.unwrap_or(self.settings);
        let change = core.adopt(&before, &after, &self.shards, time::nanos);
        *present = over.map(Box::new);
        self.slow_call.store(after.slow_call, Ordering::Relaxed);
        self.width.store(after.width(), Ordering::Relaxed);
        self.publish(core, &after);
        self.count_change(&mut locked, change.as_ref());
        drop(locked);
        if let Some(change) = change {
            self.tell(&change);
        }
    }

    /// Writes only what is new: the others read these words in peace otherwise.
    fn publish(&self, core: &Core, settings: &Settings) {
        let renew = |word: &AtomicU64, value, ordering| {
            if word.load(Ordering::Relaxed) != value {
                word.store(value, ordering);
            }
        };
        let (open_for, open_until) = core.open_time();
        renew(&self.open_for, open_for, Ordering::Relaxed);
        renew(&self.open_until, open_until, Ordering::Relaxed);
        // After the times, so that whoever reads "open" reads them too.
        renew(&self.word, core.word(settings).bits(), Ordering::Release);
    }

    #[cold]
    fn tell(&self, &Change { from, to, reason, counts }: &Change) {
        let counts = Counts { rejected: self.cold.rejected.load(Ordering::Relaxed), ..counts };
        if let Some(hook) = self.on_state_change {
            tell(hook, &StateChange { name: self.name.as_str(), from, to, reason, counts });
        }
        announce(self.name, PolicyKind::CircuitBreaker, || Decision::StateChanged { from, to, reason, counts });
    }

    #[inline]
    fn word(&self, ordering: Ordering) -> Word {
        Word::from_bits(self.word.load(ordering))
    }

    /// No user code runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Locked> {
        self.cold.locked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", &self.name)
            .field("state", &self.state())
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}
