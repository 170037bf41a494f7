//! A retry as the registry sees it, and what can be put over its settings.

use core::time::Duration;
use std::borrow::Cow;

use super::backoff::OfPolicy;
use super::decide::DEFAULT_MAX_DELAY;
use super::{Backoff, Curve, GiveUp, Jitter, Nested, Rejections, Retry};
use crate::PolicyKind;
use crate::control::CommonPart;
use crate::control::lasting::{self, PolicyControl, Steered};
use crate::registry::keys::{self, Key};
use crate::registry::{Change, Count, Managed, Refusal, RetryControl, Setting, Value, duration};
use crate::tally::Totals;

/// What is put over the settings of a retry.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part {
    attempts: Option<u32>,
    backoff: Option<Backoff>,
    jitter: Option<Jitter>,
    max_delay: Option<MaxDelay>,
    max_duration: Option<Duration>,
    nested: Option<Nested>,
    rejections: Option<Rejections>,
    common: CommonPart,
}

#[derive(Debug, Clone, Copy)]
enum MaxDelay {
    Given(Duration),
    /// Ten seconds, or the base of the backoff.
    ByBackoff,
}

const RETRIES: usize = 0;
const GAVE_UP: usize = 1;
const DELAY: usize = 2;
const FAILED: usize = 3;
const FAILED_AFTER_RETRY: usize = 4;
const SUCCEEDED_AFTER_RETRY: usize = 5;
/// From here on by [`GiveUp`].
const ENDED: usize = 6;
const SUCCEEDED: usize = ENDED + 7;
const COUNTS: [&str; SUCCEEDED] = [
    "retries",
    "gave_up",
    "delay_nanos",
    "failed",
    "failed_after_retry",
    "succeeded_after_retry",
    "ended_attempts",
    "ended_max_duration",
    "ended_deadline",
    "ended_hint_too_long",
    "ended_budget",
    "ended_nested",
    "ended_not_retryable",
];

impl Retry {
    /// Makes it one that can be changed while the program runs, by what stands in a `static` of its own: see
    /// [`RetryControl`].
    ///
    /// What is put over the settings counts for whatever is decided from then on, for retries under way as well, but
    /// for `nested`, which is looked at when a call begins. A `max_duration` that a retry under way did not have runs
    /// from the moment when it first sees it. The rejections that are put over those of a value are retried by all who
    /// use it, also where they narrow it.
    pub const fn controlled(self, control: &'static RetryControl) -> Self {
        Self { control: Some(control), ..self }
    }

    #[inline]
    pub(super) fn prepares(&self) -> bool {
        self.prepares || self.control.is_some_and(PolicyControl::is_altered)
    }

    /// The settings that are in force, with the curve that is.
    pub(super) fn in_force<'a>(&'a self, backoff: &'a dyn Curve) -> (Cow<'a, Self>, &'a dyn Curve) {
        let Some(over) = self.control.and_then(PolicyControl::over) else { return (Cow::Borrowed(self), backoff) };
        let mut policy = *self;
        policy.attempts = over.attempts.unwrap_or(policy.attempts);
        policy.backoff = over.backoff.unwrap_or(policy.backoff);
        policy.jitter = over.jitter.unwrap_or(policy.jitter);
        policy.max_duration = over.max_duration.or(policy.max_duration);
        policy.nested = over.nested.unwrap_or(policy.nested);
        policy.rejections = over.rejections.or(policy.rejections);
        policy.common.enabled = over.common.enabled.unwrap_or(policy.common.enabled);
        if let Some(MaxDelay::Given(max)) = over.max_delay {
            policy.max_delay = Some(max);
        }
        (Cow::Owned(policy), if over.backoff.is_some() { &OfPolicy } else { backoff })
    }

    #[inline]
    fn totals(&self) -> Option<&'static Totals<{ lasting::COUNTS }>> {
        self.control.map(PolicyControl::totals)
    }

    #[inline]
    pub(super) fn count_success(&self, was_retried: bool) {
        let Some(totals) = self.totals() else { return };
        if was_retried {
            totals.count(SUCCEEDED_AFTER_RETRY);
        } else {
            totals.count_success(SUCCEEDED);
        }
    }

    pub(super) fn count_retry(&self, delay: Duration) {
        if let Some(totals) = self.totals() {
            totals.count(RETRIES);
            totals.add(DELAY, crate::time::saturated(delay));
        }
    }

    pub(super) fn count_give_up(&self, reason: GiveUp, was_retried: bool) {
        if let Some(totals) = self.totals() {
            totals.count(GAVE_UP);
            totals.count(if was_retried { FAILED_AFTER_RETRY } else { FAILED });
            totals.count(ENDED + reason as usize);
        }
    }
}

impl Steered for Retry {
    type Part = Part;

    fn control(&self) -> Option<&'static RetryControl> {
        self.control
    }

    fn own(&self) -> Part {
        Part {
            attempts: Some(self.attempts),
            backoff: Some(self.backoff),
            jitter: Some(self.jitter),
            max_delay: Some(self.max_delay.map_or(MaxDelay::ByBackoff, MaxDelay::Given)),
            max_duration: self.max_duration,
            nested: Some(self.nested),
            rejections: Some(self.rejections.unwrap_or_default()),
            common: self.common.into(),
        }
    }
}

impl Part {
    fn max_delay(&self) -> Option<Duration> {
        match self.max_delay? {
            MaxDelay::Given(max) => Some(max),
            MaxDelay::ByBackoff => Some(self.backoff?.base().max(DEFAULT_MAX_DELAY)),
        }
    }
}

impl lasting::Part for Part {
    const KEYS: &'static [Key<Self>] = KEYS;

    fn or(self, other: Self) -> Self {
        Self {
            attempts: self.attempts.or(other.attempts),
            backoff: self.backoff.or(other.backoff),
            jitter: self.jitter.or(other.jitter),
            max_delay: self.max_delay.or(other.max_delay),
            max_duration: self.max_duration.or(other.max_duration),
            nested: self.nested.or(other.nested),
            rejections: self.rejections.or(other.rejections),
            common: self.common.or(other.common),
        }
    }

    fn without(mut self, key: &str) -> Self {
        match key {
            "attempts" => self.attempts = None,
            "backoff" => self.backoff = None,
            "jitter" => self.jitter = None,
            "max_delay" => self.max_delay = None,
            // There is an end, though nobody knows which.
            "max_duration" => self.max_duration = Some(UNKNOWN),
            "enabled" => self.common.enabled = None,
            "critical" => self.common.critical = None,
            _ => {}
        }
        self
    }

    fn check(&self, all: &Self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut refuse = |key: &str, message: String| refusals.push(Refusal { key: key.to_owned(), message });
        if self.attempts == Some(u32::MAX) && all.max_duration.is_none() {
            refuse("attempts", "`unlimited` needs an end; add `max_duration = \"1m\"` or the like".to_owned());
        }
        let first = all.backoff.and_then(|backoff| backoff.first_delay());
        if let (Some(first), Some(MaxDelay::Given(max))) = (first, all.max_delay)
            && (self.backoff.is_some() || self.max_delay.is_some())
            && first > max
        {
            let key = if self.max_delay.is_some() { "max_delay" } else { "backoff" };
            let first = duration::text(first);
            refuse(key, format!("`max_delay` is shorter than the first delay, which is {first}"));
        }
        refusals
    }
}

/// Of what is an expression, and so each call's own.
const UNKNOWN: Duration = Duration::MAX;

const KEYS: &[Key<Part>] = &[
    Key {
        name: "attempts",
        get: |part| {
            part.attempts.map(|attempts| match attempts {
                u32::MAX => "unlimited".into(),
                attempts => attempts.max(1).into(),
            })
        },
        set: |part, value| {
            part.attempts = Some(match value {
                Value::Text(text) if text.trim() == "unlimited" => u32::MAX,
                Value::Text(_) => return Err(format!("takes a whole number, or \"unlimited\", and not {value}")),
                number => number.count(1, u32::MAX)?,
            });
            Ok(())
        },
    },
    Key {
        name: "backoff",
        get: |part| part.backoff?.text().map(Value::Text),
        set: |part, value| {
            let Value::Text(text) = value else {
                return Err(format!("takes a curve, e.g. \"exponential(100ms)\", and not {value}"));
            };
            part.backoff = Some(Backoff::parse(text)?);
            Ok(())
        },
    },
    Key {
        name: "jitter",
        get: |part| {
            part.jitter.map(|jitter| match jitter {
                Jitter::Full => "full".into(),
                Jitter::Fraction(share) if share > 0.0 => share.min(1.0).into(),
                Jitter::None | Jitter::Fraction(_) => "none".into(),
            })
        },
        set: |part, value| {
            part.jitter = Some(match value {
                Value::Text(text) if text.trim() == "full" => Jitter::Full,
                Value::Text(text) if text.trim() == "none" => Jitter::None,
                other => Jitter::Fraction(other.share().map_err(|_| {
                    format!("takes \"full\", \"none\", or the share that varies, e.g. 0.25, and not {other}")
                })?),
            });
            Ok(())
        },
    },
    Key {
        name: "max_delay",
        get: |part| part.max_delay().map(Value::of_duration),
        set: |part, value| {
            part.max_delay = Some(MaxDelay::Given(value.duration()?));
            Ok(())
        },
    },
    Key {
        name: "max_duration",
        get: |part| part.max_duration.filter(|max| *max != UNKNOWN).map(Value::of_duration),
        set: |part, value| {
            part.max_duration = Some(value.duration()?);
            Ok(())
        },
    },
    Key {
        name: "rejections",
        get: |part| part.rejections.map(|rejections| Value::Text(rejections.text())),
        set: |part, value| {
            let Value::Text(text) = value else {
                return Err(format!("takes a list, e.g. \"timeout, rate_limited\", and not {value}"));
            };
            part.rejections = Some(Rejections::parse(text)?);
            Ok(())
        },
    },
    Key {
        name: "nested",
        get: |part| {
            part.nested.map(|nested| match nested {
                Nested::Once => "once".into(),
                Nested::Multiply => "multiply".into(),
            })
        },
        set: |part, value| {
            part.nested = Some(match value {
                Value::Text(text) if text.trim() == "once" => Nested::Once,
                Value::Text(text) if text.trim() == "multiply" => Nested::Multiply,
                other => {
                    return Err(format!(
                        "takes \"once\", to leave the retries to a retry around this one, or \"multiply\", and not {other}"
                    ));
                }
            });
            Ok(())
        },
    },
    Key::ENABLED,
    Key::CRITICAL,
];

keys::switched!(Part, common);

impl Managed for Retry {
    fn name(&self) -> &'static str {
        self.name.as_str()
    }

    fn is_named(&self) -> bool {
        self.name.is_given()
    }

    fn kind(&self) -> PolicyKind {
        PolicyKind::Retry
    }

    fn settings(&self) -> Vec<Setting> {
        self.shown()
    }

    fn counts(&self) -> Vec<Count> {
        let Some(totals) = self.totals() else { return Vec::new() };
        let mut counts = totals.counts(&COUNTS, "succeeded");
        if cfg!(feature = "metrics") {
            let others = [SUCCEEDED_AFTER_RETRY, FAILED, FAILED_AFTER_RETRY, RETRIES];
            let others = others.map(|place| totals.get(place)).into_iter().fold(0, u64::saturating_add);
            let attempts = totals.successes(SUCCEEDED).saturating_add(others);
            counts.push(Count { name: "attempts", value: attempts });
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
