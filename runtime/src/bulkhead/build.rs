//! Making a bulkhead: every setting, in a `const` if you like.

use core::time::Duration;

use crate::control::Common;
#[cfg(feature = "registry")]
use crate::control::Control;
use crate::keyed::Keyed;
use crate::name::Name;
use crate::sync::{AtomicU32, AtomicU64, Mutex};

use super::Bulkhead;
use super::adaptive::Adaptive;
use super::queue::Queue;
use super::settings::{Range, Settings};
use super::word::Word;

/// Settings, each with its default.
///
/// ```
/// use std::time::Duration;
/// use steadfast::Bulkhead;
///
/// static SEARCH: Bulkhead = Bulkhead::new(10).name("search").max_wait(Duration::from_millis(200)).max_queue(50);
///
/// assert_eq!(SEARCH.limits().max_queue, 50);
/// ```
impl Bulkhead {
    /// A bulkhead in which at most so many calls run at once, and none waits; 0 means 1.
    pub const fn new(max_concurrent: u32) -> Self {
        let limit = at_least_one(max_concurrent);
        Self::first(Range::new(limit, limit, limit), false)
    }

    /// A bulkhead that finds its limit itself, between `min` and `max`, from how long calls take: see
    /// [`#[bulkhead]`](macro@crate::bulkhead). None waits. 0 means 1, and a `max` below `min` means `min`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Bulkhead;
    ///
    /// static SEARCH: Bulkhead = Bulkhead::adaptive(2, 200).initial(50).max_wait(Duration::from_millis(100));
    ///
    /// assert_eq!(SEARCH.limit(), 50);
    /// assert_eq!((SEARCH.limits().min_concurrent, SEARCH.limits().max_concurrent), (2, 200));
    /// ```
    pub const fn adaptive(min: u32, max: u32) -> Self {
        let min = at_least_one(min);
        let max = if max < min { min } else { max };
        Self::first(Range::new(min, max, INITIAL), true)
    }

    const fn first(range: Range, is_adaptive: bool) -> Self {
        let common = Common::DEFAULT;
        let settings =
            Settings { common, range, is_adaptive, has_initial: false, max_queue: None, max_wait: Duration::ZERO };
        Self::with(settings, Name::UNNAMED)
    }

    const fn with(settings: Settings, name: Name) -> Self {
        Self {
            word: AtomicU64::new(Word::initial(&settings).0),
            limit: AtomicU32::new(settings.range.initial),
            name,
            rejected: AtomicU64::new(0),
            #[cfg(feature = "registry")]
            totals: crate::tally::Totals::new(),
            queue: Mutex::new(Queue::new()),
            adaptive: if settings.is_adaptive { Some(Adaptive::new()) } else { None },
            settings,
            #[cfg(feature = "registry")]
            over: Control::new(),
        }
    }

    /// Another bulkhead with the same settings, those put over them included, and places of its own.
    pub(crate) fn fresh(&self) -> Self {
        #[cfg_attr(not(feature = "registry"), expect(unused_mut, reason = "nothing is changed"))]
        let mut fresh = Self::with(self.settings, self.name);
        #[cfg(feature = "registry")]
        {
            fresh.totals = self.totals.same();
            fresh.follow(self);
        }
        fresh
    }

    /// How many calls run at once before anything is known of how long they take; 20 by default, or the nearest between
    /// `min` and `max`. Only for an [`adaptive`](Self::adaptive) one.
    pub const fn initial(mut self, calls: u32) -> Self {
        if self.settings.is_adaptive {
            let Range { min, max, .. } = self.settings.range;
            self.settings.range = Range::new(min, max, calls);
            self.settings.has_initial = true;
            self.limit = AtomicU32::new(self.settings.range.initial);
        }
        self
    }

    /// How long a call waits for a place, at most; not at all by default. It never waits beyond the deadline of a
    /// timeout around it.
    pub const fn max_wait(mut self, wait: Duration) -> Self {
        self.settings.max_wait = wait;
        self
    }

    /// How many calls wait at once, at most: by default as many as may run at that moment, never more than
    /// 1,073,741,823. Nobody waits without [`max_wait`](Self::max_wait).
    pub const fn max_queue(mut self, calls: u32) -> Self {
        self.settings.max_queue = Some(calls);
        self
    }

    /// Switched off where this is `false`: every call passes as though it were not there; `true` by default. Who
    /// [runs](Self::running) is counted all the same, so that the limit holds at once when it is switched on. What is
    /// [forced](Self::force_open) is forced all the same.
    pub const fn enabled(mut self, enabled: bool) -> Self {
        self.settings.common.enabled = enabled;
        self.word = AtomicU64::new(Word::initial(&self.settings).0);
        self
    }

    /// In shadow where this is `true`: it decides, counts and tells as ever, but every call passes at once; `false` by
    /// default. One that finds no place takes none, and is told as
    /// [`Decision::WouldReject`](crate::Decision::WouldReject), also where it might have waited for one.
    /// [Forced open](Self::force_open) it rejects all the same.
    ///
    /// ```
    /// use steadfast::Bulkhead;
    ///
    /// static TRIAL: Bulkhead = Bulkhead::new(1).shadow(true);
    ///
    /// let places = (TRIAL.try_acquire()?, TRIAL.try_acquire()?);
    /// assert_eq!((TRIAL.running(), TRIAL.rejected()), (1, 1));
    /// # drop(places);
    /// # Ok::<(), steadfast::Rejection>(())
    /// ```
    pub const fn shadow(mut self, shadow: bool) -> Self {
        self.settings.common.shadow = shadow;
        self
    }

    /// Whether the program cannot do without what it guards; `false` by default.
    pub const fn critical(mut self, critical: bool) -> Self {
        self.settings.common.critical = critical;
        self
    }

    /// The name in events and rejections.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Name::given(name);
        self
    }

    /// Named after the function in which `closure` stands.
    #[doc(hidden)]
    pub const fn inside<F: Fn()>(mut self, closure: &F) -> Self {
        self.name = Name::inside(closure);
        self
    }

    /// One such bulkhead per key, made when the key is first asked for.
    ///
    /// ```
    /// use steadfast::{Bulkhead, Keyed};
    ///
    /// static TENANTS: Keyed<Bulkhead> = Bulkhead::new(1).keyed().max_keys(500);
    ///
    /// let tenant = TENANTS.get("a");
    /// let place = tenant.try_acquire()?;
    /// assert!(TENANTS.get("a").try_acquire().is_err());
    /// assert!(TENANTS.get("b").try_acquire().is_ok());
    /// # drop(place);
    /// # Ok::<(), steadfast::Rejection>(())
    /// ```
    pub const fn keyed(self) -> Keyed<Self> {
        Keyed::new(self)
    }
}

/// Where an adaptive one begins.
pub(super) const INITIAL: u32 = 20;

const fn at_least_one(number: u32) -> u32 {
    if number == 0 { 1 } else { number }
}
