//! The rate limit: so many calls in a time, and no more than a burst of them at once.
//!
//! Its state is one number in one atomic, and what a call makes of it is arithmetic ([`gcra`]): a call that passes at
//! once is a clock read and a compare-and-swap. Only calls that wait meet in a queue ([`queue`]), behind a mutex under
//! which no user code runs. Each of them has its permit from the start, so that nobody who comes later can take it.

#![cfg_attr(not(feature = "registry"), allow(clippy::needless_borrow, reason = "what is in force is a reference here"))]

mod bucket;
mod build;
mod call;
mod forced;
mod gcra;
pub(crate) mod layer;
#[cfg(feature = "registry")]
mod managed;
#[cfg(steadfast_loom)]
mod models;
mod queue;
#[cfg(test)]
mod tests;
mod wait;

use core::fmt;
use core::time::Duration;

#[cfg(feature = "registry")]
use crate::control::Control;
use crate::event::{Decision, PolicyKind, announce, announce_rejection};
use crate::name::Name;
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::{AtomicU64, Ordering};
use crate::{clock, scope, time};

use self::bucket::Bucket;
use self::forced::Forced;
use self::gcra::Later;
use self::queue::{Place, Queue};

#[cfg(not(feature = "registry"))]
type Current<'l> = &'l Bucket;
#[cfg(feature = "registry")]
type Current<'l> = managed::Current<'l>;

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
    /// The one in force, while nothing is put over the settings.
    bucket: Bucket,
    /// The one in force otherwise. Whoever changes that holds the lock of the queue.
    #[cfg(feature = "registry")]
    over: Control<Bucket>,
    name: Name,
    rejected: AtomicU64,
    #[cfg(feature = "registry")]
    totals: crate::tally::Totals<2>,
    queue: Queue,
}

/// What can be seen of it.
impl RateLimit {
    /// How many calls could pass at once now.
    pub fn available(&self) -> u32 {
        let (bucket, number) = self.read();
        match Forced::of(number) {
            None => u32::try_from(bucket.gcra.available(number, bucket.now())).unwrap_or(u32::MAX),
            Some(Forced::Open) => 0,
            Some(_) => u32::MAX,
        }
    }

    /// How long it is until a call that asked now would have its permit; `None` where there is one, and
    /// [`Duration::MAX`] where that is not known, since it was [forced open](Self::force_open).
    pub fn retry_after(&self) -> Option<Duration> {
        let (bucket, number) = self.read();
        match Forced::of(number) {
            None => {
                let now = time::nanos();
                let later = bucket.gcra.pass(number, bucket.gcra.ticks(now)).err()?;
                Some(bucket.until(later.at, now))
            }
            Some(Forced::Open) => Some(Duration::MAX),
            Some(_) => None,
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
        let (bucket, number) = self.read();
        number <= bucket.now() || Forced::of(number) == Some(Forced::Off)
    }

    /// Whether it keeps calls away at this moment.
    pub(crate) fn is_rejecting(&self) -> bool {
        let (bucket, number) = self.read();
        match Forced::of(number) {
            None => !bucket.settings.common.shadow && bucket.gcra.available(number, bucket.now()) == 0,
            forced => forced == Some(Forced::Open),
        }
    }

    /// Takes a permit, if there is one.
    #[inline]
    fn take(&self) -> bool {
        #[cfg(feature = "registry")]
        if self.over.is_altered() {
            return self.take_elsewhere();
        }
        let is_taken = self.bucket.take();
        if is_taken {
            self.count_admitted();
        }
        is_taken
    }

    #[cfg(feature = "registry")]
    #[inline(never)]
    fn take_elsewhere(&self) -> bool {
        let is_taken = self.current().take();
        if is_taken {
            self.count_admitted();
        }
        is_taken
    }

    #[cfg(not(feature = "registry"))]
    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_admitted(&self) {}

    #[cfg(not(feature = "registry"))]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_rejected(&self) {}

    /// The bucket in force. What it says is right as long as its number does not say that it has been replaced.
    #[cfg(not(feature = "registry"))]
    const fn current(&self) -> &Bucket {
        &self.bucket
    }

    /// The bucket in force and its number.
    fn read(&self) -> (Current<'_>, u64) {
        loop {
            let bucket = self.current();
            let number = bucket.number.load(Ordering::Acquire);
            if number != Forced::Replaced.number() {
                return (bucket, number);
            }
            // Whoever replaces it holds the lock until the other one is there.
            self.queue.settle();
        }
    }

    /// Rejects a call that found no permit; in shadow it passes without one.
    #[cold]
    #[inline(never)]
    fn refuse(&self) -> Result<(), Rejection> {
        let refused = self.refused(|bucket, later, now| Err(self.rejection(bucket, later, now)));
        refused.or_else(|rejection| self.answer(rejection))
    }

    /// Gives a call that found no permit a place among those who wait, if its turn comes in time.
    #[cold]
    #[inline(never)]
    fn line_up(&self) -> Result<Option<Place<'_>>, Rejection> {
        if self.current().max_wait == 0 {
            return self.refuse().map(|()| None);
        }
        self.queue.enter(self).or_else(|rejection| self.answer(rejection).map(|()| None))
    }

    /// What becomes of a call that found no permit, unless there is one after all.
    fn refused<T: Default>(
        &self,
        otherwise: impl Fn(&Bucket, Later, u64) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        loop {
            let (bucket, number) = self.read();
            match Forced::of(number) {
                None => {}
                Some(Forced::Open) => return Err(self.bare_rejection()),
                Some(_) => return Ok(T::default()),
            }
            let now = time::nanos();
            let ticks = bucket.gcra.ticks(now);
            match bucket.gcra.pass(number, ticks) {
                Ok(next) if bucket.swap(number, next) => {
                    self.count_admitted();
                    return Ok(T::default());
                }
                Ok(_) => {}
                Err(_) if bucket.gcra.is_ahead(number, ticks, 0) && self.queue.begins_anew(self, number) => {}
                Err(later) => return otherwise(&bucket, later, now),
            }
        }
    }

    fn forced(&self) -> Option<Forced> {
        Forced::of(self.read().1)
    }

    fn rejection(&self, bucket: &Bucket, later: Later, now: u64) -> Rejection {
        self.bare_rejection().with_retry_after(bucket.until(later.at, now))
    }

    /// Tells of a rejection, which was made under a lock.
    fn told(&self, rejection: Rejection) -> Rejection {
        announce_rejection(self.name, PolicyKind::RateLimit, rejection)
    }

    /// As [`told`](Self::told); in shadow the call passes, unless somebody has forced that none does.
    fn answer(&self, rejection: Rejection) -> Result<(), Rejection> {
        let passes = {
            let (bucket, number) = self.read();
            bucket.settings.common.shadow && Forced::of(number) != Some(Forced::Open)
        };
        if !passes {
            return Err(self.told(rejection));
        }
        announce(self.name, PolicyKind::RateLimit, || Decision::WouldReject(rejection));
        Ok(())
    }

    /// Without a time, which nobody knows.
    fn bare_rejection(&self) -> Rejection {
        self.rejected.fetch_add(1, Ordering::Relaxed);
        self.count_rejected();
        Rejection::new(RejectionKind::RateLimited, self.name)
    }
}

impl Bucket {
    /// Whether a call may wait so long.
    fn may_wait(&self, wait: Duration) -> bool {
        let in_time = |deadline| clock::after(clock::now(), wait).is_some_and(|end| end < deadline);
        wait <= Duration::from_nanos(self.max_wait) && scope::deadline().is_none_or(in_time)
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("name", &self.name)
            .field("settings", &self.current().settings)
            .field("available", &self.available())
            .field("waiting", &self.waiting())
            .finish_non_exhaustive()
    }
}
