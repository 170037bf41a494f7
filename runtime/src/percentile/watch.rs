//! The measuring of one call.

use tokio::time::Instant;

use super::{NEVER, Percentile};
use crate::{clock, time};

/// Measures a call, and reports it exactly once. Dropped while the call is under way, it has taken at least so long.
#[derive(Debug)]
pub(crate) struct Watch<'p> {
    pub(crate) percentile: &'p Percentile,
    /// [`NEVER`] before the call and after it.
    began: u64,
}

impl<'p> Watch<'p> {
    pub(crate) const fn new(percentile: &'p Percentile) -> Self {
        Self { percentile, began: NEVER }
    }

    #[inline]
    pub(crate) fn is_running(&self) -> bool {
        self.began != NEVER
    }

    /// The call begins: now, also as one number.
    #[inline]
    pub(crate) fn begin(&mut self) -> (Instant, u64) {
        let now = clock::now();
        self.began = time::of(now);
        (now, self.began)
    }

    /// How long the call has taken by now, where somebody wants to know.
    #[cold]
    pub(crate) fn elapsed(&self) -> Option<u64> {
        cfg!(feature = "metrics").then(|| time::nanos().saturating_sub(self.began))
    }

    /// The call has an outcome: its own, or a rejection from beneath. How long it took.
    #[inline]
    pub(crate) fn end(&mut self, returned: bool) -> u64 {
        let (began, now) = (self.began, time::nanos());
        self.began = NEVER;
        let took = now.saturating_sub(began);
        if returned {
            self.percentile.record_at(now, took);
        } else {
            self.percentile.record_at_least_at(now, took);
        }
        took
    }

    /// The call is given up, since another one has won.
    #[cold]
    pub(crate) fn lose(&mut self) {
        if self.is_running() {
            let (began, now) = (self.began, time::nanos());
            self.began = NEVER;
            self.percentile.record_lost_at(now, now.saturating_sub(began));
        }
    }

    /// The call took longer than it may: than its own limit, or than a deadline that was given and came first. That one
    /// says no more of the call than a caller who goes away.
    #[cold]
    pub(crate) fn cut(&mut self, own: Option<Instant>) {
        let now = clock::now();
        if own.is_none_or(|own| now < own) {
            self.end(false);
            return;
        }
        self.began = NEVER;
        self.percentile.record_cut_at(time::of(now));
    }
}

impl Drop for Watch<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.is_running() {
            self.end(false);
        }
    }
}
