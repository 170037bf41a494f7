//! A limit to the retries of many calls together.

mod ledger;
#[cfg(feature = "registry")]
mod managed;
#[cfg(steadfast_loom)]
mod models;
#[cfg(test)]
mod tests;

use core::fmt;
use core::time::Duration;

use self::ledger::{Grant, Ledger};
use crate::circuit_breaker::shards::{BUCKETS, Shards};
use crate::control::Common;
#[cfg(feature = "registry")]
use crate::control::Control;
use crate::event::{Decision, PolicyKind, announce};
use crate::name::Name;
use crate::sync::{Mutex, MutexGuard, PoisonError};
use crate::time;

/// As finely as a ratio is kept: exact for every share that has nine decimals.
const WHOLE: u64 = 1_000_000_000;
/// A shorter window would hold next to nothing, and its buckets would be too short to be told apart.
const SHORTEST_WINDOW: u64 = 1_000_000;

/// A limit to the retries of all calls that share it, as a share of these calls.
///
/// When a dependency is down, every call fails, and three attempts each make three times the load of what it
/// already cannot carry. A budget bounds that: a retry is granted only where, in the [`window`](Self::window) that ends
/// with it, there are then at most [`ratio`](Self::ratio) × calls + [`min_per_second`](Self::min_per_second) × seconds of
/// them, whatever the number of tasks and threads. Where it is spent, a call ends with the outcome that it has, and the
/// reason is [`GiveUp::Budget`](crate::GiveUp::Budget).
///
/// A call counts when it begins, its retries when their delay begins. A retry that does not take place after all,
/// because the caller went away during the delay, is given back.
///
/// ```
/// use std::io;
/// use steadfast::{RetryBudget, retry};
///
/// // For everything that asks the same dependency.
/// static UPSTREAM: RetryBudget = RetryBudget::new().ratio(0.1).min_per_second(0);
///
/// #[retry(budget = UPSTREAM, backoff = none)]
/// fn fetch(id: u32) -> io::Result<String> {
///     Err(io::Error::other(format!("no answer for {id}")))
/// }
///
/// for id in 0..20 {
///     assert!(fetch(id).is_err());
/// }
/// let counts = UPSTREAM.counts();
/// assert_eq!((counts.calls, counts.retries), (20, 2));
/// assert!(UPSTREAM.is_exhausted());
/// ```
///
/// # Exactness
///
/// The decision to grant a retry is one step for all threads, and is made in whole numbers. The window slides: no call
/// counts that is older, and each retry counts until it is: a call may be forgotten up to 1/32 of the window early, and
/// a retry as much late. Times are those of tokio's clock. Should that go back, as between tests that pause it, time
/// goes on here from where it was, and nothing is granted twice.
///
/// # Cost
///
/// A call that succeeds at once reads the clock and adds one to a counter that threads don't share. The lock that
/// makes the decision is taken after failures only.
pub struct RetryBudget {
    /// In parts of [`WHOLE`].
    own: Limits,
    name: Name,
    /// The calls that the ledger has not yet looked at.
    calls: Shards,
    #[cfg(feature = "registry")]
    control: Control<Limits>,
    ledger: Mutex<Ledger>,
}

/// What a budget has counted; by [`RetryBudget::counts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetCounts {
    /// The calls in the window.
    pub calls: u64,
    /// The retries in the window, those included that wait for their delay.
    pub retries: u64,
    /// How often a retry was refused, since the beginning or the last [`reset`](RetryBudget::reset).
    pub refused: u64,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryBudget {
    /// A tenth of the calls and one per second, over ten seconds.
    ///
    /// A tenth is what a dependency that works needs by far not, and one that is down can bear on top. One per second
    /// lets a function that is seldom called retry at all; it is no more, since it is the load that stays where all
    /// calls fail. Ten seconds hold enough calls for a share of them to mean something, and are forgotten soon after
    /// an outage.
    pub const fn new() -> Self {
        Self {
            own: Limits {
                ratio: parts(0.1),
                min_per_second: 1,
                width: width(Duration::from_secs(10)),
                #[cfg(feature = "registry")]
                generation: 0,
                common: Common::DEFAULT,
            },
            name: Name::UNNAMED,
            calls: Shards::new(),
            #[cfg(feature = "registry")]
            control: Control::new(),
            ledger: Mutex::new(Ledger::new()),
        }
    }

    /// Retries per call, over the window; 0.1 by default, and kept to nine decimals.
    ///
    /// Above 1 there may be several retries for each call. A negative value, or one that is no number, means 0: then
    /// only [`min_per_second`](Self::min_per_second) grants any.
    pub const fn ratio(mut self, ratio: f64) -> Self {
        self.own.ratio = parts(ratio);
        self
    }

    /// The retries for each second of the window that are granted whatever the number of calls, 1 by default. They are
    /// those of the whole window: by default ten at once, and then no other for ten seconds.
    pub const fn min_per_second(mut self, retries: u32) -> Self {
        self.own.min_per_second = retries;
        self
    }

    /// The time over which calls and retries are counted, 10 s by default; at least a millisecond.
    pub const fn window(mut self, window: Duration) -> Self {
        self.own.width = width(window);
        self
    }

    /// The name of the budget, for whoever reads it; by default `unnamed`.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Name::given(name);
        self
    }

    /// Whether it refuses anything; true by default. Switched off it grants every retry, and counts on.
    ///
    /// ```
    /// use steadfast::RetryBudget;
    ///
    /// let budget = RetryBudget::new().ratio(0.0).min_per_second(0).enabled(false);
    /// assert!(!budget.is_exhausted());
    /// ```
    pub const fn enabled(mut self, enabled: bool) -> Self {
        self.own.common = Common { enabled, ..self.own.common };
        self
    }

    /// Whether the program cannot do without what it guards, for health checks; false by default.
    pub const fn critical(mut self, critical: bool) -> Self {
        self.own.common = Common { critical, ..self.own.common };
        self
    }

    /// How many retries would be granted now.
    pub fn balance(&self) -> u64 {
        self.with_ledger(|ledger, limits| ledger.balance(limits))
    }

    /// Whether no retry would be granted now.
    pub fn is_exhausted(&self) -> bool {
        self.balance() == 0
    }

    /// The calls and retries in the window, and what was refused.
    pub fn counts(&self) -> BudgetCounts {
        self.with_ledger(|ledger, limits| ledger.counts(limits))
    }

    /// Forgets all calls and retries.
    pub fn reset(&self) {
        let mut ledger = self.lock();
        self.calls.clear();
        ledger.reset();
    }

    /// Counts a call, when it begins.
    #[inline]
    pub(crate) fn count(&self) {
        let now = time::nanos();
        self.in_force(|limits| self.calls.add(now / limits.width, limits.generation()));
    }

    /// Takes one retry; `None` where there is none left.
    pub(crate) fn take(&self) -> Option<Token<'_>> {
        let grant = self.with_ledger(Ledger::take);
        if grant.is_none() {
            announce(self.name, PolicyKind::RetryBudget, || Decision::BudgetExhausted);
        }
        grant.map(|grant| Token { budget: self, grant: Some(grant) })
    }

    fn with_ledger<T>(&self, f: impl FnOnce(&mut Ledger, &Limits) -> T) -> T {
        let mut ledger = self.lock();
        // Under the lock, as they are changed.
        let limits = self.limits();
        // The clock is read under the lock, so that two threads cannot come with their times in the wrong order.
        ledger.advance(time::nanos(), &self.calls, &limits);
        f(&mut ledger, &limits)
    }

    fn limits(&self) -> Limits {
        self.in_force(|limits| *limits)
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self.limits();
        #[expect(clippy::cast_precision_loss, reason = "for a reader")]
        let ratio = limits.ratio as f64 / WHOLE as f64;
        f.debug_struct("RetryBudget")
            .field("name", &self.name)
            .field("ratio", &ratio)
            .field("min_per_second", &limits.min_per_second)
            .field("window", &Duration::from_nanos(limits.width * BUCKETS))
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

/// The settings as the ledger needs them.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// In parts of [`WHOLE`].
    ratio: u64,
    min_per_second: u32,
    /// The length of one of the window's buckets in nanoseconds.
    width: u64,
    /// How often that was changed: calls are sorted by it, and one who counts by another must not be taken for one of these.
    #[cfg(feature = "registry")]
    generation: u64,
    common: Common,
}

/// Where nothing can be put over the settings.
#[cfg(not(feature = "registry"))]
impl Limits {
    #[expect(clippy::unused_self, reason = "it stays the same")]
    const fn generation(&self) -> u64 {
        0
    }
}

/// Where nothing can be put over the settings.
#[cfg(not(feature = "registry"))]
impl RetryBudget {
    #[inline]
    fn in_force<T>(&self, look: impl FnOnce(&Limits) -> T) -> T {
        look(&self.own)
    }
}

/// A retry that was granted; given back at the drop, unless it took place.
#[derive(Debug)]
pub(crate) struct Token<'b> {
    budget: &'b RetryBudget,
    grant: Option<Grant>,
}

impl Token<'_> {
    /// The retry takes place.
    pub(crate) fn spend(mut self) {
        self.grant = None;
    }
}

impl Drop for Token<'_> {
    fn drop(&mut self) {
        if let Some(grant) = self.grant.take() {
            self.budget.lock().give_back(&grant);
        }
    }
}

/// To the nearest part; a float becomes the nearest number that there is, and no number zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "as above")]
const fn parts(ratio: f64) -> u64 {
    (ratio * WHOLE as f64 + 0.5) as u64
}

const fn width(window: Duration) -> u64 {
    let nanos = time::saturated(window);
    (if nanos < SHORTEST_WINDOW { SHORTEST_WINDOW } else { nanos }) / BUCKETS
}
