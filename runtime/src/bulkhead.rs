//! The bulkhead: at most so many calls at once, so that one slow dependency does not take all there is.
//!
//! One word has the numbers of those who run and wait ([`word`]); beside it stands the queue, under a mutex that is
//! taken only when somebody has to wait ([`queue`]). User code never runs under it. The limit stays as it was set, or
//! follows how long calls take ([`adaptive`]), by arithmetic of its own ([`gradient`]).

mod adaptive;
mod build;
mod call;
mod gradient;
mod guard;
pub(crate) mod layer;
#[cfg(feature = "registry")]
mod managed;
#[cfg(steadfast_loom)]
mod models;
mod place;
mod queue;
mod settings;
#[cfg(test)]
mod tests;
mod wait;
mod word;

use core::fmt;
use core::time::Duration;

#[cfg(feature = "registry")]
use crate::control::Control;
use crate::event::{Decision, PolicyKind, announce, announce_rejection};
use crate::name::Name;
use crate::rejection::Rejection;
use crate::sync::{AtomicU32, AtomicU64, Mutex, Ordering};

use self::adaptive::Adaptive;
use self::queue::Queue;
use self::settings::{Range, Settings};
use self::word::Mode;

pub use self::place::Place;

/// Lets at most so many calls run at once: `#[bulkhead]` as a value.
///
/// A call holds a place while it runs. Where there is none, the call is rejected at once, or waits up to `max_wait` if
/// that was set: first in, first out, in a queue of at most `max_queue`. No call waits beyond the
/// [`deadline`](crate::deadline) around it. A caller that goes away, waiting or running, frees its place at once.
///
/// It is a value that is `const` to make, so that it can stand in a `static` or in a field. It can't be cloned: one
/// bulkhead has one set of places, to be shared by reference or `Arc`. Settings out of range are taken to the nearest in
/// range.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Bulkhead, Rejection};
///
/// static REPORTS: Bulkhead = Bulkhead::new(2).name("reports");
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let report = || REPORTS.call(async {
///     tokio::time::sleep(Duration::from_secs(1)).await;
///     Ok::<_, Rejection>("a report")
/// });
/// let (first, second, third) = tokio::join!(report(), report(), report());
/// assert_eq!((first, second), (Ok("a report"), Ok("a report")));
/// assert_eq!(third.unwrap_err().to_string(), "bulkhead full at `reports`, 2 running and 0 waiting");
/// # }
/// ```
pub struct Bulkhead {
    word: AtomicU64,
    /// The limit in force.
    limit: AtomicU32,
    name: Name,
    rejected: AtomicU64,
    #[cfg(feature = "registry")]
    totals: crate::tally::Totals<2>,
    queue: Mutex<Queue>,
    adaptive: Option<Adaptive>,
    /// As they were given.
    settings: Settings,
    /// Put in place under the lock of the queue.
    #[cfg(feature = "registry")]
    over: Control<Settings>,
}

/// Where those have their places who pass only thanks to the shadow: they take none of the bulkhead in which they run,
/// and leave as all others do.
static BESIDE: Bulkhead = Bulkhead::new(u32::MAX);

/// The settings of a bulkhead, from [`Bulkhead::limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadLimits {
    /// How many calls may run at once whatever happens: `max_concurrent`, unless the bulkhead is
    /// [`adaptive`](Bulkhead::adaptive).
    pub min_concurrent: u32,
    /// How many calls run at once, at most.
    pub max_concurrent: u32,
    /// How long a call waits for a place, at most; zero where it does not wait.
    pub max_wait: Duration,
    /// How many calls wait at once, at most; 0 where none waits. As long as the limit in force, where it was not set.
    pub max_queue: u32,
}

/// What can be seen of it, and steered.
///
/// ```
/// use steadfast::Bulkhead;
///
/// static DATABASE: Bulkhead = Bulkhead::new(8).name("database");
///
/// // For maintenance: nobody passes, whoever runs ends in peace.
/// DATABASE.force_open();
/// assert!(DATABASE.try_acquire().is_err());
/// DATABASE.reset();
/// assert!(DATABASE.try_acquire().is_ok());
/// ```
impl Bulkhead {
    /// How many calls hold a place at this moment.
    pub fn running(&self) -> u32 {
        self.word().running()
    }

    /// How many calls may run at once at this moment: what was set, or what an [`adaptive`](Self::adaptive) bulkhead has
    /// found. Those that run already may be more, after it has shrunk.
    #[inline]
    pub fn limit(&self) -> u32 {
        self.limit.load(Ordering::Relaxed)
    }

    /// How many calls wait for one at this moment.
    pub fn waiting(&self) -> u32 {
        self.word().waiting()
    }

    /// How many calls it has rejected.
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Its settings.
    pub fn limits(&self) -> BulkheadLimits {
        let settings = self.in_force();
        let Range { min, max, .. } = settings.range;
        BulkheadLimits {
            min_concurrent: min,
            max_concurrent: max,
            max_wait: settings.max_wait,
            max_queue: if settings.max_wait.is_zero() { 0 } else { settings.queue_limit_at(max) },
        }
    }

    /// Its name: the one given, or the path of the function that the attribute stands on.
    pub fn policy(&self) -> &'static str {
        self.name.as_str()
    }

    /// Rejects every call from now on, those that wait included, until [`reset`](Self::reset) or
    /// [`force_closed`](Self::force_closed). Calls that run go on.
    pub fn force_open(&self) {
        self.force(Mode::ForcedOpen);
    }

    /// Lets every call pass from now on, those that wait included and whatever the limit, until [`reset`](Self::reset)
    /// or [`force_open`](Self::force_open).
    pub fn force_closed(&self) {
        self.force(Mode::ForcedClosed);
    }

    /// Goes by its limits again, or is switched off again where it was; an [`adaptive`](Self::adaptive) one by its first, as though it had learnt nothing. Calls
    /// that run keep their places, also where they are more than the limit.
    pub fn reset(&self) {
        self.begin_anew();
        self.unforce();
    }

    /// Takes a place for as long as the [`Place`] is kept, if there is one: for what is neither a future nor a closure.
    /// It never waits, and overtakes nobody who does.
    ///
    /// ```
    /// use steadfast::Bulkhead;
    ///
    /// static UPLOADS: Bulkhead = Bulkhead::new(1);
    ///
    /// let place = UPLOADS.try_acquire()?;
    /// assert!(UPLOADS.try_acquire().unwrap_err().is_bulkhead_full());
    /// drop(place);
    /// assert_eq!(UPLOADS.running(), 0);
    /// # Ok::<(), steadfast::Rejection>(())
    /// ```
    ///
    /// # Errors
    /// A rejection, if there is no place.
    #[inline]
    pub fn try_acquire(&self) -> Result<Place<'_>, Rejection> {
        if self.try_enter() || self.try_enter_slowly() {
            Ok(Place::taken(self))
        } else {
            self.refuse().map(Place::taken)
        }
    }

    fn queue_limit(&self) -> u32 {
        self.in_force().queue_limit_at(self.limit())
    }

    /// Rejects a call; in shadow it has a place elsewhere, which is what is given back.
    #[cold]
    fn refuse(&self) -> Result<&Self, Rejection> {
        // It may have been switched off, or forced closed, since there was no place.
        if self.word().lets_all_pass() && self.try_enter_slowly() {
            return Ok(self);
        }
        self.rejected.fetch_add(1, Ordering::Relaxed);
        self.count_rejected();
        let word = self.word();
        let rejection = Rejection::bulkhead_full(self.name, word.running(), word.waiting());
        if word.mode() == Mode::ForcedOpen || !self.in_force().common.shadow {
            return Err(announce_rejection(self.name, PolicyKind::Bulkhead, rejection));
        }
        announce(self.name, PolicyKind::Bulkhead, || Decision::WouldReject(rejection));
        // There is always one.
        BESIDE.try_enter();
        Ok(&BESIDE)
    }

    /// The settings in force.
    fn in_force(&self) -> Settings {
        self.over().unwrap_or(self.settings)
    }

    #[cfg(not(feature = "registry"))]
    #[expect(clippy::unused_self, reason = "nothing can be put over the settings")]
    const fn over(&self) -> Option<Settings> {
        None
    }

    #[cfg(not(feature = "registry"))]
    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_admitted(&self) {}

    #[cfg(not(feature = "registry"))]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_rejected(&self) {}

    /// Whether it knows nothing but its settings.
    pub(crate) fn is_idle(&self) -> bool {
        let word = self.word();
        let is_steered = matches!(word.mode(), Mode::ForcedOpen | Mode::ForcedClosed);
        word.running() == 0 && word.waiting() == 0 && !is_steered && !self.has_learnt()
    }

    pub(crate) fn is_forced_open(&self) -> bool {
        self.word().mode() == Mode::ForcedOpen
    }
}

impl fmt::Debug for Bulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulkhead")
            .field("name", &self.name)
            .field("limits", &self.limits())
            .field("limit", &self.limit())
            .field("running", &self.running())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}
