//! A bucket: its one number, the arithmetic that goes with it, and the settings it is made of. They change together, so
//! that where other settings are put over those that were given, all of it is another one.

use core::time::Duration;

use super::forced::Forced;
use super::gcra::{self, Gcra};
use crate::control::Common;
use crate::sync::{AtomicU64, Ordering};
use crate::time;

/// As they were given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) common: Common,
    pub(super) permits: u32,
    pub(super) per: Duration,
    /// As many as `permits` where it was not set.
    pub(super) burst: Option<u32>,
    pub(super) max_wait: Duration,
}

impl Settings {
    pub(super) const fn burst(&self) -> u32 {
        match self.burst {
            Some(burst) => burst,
            None => self.permits,
        }
    }
}

pub(super) struct Bucket {
    /// See [`gcra`], and [`Forced`] for what it may say besides.
    pub(super) number: AtomicU64,
    pub(super) gcra: Gcra,
    /// In nanoseconds; zero where nobody waits.
    pub(super) max_wait: u64,
    pub(super) settings: Settings,
}

impl Bucket {
    /// A full one.
    pub(super) const fn new(settings: Settings) -> Self {
        Self::with(settings, if settings.common.enabled { 0 } else { Forced::Off.number() })
    }

    pub(super) const fn with(settings: Settings, number: u64) -> Self {
        let Settings { permits, per, max_wait, .. } = settings;
        Self {
            number: AtomicU64::new(number),
            gcra: Gcra::new(permits, per, settings.burst()),
            max_wait: if max_wait.is_zero() { 0 } else { gcra::clamped(max_wait) },
            settings,
        }
    }

    /// Takes a permit, if there is one.
    #[inline]
    pub(super) fn take(&self) -> bool {
        loop {
            // Before the clock: it then says no less than it did to whoever wrote this.
            let number = self.number.load(Ordering::Acquire);
            let Ok(next) = self.gcra.pass(number, self.now()) else { return false };
            if self.swap(number, next) {
                return true;
            }
        }
    }

    #[inline]
    pub(super) fn swap(&self, from: u64, to: u64) -> bool {
        self.number.compare_exchange_weak(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    #[inline]
    pub(super) fn now(&self) -> u64 {
        self.gcra.ticks(time::nanos())
    }

    /// How long it is from `now`, in nanoseconds, to a time in ticks.
    pub(super) fn until(&self, at: u64, now: u64) -> Duration {
        Duration::from_nanos(self.gcra.nanos(at).saturating_sub(now))
    }

    /// How many permits may be taken ahead by calls that do not stand in the queue: in shadow they pass at once.
    pub(super) fn most_ahead(&self) -> u64 {
        if self.settings.common.shadow { self.gcra.permits_in(self.max_wait).saturating_add(1) } else { 0 }
    }
}
