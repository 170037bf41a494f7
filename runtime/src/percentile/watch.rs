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

    /// The call has an outcome: its own, or a rejection from beneath.
    #[inline]
    pub(crate) fn end(&mut self, returned: bool) {
        let (began, now) = (self.began, time::nanos());
        self.began = NEVER;
        if returned {
            self.percentile.record_at(now, now.saturating_sub(began));
        } else {
            self.percentile.record_at_least_at(now, now.saturating_sub(began));
        }
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
            return self.end(false);
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
