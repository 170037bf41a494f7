//! Making a rate limit: every setting, in a `const` if you like.

use core::time::Duration;

use crate::control::Common;
#[cfg(feature = "registry")]
use crate::control::Control;
use crate::keyed::Keyed;
use crate::name::Name;
use crate::sync::AtomicU64;

use super::RateLimit;
use super::bucket::{Bucket, Settings};
use super::queue::Queue;

/// Settings, each with its default.
///
/// ```
/// use std::time::Duration;
/// use steadfast::RateLimit;
///
/// static SEARCH: RateLimit = RateLimit::new(600)
///     .per(Duration::from_secs(60))
///     .burst(20)
///     .max_wait(Duration::from_millis(500))
///     .name("search");
/// ```
impl RateLimit {
    /// So many calls a second, all of them at once if need be. 0 means 1.
    pub const fn new(permits: u32) -> Self {
        let settings = Settings {
            common: Common::DEFAULT,
            permits,
            per: Duration::from_secs(1),
            burst: None,
            max_wait: Duration::ZERO,
        };
        Self::with(settings, Name::UNNAMED)
    }

    const fn with(settings: Settings, name: Name) -> Self {
        Self {
            bucket: Bucket::new(settings),
            #[cfg(feature = "registry")]
            over: Control::new(),
            name,
            rejected: AtomicU64::new(0),
            #[cfg(feature = "registry")]
            totals: crate::tally::Totals::new(),
            queue: Queue::new(),
        }
    }

    /// Another one with the same settings, those put over them included, and a state of its own.
    pub(crate) fn fresh(&self) -> Self {
        #[cfg_attr(not(feature = "registry"), expect(unused_mut, reason = "nothing is changed"))]
        let mut fresh = Self::with(self.bucket.settings, self.name);
        #[cfg(feature = "registry")]
        {
            fresh.totals = self.totals.same();
            fresh.follow(self);
        }
        fresh
    }

    /// With another setting.
    const fn set(mut self, settings: Settings) -> Self {
        self.bucket = Bucket::new(settings);
        self
    }

    /// The time in which the permits come back; a second by default. Zero means a nanosecond.
    pub const fn per(self, per: Duration) -> Self {
        let settings = Settings { per, ..self.bucket.settings };
        self.set(settings)
    }

    /// How many calls pass at once after a time without calls; as many as `permits` by default, 0 means 1.
    ///
    /// With a burst of 1 calls are spread evenly: one each `per / permits`.
    pub const fn burst(self, calls: u32) -> Self {
        let settings = Settings { burst: Some(calls), ..self.bucket.settings };
        self.set(settings)
    }

    /// How long a call waits for its permit at most, and so in what time the last of the waiting ones passes; not at
    /// all by default. Where it would have to wait longer, or until the [`deadline`](crate::deadline) of a timeout
    /// around it, it is rejected at once.
    pub const fn max_wait(self, duration: Duration) -> Self {
        let settings = Settings { max_wait: duration, ..self.bucket.settings };
        self.set(settings)
    }

    /// Switched off where this is `false`: every call passes as though it were not there, and takes no permit; `true` by
    /// default. One that is switched on again has a full bucket. What is [forced](Self::force_open) is forced all the
    /// same.
    pub const fn enabled(self, enabled: bool) -> Self {
        let mut settings = self.bucket.settings;
        settings.common.enabled = enabled;
        self.set(settings)
    }

    /// In shadow where this is `true`: it decides, counts and tells as ever, but every call passes at once; `false` by
    /// default. One that would have waited takes its permit, and one that would have been rejected takes none, and is told
    /// as [`Decision::WouldReject`](crate::Decision::WouldReject). [Forced open](Self::force_open) it rejects all the same.
    ///
    /// ```
    /// use steadfast::RateLimit;
    ///
    /// static TRIAL: RateLimit = RateLimit::new(1).shadow(true);
    ///
    /// assert!((0..3).all(|_| TRIAL.try_acquire().is_ok()));
    /// assert_eq!(TRIAL.rejected(), 2);
    /// ```
    pub const fn shadow(self, shadow: bool) -> Self {
        let mut settings = self.bucket.settings;
        settings.common.shadow = shadow;
        self.set(settings)
    }

    /// Whether the program cannot do without what it guards; `false` by default.
    pub const fn critical(self, critical: bool) -> Self {
        let mut settings = self.bucket.settings;
        settings.common.critical = critical;
        self.set(settings)
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

    /// One such limit per key, made when the key is first asked for.
    ///
    /// ```
    /// use steadfast::{Keyed, RateLimit};
    ///
    /// static TENANTS: Keyed<RateLimit> = RateLimit::new(1).keyed().max_keys(500);
    ///
    /// assert!(TENANTS.get("a").try_acquire().is_ok());
    /// assert!(TENANTS.get("a").try_acquire().is_err());
    /// assert!(TENANTS.get("b").try_acquire().is_ok());
    /// ```
    pub const fn keyed(self) -> Keyed<Self> {
        Keyed::new(self)
    }
}
