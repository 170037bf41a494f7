//! A breaker as the registry sees it.

use core::time::Duration;

use super::settings::{MAX_CALLS, Settings, Trip};
use super::{Abandoned, CircuitBreaker, State, Window};
use crate::PolicyKind;
use crate::registry::keys::{self, Key, Overlay};
use crate::registry::{Change, Count, Managed, Refusal, Setting, Steer, Trouble, Value};
use crate::time::saturated;

/// In the order of the docs.
#[expect(clippy::unit_arg, reason = "an assignment is all there is to do")]
pub(crate) const KEYS: &[Key<Settings>] = &[
    Key {
        name: "failure_threshold",
        get: |settings| match settings.trip {
            Trip::Consecutive(failures) => Some(failures.into()),
            Trip::Rate(_) => None,
        },
        set: |settings, value| Ok(settings.trip = Trip::Consecutive(value.count(1, u32::MAX)?)),
    },
    Key {
        name: "failure_rate",
        get: |settings| match settings.trip {
            Trip::Rate(rate) => Some(rate.into()),
            Trip::Consecutive(_) => None,
        },
        set: |settings, value| Ok(settings.trip = Trip::Rate(value.share()?)),
    },
    Key {
        name: "window",
        get: |settings| {
            settings.keeps_outcomes().then(|| match settings.window {
                Window::Calls(calls) => calls.clamp(1, MAX_CALLS).into(),
                Window::Duration(duration) => Value::of_duration(duration),
            })
        },
        set: |settings, value| Ok(settings.window = window(value)?),
    },
    Key {
        name: "min_calls",
        get: |settings| settings.keeps_outcomes().then(|| number(settings.min_calls())),
        set: |settings, value| Ok(settings.min_calls = Some(value.count(1, u32::MAX)?)),
    },
    Key {
        name: "slow_call",
        get: |settings| settings.measures_calls().then(|| nanos(settings.slow_call)),
        set: |settings, value| Ok(settings.slow_call = saturated(value.duration()?)),
    },
    Key {
        name: "slow_call_rate",
        get: |settings| settings.measures_calls().then_some(settings.slow_call_rate.into()),
        set: |settings, value| Ok(settings.slow_call_rate = value.share()?),
    },
    Key {
        name: "reset_timeout",
        get: |settings| Some(nanos(settings.reset_timeout)),
        set: |settings, value| Ok(settings.reset_timeout = saturated(value.duration()?)),
    },
    Key {
        name: "max_reset_timeout",
        get: |settings| (settings.max_reset_timeout > 0).then(|| nanos(settings.max_reset_timeout)),
        set: |settings, value| Ok(settings.set_max_reset_timeout(value.duration()?)),
    },
    Key {
        name: "success_threshold",
        get: |settings| Some(settings.success_threshold.into()),
        set: |settings, value| Ok(settings.success_threshold = value.count(1, u32::MAX)?),
    },
    Key {
        name: "max_probes",
        get: |settings| Some(settings.max_probes.into()),
        set: |settings, value| Ok(settings.max_probes = value.count(1, u32::MAX)?),
    },
    Key {
        name: "probe_timeout",
        get: |settings| Some(nanos(settings.probe_timeout())),
        set: |settings, value| Ok(settings.set_probe_timeout(value.duration()?)),
    },
    Key {
        name: "abandoned",
        get: |settings| match settings.abandoned {
            Abandoned::Neutral => Some("neutral".into()),
            Abandoned::Failure => Some("failure".into()),
        },
        set: |settings, value| Ok(settings.abandoned = abandoned(value)?),
    },
    Key::ENABLED,
    Key::SHADOW,
    Key::CRITICAL,
];

keys::switched!(Settings, common);

fn nanos(nanos: u64) -> Value {
    Value::of_duration(Duration::from_nanos(nanos))
}

fn number(number: u64) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn window(value: &Value) -> Result<Window, String> {
    match value {
        Value::Integer(_) => value.count(1, MAX_CALLS).map(Window::Calls),
        Value::Text(_) => match value.duration()? {
            Duration::ZERO => Err("of no length holds nothing, e.g. `window = \"30s\"`".to_owned()),
            duration => Ok(Window::Duration(duration)),
        },
        other => Err(format!("takes a number of calls or a duration, e.g. `100` or `\"30s\"`, and not {other}")),
    }
}

fn abandoned(value: &Value) -> Result<Abandoned, String> {
    match value {
        Value::Text(word) if word == "neutral" => Ok(Abandoned::Neutral),
        Value::Text(word) if word == "failure" => Ok(Abandoned::Failure),
        other => Err(format!("takes `neutral` or `failure`, and not {other}")),
    }
}

impl Overlay for Settings {
    const KEYS: &'static [Key<Self>] = KEYS;

    fn refuse(&self, is_given: &dyn Fn(&str) -> bool, refuse: &mut dyn FnMut(&'static str, String)) {
        if is_given("failure_threshold") && is_given("failure_rate") {
            refuse(
                "failure_threshold",
                "`failure_threshold` counts consecutive failures, `failure_rate` their share in a window; give one of them"
                    .to_owned(),
            );
        }
        for key in ["window", "min_calls"] {
            if is_given(key) && !self.keeps_outcomes() {
                refuse(key, format!("`{key}` needs `failure_rate` or `slow_call`"));
            }
        }
        if is_given("slow_call_rate") && !self.measures_calls() {
            refuse("slow_call_rate", "`slow_call_rate` needs `slow_call`: from when on a call is slow".to_owned());
        }
        if let (Window::Calls(calls), Some(least)) = (self.window, self.min_calls)
            && least > calls
        {
            if is_given("min_calls") {
                let message = format!("`min_calls` is above the window of {calls} calls, so it is never reached");
                refuse("min_calls", message);
            } else if is_given("window") {
                refuse("window", format!("`window` is below `min_calls`, which is {least} and would never be reached"));
            }
        }
        let (first, longest) = (self.reset_timeout, self.max_reset_timeout);
        if longest > 0 && first > longest {
            if is_given("max_reset_timeout") {
                let first = Duration::from_nanos(first);
                let message = format!("`max_reset_timeout` is shorter than `reset_timeout`, which is {first:?}");
                refuse("max_reset_timeout", message);
            } else if is_given("reset_timeout") {
                let longest = Duration::from_nanos(longest);
                let message = format!("`reset_timeout` is longer than `max_reset_timeout`, which is {longest:?}");
                refuse("reset_timeout", message);
            }
        }
    }
}

impl CircuitBreaker {
    /// Takes over what has been put over the settings of the one it was made of, and what that is forced to do.
    pub(crate) fn follow(&self, template: &Self) {
        if self.over().is_some() || template.over().is_some() {
            self.put_over(|| template.over());
        }
        match Self::state(template) {
            State::ForcedOpen => self.force_open(),
            State::ForcedClosed => self.force_closed(),
            State::Closed | State::Open | State::HalfOpen => {}
        }
    }
}

/// A change keeps the state, what was counted and the probes under way. A window of calls keeps the newest that fit, one of a
/// time those that are not too old; a window of another kind begins empty, and calls under way while it becomes another one
/// are not in it. An open period that is under way becomes as long as it would be by the new settings, from its beginning.
/// Switched off or on it begins closed and empty.
impl Managed for CircuitBreaker {
    fn name(&self) -> &'static str {
        self.policy()
    }

    fn is_named(&self) -> bool {
        self.name.is_given()
    }

    fn kind(&self) -> PolicyKind {
        PolicyKind::CircuitBreaker
    }

    fn settings(&self) -> Vec<Setting> {
        keys::settings(KEYS, &self.in_force())
    }

    fn state(&self) -> Option<&'static str> {
        Some(match Self::state(self) {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
            State::ForcedOpen => "forced_open",
            State::ForcedClosed => "forced_closed",
        })
    }

    fn counts(&self) -> Vec<Count> {
        let counts = Self::counts(self);
        let count = |name, value| Count { name, value };
        let window = [
            count("calls", counts.calls),
            count("failures", counts.failures),
            count("slow", counts.slow),
            count("consecutive_failures", counts.consecutive_failures.into()),
            count("probes", counts.probes.into()),
        ];
        window.into_iter().chain(self.totals_now()).collect()
    }

    fn totals(&self) -> Vec<Count> {
        Self::totals(self)
    }

    fn trouble(&self) -> Option<Trouble> {
        match Self::state(self) {
            State::ForcedOpen => Some(Trouble::Rejects("is forced open".to_owned())),
            _ if !self.in_force().common.may_reject() => None,
            State::Open => Some(match self.retry_after() {
                Some(left) => Trouble::Rejects(format!("is open for another {left:.1?}")),
                // Nobody has called since its time was over.
                None => Trouble::Recovers("was open, and the next call probes".to_owned()),
            }),
            State::HalfOpen => Some(Trouble::Recovers("is half-open".to_owned())),
            State::Closed | State::ForcedClosed => None,
        }
    }

    fn steer(&self, steer: Steer) -> bool {
        match steer {
            Steer::ForceOpen => self.force_open(),
            Steer::ForceClosed => self.force_closed(),
            Steer::Reset => self.reset(),
        }
        true
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        let settings = keys::overlay(self.settings, over)?;
        Ok(Box::new(move || self.put_over(|| settings)))
    }
}
