//! A timeout as the registry sees it, and what can be put over its settings.

use core::time::Duration;

use super::{Layer, OFF, Timeout};
use crate::PolicyKind;
use crate::control::lasting::{self, PolicyControl, Steered};
use crate::control::{Common, CommonPart};
use crate::registry::keys::{self, Key};
use crate::registry::{Change, Count, Managed, Refusal, Setting, TimeoutControl, Value};
use crate::scope::UNLIMITED;

/// What is put over the settings of a timeout.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part {
    /// In nanoseconds.
    limit: Option<u64>,
    common: CommonPart,
}

const TIMED_OUT: usize = 0;
const IN_TIME: usize = 1;

impl Timeout {
    /// Makes it one that can be changed while the program runs, by what stands in a `static` of its own: see
    /// [`TimeoutControl`]. A call keeps the limit that was in force when it began.
    pub const fn controlled(self, control: &'static TimeoutControl) -> Self {
        Self { control: Some(control), ..self }
    }

    /// The limit in force.
    #[inline]
    pub(super) fn nanos(&self) -> u64 {
        match self.control {
            Some(control) if control.is_altered() => self.altered(control),
            _ => self.nanos.min(UNLIMITED),
        }
    }

    #[cold]
    fn altered(&self, control: &PolicyControl<Part>) -> u64 {
        let over = control.over().unwrap_or_default();
        let is_off = over.common.enabled.map_or(self.nanos & OFF != 0, |enabled| !enabled);
        if is_off { UNLIMITED } else { over.limit.unwrap_or(self.nanos & !OFF) }
    }

    /// A call ended in time. `waited` is how long it took, where it had to wait.
    #[inline]
    pub(super) fn count_in_time(&self, waited: Option<u64>) {
        if let Some(control) = self.control {
            control.totals().count_success(IN_TIME);
        }
        if let Some(nanos) = waited {
            self.timed(nanos);
        }
    }

    pub(super) fn count_timed_out(&self, nanos: u64) {
        if let Some(control) = self.control {
            control.totals().count(TIMED_OUT);
        }
        self.timed(nanos);
    }

    #[inline]
    fn timed(&self, nanos: u64) {
        #[cfg(feature = "metrics")]
        if let Some(control) = self.control {
            crate::metrics::timed(control.durations(), || self.name.as_str(), nanos);
        }
        #[cfg(not(feature = "metrics"))]
        let _ = (self, nanos);
    }
}

impl Layer<'_> {
    /// How long this call may take. One that has no limit when it first waits has none for good.
    #[inline]
    pub(super) fn nanos(&self) -> u64 {
        if self.is_free { UNLIMITED } else { self.policy.nanos() }
    }

    #[inline]
    pub(super) fn keep(&mut self, nanos: u64) {
        self.is_free = nanos == UNLIMITED;
    }
}

impl Steered for Timeout {
    type Part = Part;

    fn control(&self) -> Option<&'static TimeoutControl> {
        self.control
    }

    fn own(&self) -> Part {
        let common = Common { enabled: self.nanos & OFF == 0, critical: self.is_critical, ..Common::DEFAULT };
        Part { limit: Some(self.nanos & !OFF), common: common.into() }
    }
}

impl lasting::Part for Part {
    const KEYS: &'static [Key<Self>] = KEYS;

    fn or(self, other: Self) -> Self {
        Self { limit: self.limit.or(other.limit), common: self.common.or(other.common) }
    }

    fn without(mut self, key: &str) -> Self {
        match key {
            "limit" => self.limit = None,
            "enabled" => self.common.enabled = None,
            "critical" => self.common.critical = None,
            _ => {}
        }
        self
    }
}

const KEYS: &[Key<Part>] = &[
    Key {
        name: "limit",
        get: |part| {
            part.limit.map(|limit| match limit {
                UNLIMITED => "none".into(),
                limit => Value::of_duration(Duration::from_nanos(limit)),
            })
        },
        set: |part, value| {
            part.limit = Some(match value {
                Value::Text(text) if text.trim() == "none" => UNLIMITED,
                value => Timeout::new(value.duration()?).nanos,
            });
            Ok(())
        },
    },
    Key::ENABLED,
    Key::CRITICAL,
];

keys::switched!(Part, common);

impl Managed for Timeout {
    fn name(&self) -> &'static str {
        self.name.as_str()
    }

    fn is_named(&self) -> bool {
        self.name.is_given()
    }

    fn kind(&self) -> PolicyKind {
        PolicyKind::Timeout
    }

    fn settings(&self) -> Vec<Setting> {
        self.shown()
    }

    fn counts(&self) -> Vec<Count> {
        let Some(control) = self.control else { return Vec::new() };
        let mut counts = control.totals().counts(&["timed_out"], "in_time");
        let limit = self.known().limit.filter(|_| !control.is_altered()).unwrap_or_else(|| self.nanos());
        if cfg!(feature = "metrics") && limit != UNLIMITED {
            counts.push(Count { name: "limit_nanos", value: limit });
        }
        counts
    }

    fn is_fixed(&self) -> bool {
        self.control.is_none()
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        self.changed(over)
    }
}

#[cfg(test)]
mod tests;
