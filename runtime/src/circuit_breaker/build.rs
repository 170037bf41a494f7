//! Making a breaker: every setting, in a `const` if you like.

use core::time::Duration;

use crate::keyed::Keyed;
use crate::name::Name;
use crate::sync::{AtomicU64, Mutex};

use super::core::Core;
use super::settings::{Settings, Trip, at_least_one, share};
use super::shards::Shards;
use super::word::Word;
use super::{Abandoned, CircuitBreaker, Cold, Locked, StateChange, Window};
use crate::time::saturated;

/// Settings, each with its default.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{CircuitBreaker, Window};
///
/// static SEARCH: CircuitBreaker = CircuitBreaker::new()
///     .name("search")
///     .failure_rate(0.5)
///     .window(Window::Duration(Duration::from_secs(30)))
///     .min_calls(50)
///     .slow_call(Duration::from_secs(2))
///     .slow_call_rate(0.8)
///     .reset_timeout(Duration::from_secs(5))
///     .max_reset_timeout(Duration::from_secs(60));
/// ```
impl CircuitBreaker {
    /// A breaker that opens after 5 consecutive failures, for 30 seconds.
    pub const fn new() -> Self {
        Self::with(Settings::DEFAULT, Name::UNNAMED, None)
    }

    const fn with(settings: Settings, name: Name, on_state_change: Option<fn(&StateChange)>) -> Self {
        Self {
            word: AtomicU64::new(Word::initial(&settings).bits()),
            slow_call: AtomicU64::new(settings.slow_call),
            width: AtomicU64::new(settings.width()),
            open_until: AtomicU64::new(0),
            open_for: AtomicU64::new(0),
            name,
            on_state_change,
            shards: Shards::new(),
            settings,
            cold: Cold {
                locked: Mutex::new(Locked {
                    core: Core::new(),
                    over: None,
                    #[cfg(feature = "registry")]
                    since: 0,
                }),
                rejected: AtomicU64::new(0),
            },
            #[cfg(feature = "registry")]
            totals: super::totals::Counted::new(),
        }
    }

    /// With what the fast paths know of the settings.
    const fn mirrored(mut self) -> Self {
        self.word = AtomicU64::new(Word::initial(&self.settings).bits());
        self.slow_call = AtomicU64::new(self.settings.slow_call);
        self.width = AtomicU64::new(self.settings.width());
        self
    }

    /// Another breaker with the same settings, those put over them included, and a state of its own.
    pub(crate) fn fresh(&self) -> Self {
        #[cfg_attr(not(feature = "registry"), expect(unused_mut, reason = "nothing is changed"))]
        let mut fresh = Self::with(self.settings, self.name, self.on_state_change);
        #[cfg(feature = "registry")]
        {
            fresh.totals = self.totals.same();
            fresh.follow(self);
            fresh.lock().since = crate::time::nanos();
        }
        fresh
    }

    /// The name in events and rejections.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Name::given(name);
        self
    }

    /// Named after the function in which `closure` stands.
    #[doc(hidden)]
    pub const fn inside<F: Fn()>(mut self, closure: &F) -> Self {
        self.name = Name::inside(closure);
        self
    }

    /// How many failures in a row open it; 5 by default. The last of this and [`failure_rate`](Self::failure_rate)
    /// counts.
    pub const fn failure_threshold(mut self, failures: u32) -> Self {
        self.settings.trip = Trip::Consecutive(at_least_one(failures));
        self
    }

    /// Which share of failures in the window opens it, above 0 and up to 1.
    pub const fn failure_rate(mut self, rate: f64) -> Self {
        self.settings.trip = Trip::Rate(share(rate));
        self
    }

    /// Which outcomes rates are judged on; the last 100 by default.
    pub const fn window(mut self, window: Window) -> Self {
        self.settings.window = window;
        self.mirrored()
    }

    /// Judges rates on the last so many outcomes, from 1 to 65,536.
    pub const fn window_calls(self, calls: u32) -> Self {
        self.window(Window::Calls(calls))
    }

    /// Judges rates on the outcomes of the last so long.
    pub const fn window_duration(self, duration: Duration) -> Self {
        self.window(Window::Duration(duration))
    }

    /// On how many outcomes, at least, a rate is judged; 20 by default, or a smaller window of calls.
    pub const fn min_calls(mut self, calls: u32) -> Self {
        self.settings.set_min_calls(calls);
        self
    }

    /// How long a call takes that counts as slow; off by default. A slow probe is a failure.
    pub const fn slow_call(mut self, duration: Duration) -> Self {
        self.settings.slow_call = saturated(duration);
        self.mirrored()
    }

    /// Which share of slow calls in the window opens it, above 0 and up to 1; 1 by default.
    pub const fn slow_call_rate(mut self, rate: f64) -> Self {
        self.settings.slow_call_rate = share(rate);
        self
    }

    /// How long it stays open; 30 seconds by default.
    pub const fn reset_timeout(mut self, duration: Duration) -> Self {
        self.settings.reset_timeout = saturated(duration);
        self
    }

    /// Doubles the open time with each failed recovery, up to this; off by default.
    pub const fn max_reset_timeout(mut self, duration: Duration) -> Self {
        self.settings.set_max_reset_timeout(duration);
        self
    }

    /// How many successes while half-open close it; 1 by default.
    pub const fn success_threshold(mut self, successes: u32) -> Self {
        self.settings.success_threshold = at_least_one(successes);
        self
    }

    /// How many probes may be under way at once while half-open; 1 by default.
    pub const fn max_probes(mut self, probes: u32) -> Self {
        self.settings.max_probes = at_least_one(probes);
        self
    }

    /// After how long a probe without a report loses its place to another; `reset_timeout` by default, or a second
    /// where that is zero. If it reports later in the same half-open period, that still counts.
    pub const fn probe_timeout(mut self, duration: Duration) -> Self {
        self.settings.set_probe_timeout(duration);
        self
    }

    /// How a call counts that is dropped by somebody else before it ended; not at all by default.
    pub const fn abandoned(mut self, abandoned: Abandoned) -> Self {
        self.settings.abandoned = abandoned;
        self
    }

    /// Switched off where this is `false`: every call passes as though it were not there, and nothing is counted; `true` by
    /// default. One that is switched on again begins closed and empty, since what it knew is of another time. What is
    /// [forced](Self::force_open) is forced all the same.
    pub const fn enabled(mut self, enabled: bool) -> Self {
        self.settings.common.enabled = enabled;
        self.mirrored()
    }

    /// In shadow where this is `true`: it decides, counts and tells as ever, but every call passes; `false` by default. A
    /// rejection is then told as [`Decision::WouldReject`](crate::Decision::WouldReject), and the outcome of a call that
    /// passes in spite of it is not looked at. [Forced open](Self::force_open) it rejects all the same.
    ///
    /// ```
    /// use steadfast::{CircuitBreaker, State};
    ///
    /// static TRIAL: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).shadow(true);
    ///
    /// TRIAL.try_acquire()?.failure();
    /// assert_eq!(TRIAL.state(), State::Open);
    /// assert!(TRIAL.try_acquire().is_ok());
    /// assert_eq!(TRIAL.counts().rejected, 1);
    /// # Ok::<(), steadfast::Rejection>(())
    /// ```
    pub const fn shadow(mut self, shadow: bool) -> Self {
        self.settings.common.shadow = shadow;
        self
    }

    /// Whether the program cannot do without what it guards; `false` by default.
    pub const fn critical(mut self, critical: bool) -> Self {
        self.settings.common.critical = critical;
        self
    }

    /// Called after each change of state, outside of any lock.
    pub const fn on_state_change(mut self, listener: fn(&StateChange)) -> Self {
        self.on_state_change = Some(listener);
        self
    }

    /// One such breaker per key, made when the key is first asked for.
    ///
    /// ```
    /// use steadfast::{CircuitBreaker, Keyed};
    ///
    /// static HOSTS: Keyed<CircuitBreaker> = CircuitBreaker::new().failure_threshold(1).keyed().max_keys(500);
    ///
    /// HOSTS.get("a.example").try_acquire().unwrap().failure();
    /// assert!(HOSTS.get("a.example").is_open());
    /// assert!(!HOSTS.get("b.example").is_open());
    /// ```
    pub const fn keyed(self) -> Keyed<Self> {
        Keyed::new(self)
    }
}
