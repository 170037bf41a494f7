//! The settings of a breaker, as numbers that are always in range.

use core::time::Duration;

use crate::control::Common;
use crate::time::saturated;

/// Which outcomes a rate is judged on.
///
/// Both kinds slide: nothing older ever counts. A time window may forget up to 1/32 of its length early.
///
/// ```
/// use std::time::Duration;
/// use steadfast::Window;
///
/// assert_eq!(Window::from(100), Window::Calls(100));
/// assert_eq!(Window::from(Duration::from_secs(30)), Window::Duration(Duration::from_secs(30)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// The last N outcomes, from 1 to 65,536.
    Calls(u32),
    /// The outcomes of the last so long.
    Duration(Duration),
}

impl From<u32> for Window {
    fn from(calls: u32) -> Self {
        Self::Calls(calls)
    }
}

impl From<Duration> for Window {
    fn from(duration: Duration) -> Self {
        Self::Duration(duration)
    }
}

/// How a call counts that was dropped by somebody else before it ended.
///
/// A call dropped by a timeout of this crate is a failure in any case, and one older than `slow_call` is a slow one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Abandoned {
    /// Not at all: whoever dropped it had other reasons.
    #[default]
    Neutral,
    /// As a failure.
    Failure,
}

/// What opens a closed circuit, slow calls apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Trip {
    Consecutive(u32),
    Rate(f64),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) common: Common,
    pub(super) trip: Trip,
    pub(super) window: Window,
    /// As long as the window where it was not set and that is shorter.
    pub(super) min_calls: Option<u32>,
    /// [`NEVER`] where slow calls are not looked for.
    pub(super) slow_call: u64,
    pub(super) slow_call_rate: f64,
    pub(super) reset_timeout: u64,
    /// Zero where it was not set.
    pub(super) max_reset_timeout: u64,
    pub(super) success_threshold: u32,
    pub(super) max_probes: u32,
    probe_timeout: Option<u64>,
    pub(super) abandoned: Abandoned,
}

/// A [`Window`] in the numbers it is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Calls(u32),
    /// The width of one of its [`BUCKETS`], in nanoseconds.
    Buckets(u64),
}

/// Into how many buckets a time window is divided.
// A model is too slow for more.
pub(super) const RING: usize = if cfg!(steadfast_loom) { 2 } else { 32 };
pub(crate) const BUCKETS: u64 = RING as u64;

pub(super) const MAX_CALLS: u32 = 65_536;
const MIN_CALLS: u32 = 20;
pub(super) const NEVER: u64 = u64::MAX;
const SECOND: u64 = 1_000_000_000;

impl Settings {
    pub(super) const DEFAULT: Self = Self {
        common: Common::DEFAULT,
        trip: Trip::Consecutive(5),
        window: Window::Calls(100),
        min_calls: None,
        slow_call: NEVER,
        slow_call_rate: 1.0,
        reset_timeout: 30 * SECOND,
        max_reset_timeout: 0,
        success_threshold: 1,
        max_probes: 1,
        probe_timeout: None,
        abandoned: Abandoned::Neutral,
    };

    pub(super) const fn span(&self) -> Span {
        match self.window {
            Window::Calls(calls) => Span::Calls(if calls > MAX_CALLS { MAX_CALLS } else { at_least_one(calls) }),
            Window::Duration(duration) => {
                let width = saturated(duration) / BUCKETS;
                Span::Buckets(if width == 0 { 1 } else { width })
            }
        }
    }

    /// The width of a bucket of a time window; 0 for any other.
    pub(super) const fn width(&self) -> u64 {
        match self.span() {
            Span::Calls(_) => 0,
            Span::Buckets(width) => width,
        }
    }

    pub(super) const fn set_min_calls(&mut self, calls: u32) {
        self.min_calls = Some(at_least_one(calls));
    }

    pub(super) const fn set_max_reset_timeout(&mut self, duration: Duration) {
        self.max_reset_timeout = saturated(duration);
    }

    pub(super) const fn set_probe_timeout(&mut self, duration: Duration) {
        self.probe_timeout = Some(saturated(duration));
    }

    /// On how many outcomes a rate may be judged.
    pub(super) fn min_calls(&self) -> u64 {
        let least = self.min_calls.unwrap_or(MIN_CALLS);
        match self.span() {
            Span::Calls(calls) => least.min(calls).into(),
            Span::Buckets(_) => least.into(),
        }
    }

    /// Whether the length of each call is measured.
    #[inline]
    pub(super) const fn measures_calls(&self) -> bool {
        self.slow_call != NEVER
    }

    /// Whether outcomes are kept at all.
    pub(super) const fn keeps_outcomes(&self) -> bool {
        matches!(self.trip, Trip::Rate(_)) || self.measures_calls()
    }

    /// Whether even a success must read the clock.
    pub(super) const fn is_timed(&self) -> bool {
        self.measures_calls() || (self.keeps_outcomes() && matches!(self.window, Window::Duration(_)))
    }

    /// How long the circuit stays open after a recovery that failed, where it was open for `last` before.
    pub(super) fn longer_than(&self, last: u64) -> u64 {
        last.saturating_mul(2).min(self.max_reset_timeout).max(self.reset_timeout)
    }

    /// How long an open period is with these settings that was of length `last` with those before.
    #[cfg(any(feature = "registry", steadfast_loom))]
    pub(super) fn instead_of(&self, last: u64, before: &Self) -> u64 {
        if (self.reset_timeout, self.max_reset_timeout) == (before.reset_timeout, before.max_reset_timeout) {
            last
        } else if last == before.reset_timeout {
            self.reset_timeout
        } else {
            last.min(self.max_reset_timeout).max(self.reset_timeout)
        }
    }

    /// When the place of a probe may be given to another.
    pub(super) fn probe_timeout(&self) -> u64 {
        // A circuit that is half-open at once still limits its probes.
        let by_default = if self.reset_timeout == 0 { SECOND } else { self.reset_timeout };
        self.probe_timeout.unwrap_or(by_default)
    }
}

pub(super) const fn at_least_one(n: u32) -> u32 {
    if n == 0 { 1 } else { n }
}

/// A share that can be reached: what is too low means "any", what is too high or no number means "all".
pub(super) const fn share(rate: f64) -> f64 {
    if rate <= 0.0 {
        f64::MIN_POSITIVE
    } else if rate <= 1.0 {
        rate
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_clamped() {
        assert!(share(-1.0) > 0.0 && share(-1.0) < 1e-300);
        assert!((share(0.25) - 0.25).abs() < f64::EPSILON);
        for rate in [1.5, f64::INFINITY, f64::NAN] {
            assert!((share(rate) - 1.0).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn windows_are_taken_to_the_nearest_in_range() {
        for (window, span) in [
            (Window::Calls(0), Span::Calls(1)),
            (Window::Calls(100), Span::Calls(100)),
            (Window::Calls(MAX_CALLS), Span::Calls(MAX_CALLS)),
            (Window::Calls(MAX_CALLS + 1), Span::Calls(MAX_CALLS)),
            (Window::Calls(u32::MAX), Span::Calls(MAX_CALLS)),
            (Window::Duration(Duration::ZERO), Span::Buckets(1)),
            (Window::Duration(Duration::from_nanos(BUCKETS * 7)), Span::Buckets(7)),
            (Window::Duration(Duration::MAX), Span::Buckets(u64::MAX / BUCKETS)),
        ] {
            let settings = Settings { window, ..Settings::DEFAULT };
            assert_eq!(settings.span(), span, "{window:?}");
        }
    }

    #[test]
    fn c11_the_open_time_doubles_up_to_its_limit() {
        let mut settings = Settings { reset_timeout: 10, ..Settings::DEFAULT };
        assert_eq!(settings.longer_than(10), 10);
        settings.set_max_reset_timeout(Duration::from_nanos(35));
        assert_eq!(settings.longer_than(10), 20);
        assert_eq!(settings.longer_than(20), 35);
        settings.set_max_reset_timeout(Duration::MAX);
        assert_eq!(settings.longer_than(u64::MAX - 1), u64::MAX);
    }
}
