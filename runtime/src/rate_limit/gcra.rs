//! The arithmetic of the limit: the generic cell rate algorithm, a function of its one number and of the time.
//!
//! The number is when the bucket will be full again. A bucket of `burst` permits that is refilled by one each interval
//! passes a call when the bucket then is full no later than `burst` intervals from now, and the number moves on by one
//! interval. A bucket that has been full for an hour, or a year, is just full: nothing piles up.
//!
//! `per / permits` is seldom a whole number of nanoseconds, and an error of half a nanosecond would show: of three
//! permits a second the third would not be back after exactly a second. So time is counted in *ticks*, of which there
//! is a whole number to an interval and at least one to a nanosecond. Rounded is only the present, down, and nothing
//! adds up.

use core::time::Duration;

use super::forced::Forced;
use crate::time::saturated;

/// The longest time that is told from "never": 73 years, in nanoseconds. All sums of a few such times fit, in ticks.
const LONGEST: u64 = 1 << 61;

/// The last of the numbers of a bucket, to which an interval may still be added.
const MOST: u64 = Forced::Open.number() - 1;

/// How often, and how many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gcra {
    /// Ticks from one permit to the next.
    interval: u64,
    /// Ticks until an empty bucket is full: `burst` intervals.
    full: u64,
    /// A tick is `nanos / ticks` of a nanosecond. They are equal where the interval is a whole number of nanoseconds.
    nanos: u64,
    ticks: u64,
}

/// A call that cannot pass now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Later {
    /// When there will be a permit for it, in ticks.
    pub(super) at: u64,
}

/// What is taken of a bucket in the place of another one.
#[cfg(feature = "registry")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TakenOver {
    pub(super) number: u64,
    /// When those permits will be back that are more than a burst, as though they stood in a bucket of their own.
    pub(super) beyond: u64,
}

impl Gcra {
    /// Everything out of range is taken to the nearest in range: at least one permit, one nanosecond to an interval,
    /// and no bucket that takes longer to fill than [`LONGEST`].
    pub(super) const fn new(permits: u32, per: Duration, burst: u32) -> Self {
        let permits = at_least_one(permits as u64);
        let per = clamped(per);
        // No clock can tell more than a permit each nanosecond.
        let per = if per < permits { permits } else { per };
        let interval = per.div_ceil(permits);
        let most = LONGEST / interval;
        let burst = at_least_one(burst as u64);
        let burst = if burst < most { burst } else { most };
        let burst = at_least_one(burst);
        let ticks = interval * permits;
        Self { interval, full: interval * burst, nanos: per, ticks }
    }

    /// A time in ticks: rounded down, so that no permit is there too soon.
    #[inline]
    pub(super) const fn ticks(&self, nanos: u64) -> u64 {
        let nanos = if nanos < LONGEST { nanos } else { LONGEST };
        if self.nanos == self.ticks { nanos } else { scaled(nanos, self.ticks, self.nanos) }
    }

    /// When a tick is reached, in nanoseconds: rounded up.
    pub(super) const fn nanos(&self, ticks: u64) -> u64 {
        if self.nanos == self.ticks { ticks } else { scaled_up(ticks, self.nanos, self.ticks) }
    }

    /// The number after a call that passes now.
    #[inline]
    pub(super) const fn pass(&self, number: u64, now: u64) -> Result<u64, Later> {
        let from = if number > now { number } else { now };
        let next = from + self.interval;
        if next - now <= self.full { Ok(next) } else { Err(Later { at: next - self.full }) }
    }

    /// The number after a call that passes at a time when [`pass`](Self::pass) says there is a permit for it.
    pub(super) const fn after(&self, Later { at }: Later) -> u64 {
        self.empty(at)
    }

    /// When the next of those who wait has its permit, and the number after it.
    pub(super) const fn next(&self, number: u64, now: u64) -> (u64, u64) {
        match self.pass(number, now) {
            Ok(next) => (now, next),
            Err(later) => (later.at, self.after(later)),
        }
    }

    /// The number before the call whose permit is due at `at`, which it had to wait for.
    #[cfg(feature = "registry")]
    pub(super) const fn before(&self, at: u64) -> u64 {
        self.empty(at).saturating_sub(self.interval)
    }

    /// The number as though the last call to get a permit, due at `at`, had not asked. `None` where that is no
    /// different: the bucket is full without its permit, or the number was set anew.
    pub(super) const fn undone(&self, number: u64, now: u64, at: u64) -> Option<u64> {
        let after = self.empty(at);
        if now < after && after <= number { Some(number - self.interval) } else { None }
    }

    /// Whether no calls could have brought the number so far, of which `waiting` have a permit that is not due: the
    /// clock has gone back. Without this a limit would stay shut until the clock is where it was.
    pub(super) const fn is_ahead(&self, number: u64, now: u64, waiting: u64) -> bool {
        let waiting = self.interval.saturating_mul(waiting);
        number > now.saturating_add(self.full).saturating_add(waiting)
    }

    /// The number of a bucket that is empty at that time. Never one that says something else, however many wait.
    pub(super) const fn empty(&self, now: u64) -> u64 {
        let number = now.saturating_add(self.full);
        if number < MOST { number } else { MOST }
    }

    /// How many permits come back in so many nanoseconds.
    pub(super) const fn permits_in(&self, nanos: u64) -> u64 {
        self.ticks(nanos) / self.interval
    }

    /// What becomes at the time `nanos` of the number of another bucket, of which the same permits are taken: those that
    /// had no room there either, which `beyond` says, included. Rounded is what is taken, up.
    #[cfg(feature = "registry")]
    pub(super) fn taken_over(&self, other: &Self, number: u64, beyond: u64, nanos: u64) -> TakenOver {
        let (now, then) = (self.ticks(nanos), other.ticks(nanos));
        let taken = number.saturating_sub(then).min(other.full).saturating_add(beyond.saturating_sub(then));
        let taken = u128::from(taken) * u128::from(self.interval);
        let taken = u64::try_from(taken.div_ceil(other.interval.into())).unwrap_or(u64::MAX);
        let fits = taken.min(self.full);
        let from_now = |taken: u64| if taken == 0 { 0 } else { now.saturating_add(taken) };
        TakenOver { number: from_now(fits), beyond: from_now(taken - fits) }
    }

    /// How many permits there are.
    pub(super) const fn available(&self, number: u64, now: u64) -> u64 {
        self.full.saturating_sub(number.saturating_sub(now)) / self.interval
    }
}

const fn at_least_one(number: u64) -> u64 {
    if number == 0 { 1 } else { number }
}

/// A duration in nanoseconds, at least one and at most [`LONGEST`].
pub(super) const fn clamped(duration: Duration) -> u64 {
    let nanos = at_least_one(saturated(duration));
    if nanos < LONGEST { nanos } else { LONGEST }
}

/// `number * times / by`, which fits: `times` is less than twice `by`, or much smaller.
#[expect(clippy::cast_possible_truncation, reason = "the factors are as the comment says")]
const fn scaled(number: u64, times: u64, by: u64) -> u64 {
    (number as u128 * times as u128 / by as u128) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "the factors are as the comment says")]
const fn scaled_up(number: u64, times: u64, by: u64) -> u64 {
    (number as u128 * times as u128).div_ceil(by as u128) as u64
}

#[cfg(test)]
mod tests;
