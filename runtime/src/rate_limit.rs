//! The rate limit: so many calls in a time, and no more than a burst of them at once.
//!
//! Its state is one number in one atomic, and what a call makes of it is arithmetic ([`gcra`]): a call that passes at
//! once is a clock read and a compare-and-swap. Only calls that wait meet in a queue ([`queue`]), behind a mutex under
//! which no user code runs. Each of them has its permit from the start, so that nobody who comes later can take it.

mod call;
mod forced;
mod gcra;
pub(crate) mod layer;
#[cfg(steadfast_loom)]
mod models;
mod queue;
#[cfg(test)]
mod tests;
mod wait;

use core::fmt;
use core::time::Duration;

use crate::control::Common;
use crate::event::{PolicyKind, announce_rejection};
use crate::keyed::Keyed;
use crate::name::Name;
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::{AtomicU64, Ordering};
use crate::{clock, scope, time};

use self::forced::Forced;
use self::gcra::{Gcra, Later};
use self::queue::{Place, Queue};

/// Lets so many calls pass in a time, and rejects the others or lets them wait.
///
/// It is a bucket of [`burst`](Self::burst) permits, full at first; each call takes one, and `permits` of them come back
/// evenly over [`per`](Self::per). So at most `burst` calls pass at once, however long nobody called before, and on
/// average `permits` in each `per`. A call that finds none is rejected, and told
/// [when there will be one](Rejection::retry_after), or waits for it for at most [`max_wait`](Self::max_wait).
///
/// It is a value that is `const` to make, so that it can stand in a `static` or in a field. It can't be cloned: one
/// limit is one state, to be shared by reference or `Arc`. Settings out of range are taken to the nearest in range.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{RateLimit, Rejection};
///
/// static GEOCODER: RateLimit = RateLimit::new(2).per(Duration::from_secs(10)).name("geocoder");
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// for _ in 0..2 {
///     let place: Result<&str, Rejection> = GEOCODER.call(async { Ok("here") }).await;
///     assert_eq!(place, Ok("here"));
/// }
/// let rejected: Result<&str, Rejection> = GEOCODER.call(async { Ok("here") }).await;
/// assert_eq!(rejected.unwrap_err().retry_after(), Some(Duration::from_secs(5)));
///
/// tokio::time::advance(Duration::from_secs(5)).await;
/// assert_eq!(GEOCODER.available(), 1);
/// # }
/// ```
pub struct RateLimit {
    /// See [`gcra`].
    number: AtomicU64,
    gcra: Gcra,
    /// In nanoseconds; zero where nobody waits.
    max_wait: u64,
    settings: Settings,
    name: Name,
    rejected: AtomicU64,
    queue: Queue,
}

/// As they were given; `gcra` is made of them.
#[derive(Debug, Clone, Copy)]
struct Settings {
    permits: u32,
    per: Duration,
    burst: Option<u32>,
    common: Common,
}

impl Settings {
    const fn gcra(self) -> Gcra {
        let burst = match self.burst {
            Some(burst) => burst,
            None => self.permits,
        };
        Gcra::new(self.permits, self.per, burst)
    }
}

/// Settings, each with its default.
///
/// ```
/// use std::time::Duration;
/// use steadfast::RateLimit;
///
/// static SEARCH: RateLimit = RateLimit::new(600)
///     .per(Duration::from_secs(60))
///     .burst(20)
///     .max_wait(Duration::from_millis(500))
///     .name("search");
/// ```
impl RateLimit {
    /// So many calls a second, all of them at once if need be. 0 means 1.
    pub const fn new(permits: u32) -> Self {
        let settings = Settings { permits, per: Duration::from_secs(1), burst: None, common: Common::DEFAULT };
        Self::with(settings, 0, Name::UNNAMED)
    }

    const fn with(settings: Settings, max_wait: u64, name: Name) -> Self {
        Self {
            number: AtomicU64::new(0),
            gcra: settings.gcra(),
            max_wait,
            settings,
            name,
            rejected: AtomicU64::new(0),
            queue: Queue::new(),
        }
    }

    /// Another one with the same settings, and a state of its own.
    pub(crate) const fn fresh(&self) -> Self {
        Self::with(self.settings, self.max_wait, self.name)
    }

    /// The time in which the permits come back; a second by default. Zero means a nanosecond.
    pub const fn per(mut self, per: Duration) -> Self {
        self.settings.per = per;
        self.gcra = self.settings.gcra();
        self
    }

    /// How many calls pass at once after a time without calls; as many as `permits` by default, 0 means 1.
    ///
    /// With a burst of 1 calls are spread evenly: one each `per / permits`.
    pub const fn burst(mut self, calls: u32) -> Self {
        self.settings.burst = Some(calls);
        self.gcra = self.settings.gcra();
        self
    }

    /// How long a call waits for its permit at most, and so in what time the last of the waiting ones passes; not at
    /// all by default. Where it would have to wait longer, or until the [`deadline`](crate::deadline) of a timeout
    /// around it, it is rejected at once.
    pub const fn max_wait(mut self, duration: Duration) -> Self {
        self.max_wait = if duration.is_zero() { 0 } else { gcra::clamped(duration) };
        self
    }

    /// Switched off where this is `false`: every call passes as though it were not there. Forced open or closed it obeys all the
    /// same.
    pub const fn enabled(mut self, enabled: bool) -> Self {
        self.settings.common.enabled = enabled;
        self
    }

    /// In shadow where this is `true`: it decides, counts and tells of its decisions as ever, but every call
    /// passes at once, one that finds no permit without one. A rejection is then told as [`Decision::WouldReject`](crate::Decision::WouldReject).
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

    /// One such limit per key, made when the key is first asked for.
    ///
    /// ```
    /// use steadfast::{Keyed, RateLimit};
    ///
    /// static TENANTS: Keyed<RateLimit> = RateLimit::new(1).keyed().max_keys(500);
    ///
    /// assert!(TENANTS.get("a").try_acquire().is_ok());
    /// assert!(TENANTS.get("a").try_acquire().is_err());
    /// assert!(TENANTS.get("b").try_acquire().is_ok());
    /// ```
    pub const fn keyed(self) -> Keyed<Self> {
        Keyed::new(self)
    }
}

/// What can be seen of it.
impl RateLimit {
    /// How many calls could pass at once now.
    pub fn available(&self) -> u32 {
        let number = self.number.load(Ordering::Acquire);
        match Forced::of(number) {
            None => u32::try_from(self.gcra.available(number, self.now())).unwrap_or(u32::MAX),
            Some(Forced::Open) => 0,
            Some(Forced::Closed) => u32::MAX,
        }
    }

    /// How long it is until a call that asked now would have its permit; `None` where there is one, and
    /// [`Duration::MAX`] where that is not known, since it was [forced open](Self::force_open).
    pub fn retry_after(&self) -> Option<Duration> {
        let number = self.number.load(Ordering::Acquire);
        match Forced::of(number) {
            None => {
                let now = time::nanos();
                let later = self.gcra.pass(number, self.gcra.ticks(now)).err()?;
                Some(self.until(later.at, now))
            }
            Some(Forced::Open) => Some(Duration::MAX),
            Some(Forced::Closed) => None,
        }
    }

    /// How many calls wait for their permit.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// How many calls it has rejected.
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// Its name: the one given, or the path of the function that the attribute stands on.
    pub fn policy(&self) -> &'static str {
        self.name.as_str()
    }

    /// Takes a permit, if there is one; it does not wait.
    ///
    /// ```
    /// use steadfast::RateLimit;
    ///
    /// static MAILS: RateLimit = RateLimit::new(1);
    ///
    /// assert!(MAILS.try_acquire().is_ok());
    /// assert!(MAILS.try_acquire().unwrap_err().is_rate_limited());
    /// ```
    ///
    /// # Errors
    /// A rejection, if there is none.
    #[inline]
    pub fn try_acquire(&self) -> Result<(), Rejection> {
        if self.take() { Ok(()) } else { self.refuse() }
    }

    /// Whether nothing would be lost with it: the bucket is full.
    pub(crate) fn is_full(&self) -> bool {
        self.number.load(Ordering::Acquire) <= self.now()
    }

    /// Takes a permit, if there is one.
    #[inline]
    fn take(&self) -> bool {
        loop {
            // Before the clock: it then says no less than it did to whoever wrote this.
            let number = self.number.load(Ordering::Acquire);
            let Ok(next) = self.gcra.pass(number, self.now()) else { return false };
            if self.swap(number, next) {
                return true;
            }
        }
    }

    /// Rejects a call that found no permit.
    #[cold]
    #[inline(never)]
    fn refuse(&self) -> Result<(), Rejection> {
        self.refused(|later, now| Err(self.rejection(later, now))).map_err(|rejection| self.told(rejection))
    }

    /// Gives a call that found no permit a place among those who wait, if its turn comes in time.
    #[cold]
    #[inline(never)]
    fn line_up(&self) -> Result<Option<Place<'_>>, Rejection> {
        if self.max_wait == 0 {
            return self.refuse().map(|()| None);
        }
        self.queue.enter(self).map_err(|rejection| self.told(rejection))
    }

    /// What becomes of a call that found no permit, unless there is one after all.
    fn refused<T: Default>(&self, otherwise: impl Fn(Later, u64) -> Result<T, Rejection>) -> Result<T, Rejection> {
        loop {
            let number = self.number.load(Ordering::Acquire);
            match Forced::of(number) {
                None => {}
                Some(Forced::Open) => return Err(self.bare_rejection()),
                Some(Forced::Closed) => return Ok(T::default()),
            }
            let now = time::nanos();
            let ticks = self.gcra.ticks(now);
            match self.gcra.pass(number, ticks) {
                Ok(next) if self.swap(number, next) => return Ok(T::default()),
                Ok(_) => {}
                Err(_) if self.gcra.is_ahead(number, ticks, 0) && self.queue.begins_anew(self, number) => {}
                Err(later) => return otherwise(later, now),
            }
        }
    }

    #[inline]
    fn swap(&self, from: u64, to: u64) -> bool {
        self.number.compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    #[inline]
    fn now(&self) -> u64 {
        self.gcra.ticks(time::nanos())
    }

    /// How long it is from `now`, in nanoseconds, to a time in ticks.
    fn until(&self, at: u64, now: u64) -> Duration {
        Duration::from_nanos(self.gcra.nanos(at).saturating_sub(now))
    }

    /// Whether a call may wait so long.
    fn may_wait(&self, wait: Duration) -> bool {
        let in_time = |deadline| clock::after(clock::now(), wait).is_some_and(|end| end < deadline);
        wait <= Duration::from_nanos(self.max_wait) && scope::deadline().is_none_or(in_time)
    }

    fn forced(&self) -> Option<Forced> {
        Forced::of(self.number.load(Ordering::Acquire))
    }

    fn rejection(&self, later: Later, now: u64) -> Rejection {
        self.bare_rejection().with_retry_after(self.until(later.at, now))
    }

    /// Tells of a rejection, which was made under a lock.
    fn told(&self, rejection: Rejection) -> Rejection {
        announce_rejection(self.name, PolicyKind::RateLimit, rejection)
    }

    /// Without a time, which nobody knows.
    fn bare_rejection(&self) -> Rejection {
        self.rejected.fetch_add(1, Ordering::Relaxed);
        Rejection::new(RejectionKind::RateLimited, self.name)
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("name", &self.name)
            .field("settings", &self.settings)
            .field("available", &self.available())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}
