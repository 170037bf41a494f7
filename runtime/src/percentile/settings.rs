//! The settings of a percentile, as numbers that are always in range.

use core::time::Duration;

use crate::time::saturated;

use super::recent::EPOCHS;

/// No latency and no limit.
pub(crate) const NEVER: u64 = u64::MAX;

/// As finely as a share is kept: exact for every one that has nine decimals.
const WHOLE: u64 = 1_000_000_000;

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// In parts of [`WHOLE`].
    share: u64,
    factor: f64,
    min: u64,
    /// [`NEVER`] where there is none.
    max: u64,
    min_calls: Option<u32>,
    /// How long an epoch is; the window has [`EPOCHS`] of them.
    pub(super) epoch: u64,
}

impl Settings {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, and is no NaN")]
    pub(super) const fn new(share: f64) -> Self {
        let share = if share.is_nan() { 1.0 } else { share };
        let parts = (share * 1e9 + 0.5) as u64;
        let mut settings = Self {
            share: if parts > WHOLE { WHOLE } else { parts },
            factor: 1.0,
            min: 0,
            max: NEVER,
            min_calls: None,
            epoch: 0,
        };
        settings.set_window(Duration::from_secs(60));
        settings
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

    pub(super) const fn set_window(&mut self, window: Duration) {
        let epoch = saturated(window) / EPOCHS;
        self.epoch = if epoch == 0 { 1 } else { epoch };
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
