//! The settings of a kind as a table: one row says how a setting is called, read and written.

use core::time::Duration;

use super::duration;
use super::{Refusal, Setting, Value};
use crate::control::{Common, CommonPart};

/// One setting of policies whose settings are an `S`.
pub(crate) struct Key<S: 'static> {
    pub(crate) name: &'static str,
    /// The value in force; `None` where there is none.
    pub(crate) get: fn(&S) -> Option<Value>,
    /// Takes another value.
    pub(crate) set: fn(&mut S, &Value) -> Result<(), String>,
}

/// Settings with those among them that every policy has.
pub(crate) trait Switched {
    fn common(&self) -> CommonPart;

    fn set_common(&mut self, common: CommonPart);
}

/// They stand in this field of the settings: a [`Common`] or a [`CommonPart`].
macro_rules! switched {
    ($settings:ty, $($field:ident).+) => {
        impl $crate::registry::keys::Switched for $settings {
            fn common(&self) -> $crate::control::CommonPart {
                self.$($field).+.into()
            }

            fn set_common(&mut self, common: $crate::control::CommonPart) {
                self.$($field).+ = self.$($field).+.with(common);
            }
        }
    };
}
pub(crate) use switched;

impl Switched for Common {
    fn common(&self) -> CommonPart {
        (*self).into()
    }

    fn set_common(&mut self, common: CommonPart) {
        *self = self.with(common);
    }
}

impl<S: Switched> Key<S> {
    pub(crate) const ENABLED: Self = Self {
        name: "enabled",
        get: |settings| settings.common().enabled.map(Value::from),
        set: |settings, value| {
            settings.set_common(CommonPart { enabled: Some(value.flag()?), ..settings.common() });
            Ok(())
        },
    };
    /// Of what rejects.
    pub(crate) const SHADOW: Self = Self {
        name: "shadow",
        get: |settings| settings.common().shadow.map(Value::from),
        set: |settings, value| {
            settings.set_common(CommonPart { shadow: Some(value.flag()?), ..settings.common() });
            Ok(())
        },
    };
    pub(crate) const CRITICAL: Self = Self {
        name: "critical",
        get: |settings| settings.common().critical.map(Value::from),
        set: |settings, value| {
            settings.set_common(CommonPart { critical: Some(value.flag()?), ..settings.common() });
            Ok(())
        },
    };
}

/// What is in force, in the order of the table.
pub(crate) fn settings<S>(keys: &[Key<S>], settings: &S) -> Vec<Setting> {
    keys.iter().filter_map(|key| (key.get)(settings).map(|value| Setting { key: key.name, value })).collect()
}

/// `settings` with other values over them.
///
/// # Errors
/// Every key that is unknown, and every value that its key does not take.
pub(crate) fn over<S>(keys: &[Key<S>], mut settings: S, over: &[(&str, Value)]) -> Result<S, Vec<Refusal>> {
    let mut refusals = Vec::new();
    for (name, value) in over {
        let set = match keys.iter().find(|key| key.name == *name) {
            Some(key) => (key.set)(&mut settings, value).map_err(|message| format!("`{name}` {message}")),
            None => Err(unknown(keys, name)),
        };
        if let Err(message) = set {
            refusals.push(Refusal { key: (*name).to_owned(), message });
        }
    }
    if refusals.is_empty() { Ok(settings) } else { Err(refusals) }
}

/// Settings over which others may be put, and that may be at odds with each other.
pub(crate) trait Overlay: Copy + 'static {
    const KEYS: &'static [Key<Self>];

    /// Refuses what cannot be together. Only what was given is refused, and at it: what was there before is in force
    /// already.
    fn refuse(&self, is_given: &dyn Fn(&str) -> bool, refuse: &mut dyn FnMut(&'static str, String));

    /// With what was not given and follows from what was.
    fn completed(self) -> Self {
        self
    }
}

/// `settings` with other values over them; `None` where there are none.
///
/// # Errors
/// As of [`over`], and what cannot be together.
pub(crate) fn overlay<S: Overlay>(settings: S, values: &[(&str, Value)]) -> Result<Option<S>, Vec<Refusal>> {
    if values.is_empty() {
        return Ok(None);
    }
    let settings = over(S::KEYS, settings, values)?;
    let mut refusals = Vec::new();
    settings.refuse(&|key| values.iter().any(|(name, _)| *name == key), &mut |key, message| {
        refusals.push(Refusal { key: key.to_owned(), message });
    });
    if refusals.is_empty() { Ok(Some(settings.completed())) } else { Err(refusals) }
}

fn unknown<S>(keys: &[Key<S>], name: &str) -> String {
    let known = || keys.iter().map(|key| key.name);
    let quoted: Vec<String> = known().map(|key| format!("`{key}`")).collect();
    let meant = other_word(name, known()).unwrap_or_else(|| did_you_mean(name, known()));
    format!("unknown setting `{name}`; expected one of: {}{meant}", quoted.join(", "))
}

/// What is called otherwise here than in the attribute, or than one would think, and what only the attribute says: the end
/// of a message.
pub(crate) fn other_word<'k>(name: &str, mut known: impl Iterator<Item = &'k str>) -> Option<String> {
    const OTHERS: [(&str, &str); 4] =
        [("duration", "limit"), ("after", "limit"), ("percentile", "share"), ("delay", "after")];
    const OF_ATTRIBUTES: [&str; 11] =
        ["on", "when", "ignore", "name", "key", "budget", "clone", "error", "retry_after", "on_hint", "docs"];
    if OF_ATTRIBUTES.contains(&name) {
        return Some(format!("; `{name}` stands in the attribute alone"));
    }
    let words: Vec<&str> = OTHERS.iter().filter(|(other, _)| *other == name).map(|(_, word)| *word).collect();
    known.find(|key| words.contains(key)).map(|key| format!("; did you mean `{key}`?"))
}

/// The end of a message on an unknown word: `; did you mean `payments`?`, or nothing where no known word is near.
pub(crate) fn did_you_mean<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> String {
    let lower = word.to_lowercase();
    let most = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|other| (strsim::osa_distance(&lower, &other.to_lowercase()), other))
        .filter(|(distance, other)| *distance <= most && *other != word)
        .min()
        .map_or_else(String::new, |(_, other)| format!("; did you mean `{other}`?"))
}

/// What a value is read as. The messages follow the name of the setting: "`attempts` takes ..".
impl Value {
    /// `true` or `false`.
    pub(crate) fn flag(&self) -> Result<bool, String> {
        match self {
            Self::Flag(flag) => Ok(*flag),
            other => Err(format!("takes `true` or `false`, and not {other}")),
        }
    }

    /// A whole number in a range.
    pub(crate) fn count(&self, least: u32, most: u32) -> Result<u32, String> {
        match self {
            Self::Integer(number) => u32::try_from(*number)
                .ok()
                .filter(|number| (least..=most).contains(number))
                .ok_or_else(|| format!("takes a whole number from {least} to {most}, and not {number}")),
            other => Err(format!("takes a whole number, and not {other}")),
        }
    }

    /// A number above 0, up to 1.
    pub(crate) fn share(&self) -> Result<f64, String> {
        match self.number() {
            Some(share) if share > 0.0 && share <= 1.0 => Ok(share),
            _ => Err(format!("takes a share above 0.0 and up to 1.0, and not {self}")),
        }
    }

    /// A number, whole or not.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            #[expect(clippy::cast_precision_loss, reason = "a setting is small")]
            Self::Integer(number) => Some(*number as f64),
            Self::Flag(_) | Self::Text(_) => None,
        }
    }

    /// A duration as in attributes: `"250ms"`.
    pub(crate) fn duration(&self) -> Result<Duration, String> {
        match self {
            Self::Text(text) => duration::parse(text),
            other => Err(format!("takes a duration with its unit, e.g. \"250ms\" or \"5s\", and not {other}")),
        }
    }

    /// A duration, shown as it would be written.
    pub(crate) fn of_duration(duration: Duration) -> Self {
        Self::Text(duration::text(duration))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl core::fmt::Display for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}
