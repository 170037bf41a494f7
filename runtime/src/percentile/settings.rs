//! The settings of a percentile, as numbers that are always in range.

use core::time::Duration;

use crate::control::Common;
use crate::time::saturated;

use super::recent::EPOCHS;

/// No latency and no limit.
pub(crate) const NEVER: u64 = u64::MAX;

/// As finely as a share is kept: exact for every one that has nine decimals.
pub(super) const WHOLE: u64 = 1_000_000_000;

/// Those it was made with, and what is put over them.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) own: Values,
    /// How long an epoch is; the window has [`EPOCHS`] of them. It is the same for good: what was counted is sorted by it.
    pub(super) epoch: u64,
    #[cfg(feature = "registry")]
    pub(super) control: crate::control::Control<Values>,
}

impl Settings {
    pub(super) const fn new(share: f64) -> Self {
        let mut settings = Self {
            own: Values::new(share),
            epoch: 0,
            #[cfg(feature = "registry")]
            control: crate::control::Control::new(),
        };
        settings.set_window(Duration::from_secs(60));
        settings
    }

    pub(super) const fn set_window(&mut self, window: Duration) {
        self.epoch = epoch(window);
    }

    /// Looks at those that are in force, all at once.
    #[inline]
    pub(super) fn in_force<T>(&self, look: impl FnOnce(&Values) -> T) -> T {
        #[cfg(feature = "registry")]
        if self.control.is_altered() {
            return self.altered(look);
        }
        look(&self.own)
    }

    #[cfg(feature = "registry")]
    #[cold]
    #[inline(never)]
    fn altered<T>(&self, look: impl FnOnce(&Values) -> T) -> T {
        let over = self.control.over();
        look(over.as_ref().and_then(|over| over.as_deref()).unwrap_or(&self.own))
    }
}

/// How long an epoch of a window is.
pub(super) const fn epoch(window: Duration) -> u64 {
    let epoch = saturated(window) / EPOCHS;
    if epoch == 0 { 1 } else { epoch }
}

/// What can be changed while the program runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values {
    /// In parts of [`WHOLE`].
    pub(super) share: u64,
    pub(super) factor: f64,
    pub(super) min: u64,
    /// [`NEVER`] where there is none.
    pub(super) max: u64,
    pub(super) min_calls: Option<u32>,
    /// Of the timeout, where it is one's.
    pub(super) common: Common,
}

impl Values {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, and is no NaN")]
    pub(super) const fn new(share: f64) -> Self {
        let share = if share.is_nan() { 1.0 } else { share };
        let parts = (share * 1e9 + 0.5) as u64;
        Self {
            share: if parts > WHOLE { WHOLE } else { parts },
            factor: 1.0,
            min: 0,
            max: NEVER,
            min_calls: None,
            common: Common::DEFAULT,
        }
    }

    pub(super) const fn set_factor(&mut self, factor: f64) {
        self.factor = if factor.is_nan() { 1.0 } else { factor };
    }

    pub(super) const fn set_min(&mut self, min: Duration) {
        self.min = saturated(min);
    }

    pub(super) const fn set_max(&mut self, max: Duration) {
        self.max = saturated(max);
    }

    pub(super) const fn set_min_calls(&mut self, calls: u32) {
        self.min_calls = Some(if calls == 0 { 1 } else { calls });
    }

    /// Below so many calls there is no estimate.
    pub(super) fn min_calls(&self) -> u64 {
        match self.min_calls {
            Some(calls) => calls.into(),
            // As many as it takes for one of them to lie above.
            None => WHOLE.div_ceil((WHOLE - self.share).max(1)).clamp(20, 1_000),
        }
    }

    /// Of how many latencies, which one it is: 1 is the shortest.
    pub(super) fn rank(&self, calls: u64) -> u64 {
        let rank = (u128::from(calls) * u128::from(self.share)).div_ceil(WHOLE.into());
        // No more than `calls`, so that it fits.
        u64::try_from(rank).unwrap_or(calls).max(1)
    }

    /// What follows from an estimate, or from there being none.
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "far less than what a histogram loses")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    pub(super) fn bounded(&self, estimate: u64) -> u64 {
        if estimate == NEVER {
            return self.max;
        }
        ((estimate as f64 * self.factor) as u64).max(self.min).min(self.max)
    }
}
