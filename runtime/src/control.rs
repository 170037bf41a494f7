//! What is put over the settings of a policy while the program runs.
//!
//! The settings of an attribute are its defaults. What is put over them by configuration is kept whole, behind one
//! pointer, so that nobody sees half a change; while nothing is, the price is one load.

#[cfg(feature = "registry")]
pub(crate) mod lasting;

#[cfg(feature = "registry")]
use core::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "registry")]
use arc_swap::{ArcSwapOption, Guard};
#[cfg(feature = "registry")]
use std::sync::Arc;

/// What every policy has besides the settings of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Common {
    /// Switched off it lets every call pass as though it were not there.
    pub(crate) enabled: bool,
    /// It decides, counts and reports, but lets calls pass: for what rejects.
    pub(crate) shadow: bool,
    /// Whether the program cannot do without what it guards, for `health`.
    pub(crate) critical: bool,
}

impl Common {
    pub(crate) const DEFAULT: Self = Self { enabled: true, shadow: false, critical: false };

    /// Whether what it decides keeps calls from passing. What somebody forces does in any case.
    #[cfg(feature = "registry")]
    pub(crate) fn may_reject(self) -> bool {
        self.enabled && !self.shadow
    }

    /// With a part of it put over it.
    #[cfg(feature = "registry")]
    pub(crate) fn with(self, over: CommonPart) -> Self {
        Self {
            enabled: over.enabled.unwrap_or(self.enabled),
            shadow: over.shadow.unwrap_or(self.shadow),
            critical: over.critical.unwrap_or(self.critical),
        }
    }
}

/// As much of it as is given, or put over what is.
#[cfg(feature = "registry")]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CommonPart {
    pub(crate) enabled: Option<bool>,
    pub(crate) shadow: Option<bool>,
    pub(crate) critical: Option<bool>,
}

#[cfg(feature = "registry")]
impl CommonPart {
    /// With what is missing as it is in another one.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            enabled: self.enabled.or(other.enabled),
            shadow: self.shadow.or(other.shadow),
            critical: self.critical.or(other.critical),
        }
    }

    /// With another part put over it.
    pub(crate) fn with(self, over: Self) -> Self {
        over.or(self)
    }
}

#[cfg(feature = "registry")]
impl From<Common> for CommonPart {
    fn from(common: Common) -> Self {
        let Common { enabled, shadow, critical } = common;
        Self { enabled: Some(enabled), shadow: Some(shadow), critical: Some(critical) }
    }
}

/// Holds what is put over the settings of one policy: `T` is all settings of the kind, or a part of them.
#[cfg(feature = "registry")]
#[derive(Debug)]
pub(crate) struct Control<T: 'static> {
    altered: AtomicBool,
    over: ArcSwapOption<T>,
}

#[cfg(feature = "registry")]
impl<T: 'static> Control<T> {
    /// Nothing is put over the settings.
    pub(crate) const fn new() -> Self {
        Self { altered: AtomicBool::new(false), over: ArcSwapOption::const_empty() }
    }

    /// What has been put over the settings.
    #[inline]
    pub(crate) fn over(&self) -> Option<Guard<Option<Arc<T>>>> {
        if self.altered.load(Ordering::Acquire) { Some(self.over.load()) } else { None }
    }

    /// Whether anything has.
    #[inline]
    pub(crate) fn is_altered(&self) -> bool {
        self.altered.load(Ordering::Acquire)
    }

    /// Puts something over the settings, for all calls from now on; `None` takes away what was there.
    pub(crate) fn set(&self, over: Option<T>) {
        let altered = over.is_some();
        self.over.store(over.map(Arc::new));
        self.altered.store(altered, Ordering::Release);
    }
}
