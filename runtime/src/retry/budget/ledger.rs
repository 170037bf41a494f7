//! The counts of a budget: a sequential machine that is told the time.

use super::{BudgetCounts, Limits, WHOLE};
use crate::circuit_breaker::shards::{BUCKETS, Shards};

/// One more than the calls need: a retry counts to its very end, and may lie in the bucket before the window's first.
#[expect(clippy::cast_possible_truncation, reason = "a small number")]
const KEPT: usize = BUCKETS as usize + 1;

pub(super) struct Ledger {
    /// The clock as it was read last, in nanoseconds.
    clock: u64,
    /// How far time here is ahead of the clock, in whole buckets: as far as that has ever gone back. So time here never
    /// does.
    ahead: u64,
    now: u64,
    buckets: [Bucket; KEPT],
    /// In all: whoever watches a counter does not see it go back.
    pub(super) refused: u64,
    /// Those of them before the last reset.
    refused_before: u64,
    /// Tells grants from before a reset.
    generation: u32,
}

#[derive(Clone, Copy)]
struct Bucket {
    number: u64,
    calls: u64,
    retries: u64,
    /// When the last of the retries was granted.
    last_retry: u64,
}

/// Where a granted retry was counted.
#[derive(Debug)]
pub(super) struct Grant {
    number: u64,
    generation: u32,
}

impl Ledger {
    pub(super) const fn new() -> Self {
        Self {
            clock: 0,
            ahead: 0,
            now: 0,
            buckets: [Bucket::new(0); KEPT],
            refused: 0,
            refused_before: 0,
            generation: 0,
        }
    }

    /// Moves on to the present, and takes over the calls that were counted meanwhile.
    pub(super) fn advance(&mut self, clock: u64, calls: &Shards, limits: &Limits) {
        let width = limits.width;
        let back = self.clock.saturating_sub(clock).div_ceil(width);
        self.ahead = self.ahead.saturating_add(back.saturating_mul(width));
        self.clock = clock;
        self.now = clock.saturating_add(self.ahead);
        let present = self.now / width;
        calls.drain(clock / width, limits.generation(), |number, calls| {
            let bucket = self.bucket(number.saturating_add(self.ahead / width).min(present));
            bucket.calls = bucket.calls.saturating_add(calls);
        });
    }

    pub(super) fn take(&mut self, limits: &Limits) -> Option<Grant> {
        if self.balance(limits) == 0 {
            self.refused = self.refused.saturating_add(1);
            return None;
        }
        let (now, generation) = (self.now, self.generation);
        let bucket = self.bucket(now / limits.width);
        bucket.retries += 1;
        bucket.last_retry = now;
        Some(Grant { number: bucket.number, generation })
    }

    pub(super) fn give_back(&mut self, grant: &Grant) {
        let bucket = &mut self.buckets[slot(grant.number)];
        if bucket.number == grant.number && self.generation == grant.generation {
            bucket.retries = bucket.retries.saturating_sub(1);
        }
    }

    /// Only whole retries are granted, and the product is exact: what is left over is neither lost nor rounded up.
    pub(super) fn balance(&self, limits: &Limits) -> u64 {
        if !limits.common.enabled {
            return u64::MAX;
        }
        let counts = self.counts(limits);
        let window = u128::from(limits.width) * u128::from(BUCKETS);
        // A second has as many nanoseconds as a retry has parts.
        let reserve = u128::from(limits.min_per_second) * window;
        let parts = (u128::from(limits.ratio) * u128::from(counts.calls)).saturating_add(reserve);
        let balance = (parts / u128::from(WHOLE)).saturating_sub(counts.retries.into());
        u64::try_from(balance).unwrap_or(u64::MAX)
    }

    pub(super) fn counts(&self, limits: &Limits) -> BudgetCounts {
        let present = self.now / limits.width;
        let window = limits.width * BUCKETS;
        let refused = self.refused.saturating_sub(self.refused_before);
        let mut counts = BudgetCounts { calls: 0, retries: 0, refused };
        for bucket in &self.buckets {
            if present.saturating_sub(bucket.number) < BUCKETS {
                counts.calls = counts.calls.saturating_add(bucket.calls);
            }
            if self.now.saturating_sub(bucket.last_retry) < window {
                counts.retries = counts.retries.saturating_add(bucket.retries);
            }
        }
        counts
    }

    pub(super) fn reset(&mut self) {
        self.buckets = [Bucket::new(0); KEPT];
        self.refused_before = self.refused;
        self.generation = self.generation.wrapping_add(1);
    }

    /// Goes on with buckets of another length: what is in the window stays there, to within one of them. A retry that waits
    /// can be given back no more.
    #[cfg(feature = "registry")]
    pub(super) fn resize(&mut self, from: u64, width: u64) {
        let before = self.buckets;
        self.buckets = [Bucket::new(0); KEPT];
        self.generation = self.generation.wrapping_add(1);
        self.ahead = self.ahead.div_ceil(width).saturating_mul(width);
        self.now = self.clock.saturating_add(self.ahead);
        let present = self.now / width;
        for old in before {
            let (called, retried) = (old.number.saturating_mul(from) / width, old.last_retry / width);
            if old.calls > 0 && present.saturating_sub(called) < KEPT as u64 {
                let bucket = self.bucket(called);
                bucket.calls = bucket.calls.saturating_add(old.calls);
            }
            if old.retries > 0 && present.saturating_sub(retried) < KEPT as u64 {
                let bucket = self.bucket(retried);
                bucket.retries = bucket.retries.saturating_add(old.retries);
                bucket.last_retry = bucket.last_retry.max(old.last_retry);
            }
        }
    }

    fn bucket(&mut self, number: u64) -> &mut Bucket {
        let bucket = &mut self.buckets[slot(number)];
        if bucket.number != number {
            *bucket = Bucket::new(number);
        }
        bucket
    }
}

impl Bucket {
    const fn new(number: u64) -> Self {
        Self { number, calls: 0, retries: 0, last_retry: 0 }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a remainder of a small number")]
const fn slot(number: u64) -> usize {
    (number % KEPT as u64) as usize
}
