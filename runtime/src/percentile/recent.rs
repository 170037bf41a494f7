//! The latencies of a window that slides, and the estimate from them.
//!
//! The window is a ring of epochs, each with a histogram of its own. When an epoch is over, whoever comes first clears
//! the oldest one and makes it the present; so nothing is older than the window, and up to a quarter of it may have
//! been forgotten. The estimate is computed from all of them, every so many latencies and at the end of an epoch: what
//! a call looks at is one number.

use super::histogram::{Histogram, Octaves};
use super::settings::{NEVER, Settings};
use crate::random;
use crate::sync::{AtomicI64, AtomicU64, Mutex, MutexGuard, OnceLock, Ordering, PoisonError, TryLockError};

#[cfg(steadfast_loom)]
mod models;

/// Into how many epochs a window is divided.
const RING: usize = 4;
pub(super) const EPOCHS: u64 = RING as u64;

/// After how many latencies the estimate is computed anew, at least. Under load it is a share of them, so that the work
/// is next to nothing for each, and the estimate follows while few of the window are new.
const REFRESH: u64 = 32;
const REFRESH_SHARE: u64 = 256;

pub(super) struct Recent {
    /// The number of the present epoch, since the beginning of the clock.
    epoch: AtomicU64,
    /// [`NEVER`] where it is not known.
    estimate: AtomicU64,
    counts: OnceLock<Box<Counts>>,
}

/// What every call writes, apart from what it only reads.
pub(super) struct Counts {
    /// How many latencies are still to come before the estimate is computed anew.
    left: AtomicI64,
    /// On the path of a call it is only tried: whoever finds it taken goes on without.
    turning: Mutex<()>,
    epochs: [Histogram; RING],
}

impl Recent {
    pub(super) const fn new() -> Self {
        Self { epoch: AtomicU64::new(0), estimate: AtomicU64::new(NEVER), counts: OnceLock::new() }
    }

    /// The percentile at this time, in nanoseconds; [`NEVER`] where it is not known.
    #[inline]
    pub(super) fn estimate(&self, settings: &Settings, now: u64) -> u64 {
        if self.is_present(settings, now) || self.turn(settings, now) {
            self.estimate.load(Ordering::Relaxed)
        } else {
            NEVER
        }
    }

    /// Counts a latency. Whether it is time to compute the estimate anew.
    #[inline]
    pub(super) fn add(&self, settings: &Settings, now: u64, nanos: u64) {
        // First, so that the very first epoch is known when there is something to count in: nobody clears it.
        if !self.is_present(settings, now) {
            self.turn(settings, now);
        }
        let counts = self.counts.get_or_init(allocate);
        counts.of(self.epoch.load(Ordering::Acquire)).add(nanos);
        if counts.left.fetch_sub(1, Ordering::Relaxed) <= 1 {
            self.refresh(settings);
        }
    }

    /// Computes the estimate anew, unless somebody else is at it.
    #[cold]
    #[inline(never)]
    pub(super) fn refresh(&self, settings: &Settings) {
        if let Some((counts, _turning)) = self.try_turning() {
            self.compute(counts, settings);
        }
    }

    /// Computes the estimate anew in any case: the settings have changed.
    #[cfg(feature = "registry")]
    pub(super) fn renew(&self, settings: &Settings) {
        if let Some(counts) = self.counts.get() {
            let _turning = counts.turning.lock().unwrap_or_else(PoisonError::into_inner);
            self.compute(counts, settings);
        }
    }

    /// How many latencies there are in the window.
    pub(super) fn calls(&self, settings: &Settings, now: u64) -> u64 {
        let is_present = self.is_present(settings, now) || self.turn(settings, now);
        self.counts.get().filter(|_| is_present).map_or(0, |counts| Octaves::of(&counts.epochs).total())
    }

    /// Of the latencies that are longer than this any one, by chance; this itself where there are none.
    pub(super) fn any_longer(&self, nanos: u64) -> u64 {
        let Some(counts) = self.counts.get() else { return nanos };
        let octaves = Octaves::of(&counts.epochs);
        let (shorter, all) = (octaves.up_to(nanos), octaves.total());
        let longer = all.saturating_sub(shorter);
        if longer == 0 { nanos } else { octaves.ranked(shorter + 1 + random::below(longer)) }
    }

    /// Forgets everything.
    pub(super) fn forget(&self) {
        let Some(counts) = self.counts.get() else { return };
        let _turning = counts.turning.lock().unwrap_or_else(PoisonError::into_inner);
        counts.epochs.iter().for_each(Histogram::clear);
        self.estimate.store(NEVER, Ordering::Relaxed);
        counts.left.store(0, Ordering::Relaxed);
    }

    /// Whether `now` lies in the present epoch.
    #[inline]
    fn is_present(&self, settings: &Settings, now: u64) -> bool {
        let began = self.epoch.load(Ordering::Acquire).wrapping_mul(settings.epoch);
        // Before it began, the difference is more than any epoch.
        now.wrapping_sub(began) < settings.epoch
    }

    /// Goes on to the epoch of `now`, unless somebody else is at it. Whether the estimate is of the window then.
    #[cold]
    #[inline(never)]
    fn turn(&self, settings: &Settings, now: u64) -> bool {
        let new = now / settings.epoch;
        if self.counts.get().is_none() {
            // Others may have counted in a later epoch meanwhile.
            let later = |old: u64| (new > old || old - new >= EPOCHS).then_some(new);
            let _later_or_not = self.epoch.fetch_update(Ordering::AcqRel, Ordering::Acquire, later);
        } else if let Some((counts, _turning)) = self.try_turning() {
            let old = self.epoch.load(Ordering::Relaxed);
            // A thread that has looked at the clock just before another one turned is no clock that goes back.
            let went_back = old.saturating_sub(new) >= EPOCHS;
            if went_back || new > old {
                let over = if went_back { EPOCHS } else { (new - old).min(EPOCHS) };
                for epoch in 0..over {
                    // The ring goes on beneath nothing.
                    counts.of(new.wrapping_sub(epoch)).clear();
                }
                // In this order: whoever sees the epoch takes the estimate to be of it.
                self.compute(counts, settings);
                self.epoch.store(new, Ordering::Release);
            }
        }
        self.epoch.load(Ordering::Acquire).abs_diff(new) < EPOCHS
    }

    fn try_turning(&self) -> Option<(&Counts, MutexGuard<'_, ()>)> {
        let counts = self.counts.get()?;
        match counts.turning.try_lock() {
            Ok(turning) => Some((counts, turning)),
            Err(TryLockError::Poisoned(turning)) => Some((counts, turning.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Under the lock.
    fn compute(&self, counts: &Counts, settings: &Settings) {
        let octaves = Octaves::of(&counts.epochs);
        let calls = octaves.total();
        // Looked at under the lock, so that the last to compute knows the last change of them.
        let (missing, rank) =
            settings.in_force(|values| (values.min_calls().saturating_sub(calls), values.rank(calls)));
        let (estimate, left) =
            if missing == 0 { (octaves.ranked(rank), (calls / REFRESH_SHARE).max(REFRESH)) } else { (NEVER, missing) };
        self.estimate.store(estimate, Ordering::Relaxed);
        counts.left.store(left.cast_signed(), Ordering::Relaxed);
    }
}

impl Counts {
    #[inline]
    fn of(&self, epoch: u64) -> &Histogram {
        &self.epochs[(epoch % EPOCHS) as usize]
    }
}

#[cfg(steadfast_loom)]
impl Counts {
    fn touch(&self) {
        self.left.touch();
        self.epochs.iter().for_each(Histogram::touch);
    }
}

#[cfg(test)]
impl Recent {
    pub(super) fn is_allocated(&self) -> bool {
        self.counts.get().is_some()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, ()> {
        self.counts.get().expect("a latency was counted").turning.lock().expect("nobody panics with it")
    }
}

#[cold]
pub(super) fn allocate() -> Box<Counts> {
    let counts = Box::new(Counts {
        left: AtomicI64::new(0),
        turning: Mutex::new(()),
        epochs: [const { Histogram::new() }; RING],
    });
    #[cfg(steadfast_loom)]
    counts.touch();
    counts
}
