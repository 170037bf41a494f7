//! A policy without anything but settings.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::PolicyKind;
use crate::registry::{Change, Count, Managed, Refusal, Setting, Steer, Value};

type Values = BTreeMap<&'static str, Value>;

#[derive(Debug)]
pub(super) struct Policy {
    name: Option<&'static str>,
    kind: PolicyKind,
    defaults: Values,
    now: Mutex<Values>,
    pub(super) on_change: fn(),
}

/// The retry of that name, or one without.
pub(super) fn retry(name: impl Into<Option<&'static str>>) -> Policy {
    Policy::new(name.into(), PolicyKind::Retry, [("attempts", Value::Integer(3)), ("max_delay", "10s".into())])
}

pub(super) fn breaker(name: impl Into<Option<&'static str>>) -> Policy {
    let settings = [("failure_threshold", Value::Integer(5)), ("shadow", false.into())];
    Policy::new(name.into(), PolicyKind::CircuitBreaker, settings)
}

pub(super) fn fallback(name: impl Into<Option<&'static str>>) -> Policy {
    Policy::new(name.into(), PolicyKind::Fallback, [])
}

impl Policy {
    fn new<const N: usize>(name: Option<&'static str>, kind: PolicyKind, own: [(&'static str, Value); N]) -> Self {
        let common = [("enabled", true.into()), ("critical", false.into())];
        let defaults: Values = own.into_iter().chain(common).collect();
        Self { name, kind, now: Mutex::new(defaults.clone()), defaults, on_change: || {} }
    }

    /// Another value in the attribute.
    pub(super) fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.defaults.insert(key, value.into());
        self.now = Mutex::new(self.defaults.clone());
        self
    }

    pub(super) fn is_altered(&self) -> bool {
        *self.now.lock().unwrap() != self.defaults
    }

    fn over(&self, over: &[(&str, Value)]) -> Result<Values, Vec<Refusal>> {
        let mut values = self.defaults.clone();
        let mut refusals = Vec::new();
        for (key, value) in over {
            let refused = match (values.keys().find(|known| *known == key).copied(), value) {
                (None, _) => Some(format!("unknown setting `{key}`; expected one of: `attempts`, ..")),
                (Some("attempts"), Value::Integer(..1)) => Some("`attempts` takes a number from 1".to_owned()),
                (Some("attempts"), Value::Text(_)) => Some("`attempts` takes a number".to_owned()),
                (Some("max_delay"), value) if *value == "1ms".into() && self.defaults["attempts"] != 3_u32.into() => {
                    Some("the delay is shorter than the base".to_owned())
                }
                (Some(known), value) => {
                    values.insert(known, value.clone());
                    None
                }
            };
            refusals.extend(refused.map(|message| Refusal { key: (*key).to_owned(), message }));
        }
        if refusals.is_empty() { Ok(values) } else { Err(refusals) }
    }
}

impl Managed for Policy {
    fn name(&self) -> &'static str {
        self.name.unwrap_or("shop::pay")
    }

    fn is_named(&self) -> bool {
        self.name.is_some()
    }

    fn kind(&self) -> PolicyKind {
        self.kind
    }

    fn settings(&self) -> Vec<Setting> {
        self.now.lock().unwrap().iter().map(|(key, value)| Setting { key, value: value.clone() }).collect()
    }

    fn state(&self) -> Option<&'static str> {
        None
    }

    fn counts(&self) -> Vec<Count> {
        Vec::new()
    }

    fn steer(&self, _: Steer) -> bool {
        false
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        let values = self.over(over)?;
        Ok(Box::new(move || {
            *self.now.lock().unwrap() = values;
            (self.on_change)();
        }))
    }
}

/// `retry payments: attempts = 5`
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = self.now.lock().unwrap();
        let altered = now.iter().filter(|(key, value)| self.defaults[*key] != **value);
        let altered: Vec<String> = altered.map(|(key, value)| format!("{key} = {value}")).collect();
        write!(f, "{} {}: {}", self.kind, self.name(), altered.join(", "))
    }
}
