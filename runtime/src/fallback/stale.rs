//! The stale fallback: in place of a failure the last success, where that is young enough.
//!
//! One value serves functions of any type, and all instantiations of a generic one: what is kept is told apart by its
//! type as well as by its key. It is kept in an `Arc`, so that under the mutex there is nothing to do but to find it and
//! to put it in or take it out: clones are made and dropped outside.

pub(crate) mod age;
mod call;
mod event;
mod kept;
pub(crate) mod layer;
mod lru;
#[cfg(feature = "registry")]
mod managed;
mod mark;
#[cfg(steadfast_loom)]
mod models;
#[cfg(test)]
mod tests;

use core::any::TypeId;
use core::fmt;
use core::time::Duration;

use tokio::time::Instant;

use crate::control::Common;
use crate::event::{Decision, PolicyKind, announce};
use crate::hook::tell;
use crate::key::{Key, KeyBytes};
use crate::name::Name;
use crate::sync::{AtomicU32, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError};
use crate::{Flow, Rejection, clock};

use self::kept::Erased;
use self::lru::Lru;

pub use self::call::StaleCalls;
pub use self::event::{StaleEvent, told};
pub use self::kept::{IsOther, IsResult, Keeper, Keeps, Kept, Success, Whole, keeper};
pub use self::mark::{Mark, Marked};

/// Answers with the last success where a call fails, if that success is young enough: `#[fallback(stale = ..)]` as a
/// value.
///
/// It keeps a clone of the last success for each key, and of each type: at most [`max_keys`](Self::max_keys) in all, of
/// which the least recently used goes first. A call that fails, or is rejected by a policy beneath, is answered with it.
/// A permanent error is an answer of the dependency, and goes outwards.
///
/// It is a value that is `const` to make, so that it can stand in a `static` or in a field. It can't be cloned: it is
/// one memory, to be shared by reference or `Arc`.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use steadfast::StaleFallback;
///
/// static PRICES: StaleFallback = StaleFallback::new(Duration::from_secs(600)).name("prices");
///
/// async fn price(item: &str, fails: bool) -> io::Result<u32> {
///     PRICES.call(item, async { if fails { Err(io::Error::other("no answer")) } else { Ok(250) } }).await
/// }
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// assert_eq!(price("tea", false).await.unwrap(), 250);
/// assert_eq!(price("tea", true).await.unwrap(), 250);
/// assert!(price("salt", true).await.is_err());
///
/// tokio::time::advance(Duration::from_secs(600)).await;
/// assert!(price("tea", true).await.is_err());
/// assert_eq!(PRICES.answered(), 1);
/// # }
/// ```
pub struct StaleFallback {
    max_age: Duration,
    max_keys: usize,
    on_stale: Option<fn(&StaleEvent<'_>)>,
    common: Common,
    name: Name,
    #[cfg(feature = "registry")]
    control: crate::control::Control<managed::Part>,
    /// Counts successes, so that their order is known by the time they are kept.
    completions: AtomicU64,
    answered: AtomicU64,
    #[cfg(feature = "registry")]
    passed: crate::tally::Totals<1>,
    /// How often keys were forgotten, many in each place: what a call under way brings of one that was is not kept.
    removals: [AtomicU32; PLACES],
    /// `None` until there is one: a map is not `const` to make.
    last: Mutex<Option<Lru<Last>>>,
}

/// As many as let few calls meet the removal of another key.
const PLACES: usize = 64;

/// A success.
struct Last {
    value: Erased,
    completion: Completion,
}

/// When a call succeeded.
#[derive(Debug, Clone, Copy)]
struct Completion {
    /// Grows from one to the next, whatever the clock does.
    order: u64,
    at: Instant,
}

/// Settings, each with its default.
impl StaleFallback {
    /// Answers that are younger than `max_age`; with zero there are none, with [`Duration::MAX`] any is.
    pub const fn new(max_age: Duration) -> Self {
        Self {
            max_age,
            max_keys: 1024,
            on_stale: None,
            common: Common::DEFAULT,
            name: Name::UNNAMED,
            #[cfg(feature = "registry")]
            control: crate::control::Control::new(),
            completions: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            #[cfg(feature = "registry")]
            passed: crate::tally::Totals::new(),
            removals: [const { AtomicU32::new(0) }; PLACES],
            last: Mutex::new(None),
        }
    }

    /// How many successes are kept at most; 1024 by default, 0 means 1.
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = if keys == 0 { 1 } else { keys };
        self
    }

    /// Called before an answer that is stale, outside of any lock; a panic in it does no harm.
    pub const fn on_stale(mut self, hook: fn(&StaleEvent<'_>)) -> Self {
        self.on_stale = Some(hook);
        self
    }

    /// The name in events.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Name::given(name);
        self
    }

    /// Named after the function in which `closure` stands.
    /// Whether it keeps and answers; true by default. Switched off it does neither, and what it has kept stays.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::StaleFallback;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let prices = StaleFallback::new(Duration::from_secs(600)).enabled(false);
    /// assert_eq!(prices.call("tea", async { Ok::<_, String>(3) }).await, Ok(3));
    /// assert!(prices.is_empty());
    /// # }
    /// ```
    pub const fn enabled(mut self, enabled: bool) -> Self {
        self.common = Common { enabled, ..self.common };
        self
    }

    /// Whether the program cannot do without what it guards, for health checks; false by default.
    pub const fn critical(mut self, critical: bool) -> Self {
        self.common = Common { critical, ..self.common };
        self
    }

    #[doc(hidden)]
    pub const fn inside<F: Fn()>(mut self, closure: &F) -> Self {
        self.name = Name::inside(closure);
        self
    }
}

/// Its state.
impl StaleFallback {
    /// How many successes are kept at present, those included that are too old to be answered with.
    pub fn len(&self) -> usize {
        self.lock().as_ref().map_or(0, Lru::len)
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many failures it has answered for.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Its name: the one given, or the path of the function that the attribute stands on.
    pub fn policy(&self) -> &'static str {
        self.name.as_str()
    }

    /// Forgets the last success of a key, as after a change that makes it wrong; says whether there was one.
    ///
    /// Nor is the success kept of a call for it that is under way, which may have read what was before the change.
    pub fn remove(&self, key: &(impl Key + ?Sized)) -> bool {
        let key = KeyBytes::of(key);
        let gone = {
            let mut last = self.lock();
            self.removals(&key).fetch_add(1, Ordering::Release);
            last.as_mut().map(|last| last.remove(key.as_slice()))
        };
        gone.is_some_and(|gone| !gone.is_empty())
    }

    /// Forgets all successes, those included that calls under way may bring.
    pub fn clear(&self) {
        let gone = {
            let mut last = self.lock();
            for removals in &self.removals {
                removals.fetch_add(1, Ordering::Release);
            }
            last.take()
        };
        drop(gone);
    }

    /// A call begins: what has been forgotten by now. Whoever sees that a key was sees the change before it too.
    #[inline]
    fn begin(&self, key: &KeyBytes) -> u32 {
        self.removals(key).load(Ordering::Acquire)
    }

    #[inline]
    fn removals(&self, key: &KeyBytes) -> &AtomicU32 {
        let mix = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        &self.removals[key.as_slice().iter().fold(0x811c_9dc5, mix) as usize % PLACES]
    }

    /// A call has succeeded just now.
    #[inline]
    fn completion(&self) -> Completion {
        Completion { order: self.completions.fetch_add(1, Ordering::Relaxed), at: clock::now() }
    }

    /// Keeps a success, unless one that came later is there already, or its key was forgotten since the call began.
    fn keep(&self, ty: TypeId, key: &KeyBytes, began: u32, completion: Completion, value: Erased) {
        let mut new = Last { value, completion };
        let mut last = self.lock();
        if self.begin(key) != began {
            drop(last);
            return;
        }
        let key = key.as_slice();
        let entries = last.get_or_insert_default();
        let gone = match entries.find(ty, key) {
            Some(place) => {
                let kept = entries.value(place);
                if kept.completion.order < new.completion.order {
                    core::mem::swap(kept, &mut new);
                }
                entries.touch(place);
                Some(new)
            }
            // Under the lock, so that it is known to whoever takes away what is too much after a change.
            None => entries.add(ty, key, new, self.max_keys_in_force()),
        };
        drop(last);
        drop(gone);
    }

    /// The last success where it is younger than `max_age`, and how old it is.
    fn last(&self, ty: TypeId, key: &KeyBytes, max_age: Duration) -> Option<(Duration, Erased)> {
        let now = clock::now();
        let mut last = self.lock();
        let entries = last.as_mut()?;
        let place = entries.find(ty, key.as_slice())?;
        let Last { value, completion } = entries.value(place);
        // A clock that went back, as between tests that pause it: it ages from now on, and not only once the clock is
        // where it was.
        completion.at = completion.at.min(now);
        let age = now.saturating_duration_since(completion.at);
        if age >= max_age {
            return None;
        }
        let value = Erased::clone(value);
        entries.touch(place);
        Some((age, value))
    }

    #[inline]
    #[cfg_attr(not(feature = "registry"), expect(clippy::unused_self, reason = "there is nowhere to count"))]
    fn count_passed(&self) {
        #[cfg(feature = "registry")]
        self.passed.count_success(0);
    }

    /// It answers for a failure.
    fn tell(&self, age: Duration, rejection: Option<Rejection>) {
        self.answered.fetch_add(1, Ordering::Relaxed);
        if let Some(hook) = self.on_stale {
            let failure = rejection.map_or(Flow::Returned(&()), Flow::Rejected);
            tell(hook, &StaleEvent { age, failure, policy: self.name.as_str() });
        }
        announce(self.name, PolicyKind::Fallback, || Decision::FellBack { rejection, age: Some(age) });
    }

    /// No user code runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Option<Lru<Last>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where nothing can be put over the settings.
#[cfg(not(feature = "registry"))]
impl StaleFallback {
    #[inline]
    const fn is_enabled(&self) -> bool {
        self.common.enabled
    }

    const fn max_keys_in_force(&self) -> usize {
        self.max_keys
    }

    #[expect(clippy::unused_self, reason = "there is nothing over it")]
    const fn max_age_in_force(&self, own: Duration) -> Duration {
        own
    }
}

impl fmt::Debug for StaleFallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaleFallback")
            .field("name", &self.name)
            .field("max_age", &self.max_age)
            .field("max_keys", &self.max_keys)
            .field("len", &self.len())
            .field("answered", &self.answered())
            .finish_non_exhaustive()
    }
}
