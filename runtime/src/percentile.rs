//! A percentile of recent latencies, for durations that follow them.
//!
//! Recording is an increment and a decrement of atomics ([`histogram`]), reading is a load: the estimate is computed
//! every so many latencies ([`recent`]). Nobody waits for a lock.

mod histogram;
#[cfg(feature = "registry")]
pub(crate) mod managed;
mod recent;
mod settings;
#[cfg(test)]
mod tests;
mod watch;

use core::fmt;
use core::time::Duration;

use crate::control::Common;
use crate::time;

use self::recent::Recent;
use self::settings::Settings;

pub(crate) use self::settings::NEVER;
pub(crate) use self::watch::Watch;

/// A percentile of the latencies of recent calls, times a factor and within bounds: a duration that follows them, as
/// in `#[timeout(percentile(0.99, factor = 2.0, min = "50ms", max = "5s"))]`.
///
/// [`record`](Self::record) takes a latency in, [`current`](Self::current) says what follows from those of the last
/// [`window`](Self::window). While that has fewer than [`min_calls`](Self::min_calls), because the program has just
/// begun, or because nobody calls, nothing is known, and it is [`max`](Self::max).
///
/// It is a value that is `const` to make, so that it can stand in a `static` or in a field. It can't be cloned: it is
/// one state, to be shared by reference or `Arc`. Settings out of range are taken to the nearest in range.
///
/// ```
/// use std::time::Duration;
/// use steadfast::Percentile;
///
/// static LOOKUPS: Percentile =
///     Percentile::new(0.95).factor(2.0).min(Duration::from_millis(10)).max(Duration::from_secs(2));
///
/// assert_eq!(LOOKUPS.current(), Some(Duration::from_secs(2)), "nothing is known yet");
///
/// for millis in 1..=20 {
///     LOOKUPS.record(Duration::from_millis(millis));
/// }
/// let current = LOOKUPS.current().expect("there is a `max`");
/// assert!(current >= 2 * Duration::from_millis(19) && current <= 2 * Duration::from_millis(20));
/// ```
///
/// # Exactness
///
/// The percentile is the latency of the call at that rank among all in the window, no interpolation. It is told to
/// within a 32nd: never too short, and too long by at most 3.2 % and a microsecond. Where it would be more than 72
/// minutes, it is not known.
///
/// It is computed anew when `min_calls` are reached, then every 32 latencies, or every 256th part of what is in the
/// window if that is more, and whenever a quarter of the window has passed. The window slides: nothing older ever
/// counts, and it may forget up to a quarter of its length early. So the calls of a quiet night do not decide on the
/// morning, and after a change of the dependency a longer latency is known as soon as it is that of the share of calls
/// that lies above the percentile; a shorter one when the window has forgotten the longer ones.
///
/// Times are those of tokio's clock. Should that go back by more than the window, as between tests that pause it,
/// everything is forgotten.
///
/// # Cost
///
/// 14 KiB, which the first latency allocates, whatever the number of calls. [`current`](Self::current) and
/// [`record`](Self::record) read the clock and are a few instructions beside, without a lock; every 32nd latency pays
/// for a look at all of them, a microsecond or two.
pub struct Percentile {
    settings: Settings,
    recent: Recent,
}

/// Settings, each with its default.
impl Percentile {
    /// The latency below which this share of the calls lies: `0.99` for the 99th percentile.
    ///
    /// It is kept to nine decimals. What is no number, or above 1, means 1, the longest latency; below 0 is 0, the
    /// shortest.
    pub const fn new(share: f64) -> Self {
        Self { settings: Settings::new(share), recent: Recent::new() }
    }

    /// By how much the percentile is multiplied; 1 by default. Below 0 is 0, and what is no number is 1.
    pub const fn factor(mut self, factor: f64) -> Self {
        self.settings.own.set_factor(factor);
        self
    }

    /// No shorter than this, however short the latencies; zero by default.
    pub const fn min(mut self, duration: Duration) -> Self {
        self.settings.own.set_min(duration);
        self
    }

    /// No longer than this, however long the latencies, even where `min` is longer. It is also what holds until enough
    /// calls were seen. Without one there is no bound, and [`current`](Self::current) is `None` until then.
    pub const fn max(mut self, duration: Duration) -> Self {
        self.settings.own.set_max(duration);
        self
    }

    /// Of how many latencies a percentile is taken at least. By default as many as it takes for one of them to lie
    /// above it, at least 20 and at most 1,000: 20 for `0.95`, 100 for `0.99`. 0 means 1.
    pub const fn min_calls(mut self, calls: u32) -> Self {
        self.settings.own.set_min_calls(calls);
        self
    }

    /// How long a latency counts; a minute by default. A service that is seldom called needs a longer one, so that it
    /// has `min_calls` in it.
    pub const fn window(mut self, duration: Duration) -> Self {
        self.settings.set_window(duration);
        self
    }
}

/// Latencies, and what follows from them.
impl Percentile {
    /// The percentile of the recent latencies, times the factor and within the bounds; [`max`](Self::max) while it is
    /// not known, `None` where there is none.
    #[inline]
    pub fn current(&self) -> Option<Duration> {
        duration(self.current_at(time::nanos()))
    }

    /// The percentile itself, without factor and bounds; `None` while it is not known.
    pub fn estimate(&self) -> Option<Duration> {
        duration(self.recent.estimate(&self.settings, time::nanos()))
    }

    /// How many latencies there are in the window.
    pub fn calls(&self) -> u64 {
        self.recent.calls(&self.settings, time::nanos())
    }

    /// A call took so long.
    #[inline]
    pub fn record(&self, latency: Duration) {
        self.record_at(time::nanos(), time::saturated(latency));
    }

    /// A call was given up after so long, and would have taken longer.
    ///
    /// It counts where that is longer than the percentile is now, and else not at all: a caller that goes away early
    /// says nothing of the latency, but if those did not count that go away late, only the quick calls would be left.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Percentile;
    ///
    /// let median = Percentile::new(0.5).min_calls(3);
    /// for millis in [10, 20, 30] {
    ///     median.record(Duration::from_millis(millis));
    /// }
    /// median.record_at_least(Duration::from_millis(5));
    /// assert_eq!(median.calls(), 3);
    /// median.record_at_least(Duration::from_millis(25));
    /// assert_eq!(median.calls(), 4);
    /// ```
    pub fn record_at_least(&self, latency: Duration) {
        self.record_at_least_at(time::nanos(), time::saturated(latency));
    }

    /// Forgets all latencies.
    pub fn reset(&self) {
        self.recent.forget();
    }

    /// [`current`](Self::current) at this time, in nanoseconds; [`NEVER`] where there is none.
    #[inline]
    pub(crate) fn current_at(&self, now: u64) -> u64 {
        let estimate = self.recent.estimate(&self.settings, now);
        self.settings.in_force(|values| values.bounded(estimate))
    }

    /// The same for the timeout that it is of; `None` where that is switched off.
    #[inline]
    pub(crate) fn limit_at(&self, now: u64) -> Option<u64> {
        let estimate = self.recent.estimate(&self.settings, now);
        self.settings.in_force(|values| values.common.enabled.then(|| values.bounded(estimate)))
    }

    /// Of the timeout that it is of.
    pub(crate) const fn common(&mut self) -> &mut Common {
        &mut self.settings.own.common
    }

    #[inline]
    pub(crate) fn record_at(&self, now: u64, nanos: u64) {
        self.recent.add(&self.settings, now, nanos);
    }

    #[cold]
    pub(crate) fn record_at_least_at(&self, now: u64, nanos: u64) {
        let estimate = self.recent.estimate(&self.settings, now);
        if estimate != NEVER && nanos > estimate {
            self.record_at(now, nanos);
        }
    }

    /// A call of a hedge was given up after so long, since another one has won.
    ///
    /// Where that is no longer than the percentile, it may have taken longer all the same, and is given up because it
    /// did not end early. It counts as one of the recent calls that took longer than it had, whichever: so that of the
    /// lost ones as many lie above the percentile as of all. Were they left out, only quick calls would remain, and the
    /// percentile, and with it the time of the next one, would become shorter and shorter.
    #[cold]
    pub(crate) fn record_lost_at(&self, now: u64, nanos: u64) {
        let estimate = self.recent.estimate(&self.settings, now);
        let longer = if nanos > estimate { nanos } else { self.recent.any_longer(nanos) };
        self.record_at(now, longer);
    }

    /// A call was cut because it took longer than [`current`](Self::current) said.
    ///
    /// Nobody knows how much longer, so it is one of those beyond measure. Were it counted as long as it was let run,
    /// no call could ever show that the limit has become too short, and it would never grow again. As it is, the
    /// estimate is right while no more calls are cut than lie above the percentile. Where more are, it is not known, the
    /// limit is `max`, and calls show how long they take.
    #[cold]
    pub(crate) fn record_cut_at(&self, now: u64) {
        self.record_at(now, NEVER);
        if self.recent.estimate(&self.settings, now) != NEVER {
            self.recent.refresh(&self.settings);
        }
    }
}

fn duration(nanos: u64) -> Option<Duration> {
    (nanos != NEVER).then(|| Duration::from_nanos(nanos))
}

impl fmt::Debug for Percentile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Percentile")
            .field("settings", &self.settings)
            .field("estimate", &self.estimate())
            .field("calls", &self.calls())
            .finish_non_exhaustive()
    }
}
