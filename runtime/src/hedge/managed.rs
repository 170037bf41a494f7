//! A hedge as the registry sees it, and what can be put over its settings.

use core::time::Duration;

use super::{After, Hedge, Settings};
use crate::control::CommonPart;
use crate::control::lasting::{self, PolicyControl, Steered};
use crate::event::Decision;
use crate::registry::keys::{self, Key};
use crate::registry::{Change, Count, HedgeControl, Managed, Refusal, Setting, Value};
use crate::{Percentile, PolicyKind};

/// What is put over the settings of a hedge.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part {
    after: Option<AfterPart>,
    attempts: Option<u32>,
    common: CommonPart,
}

#[derive(Debug, Clone, Copy)]
enum AfterPart {
    Fixed(Duration),
    /// Its own one.
    Percentile(&'static Percentile),
}

const HEDGED: usize = 0;
const WON: usize = 1;
const CALLS: usize = 2;

impl Hedge {
    /// Makes it one that can be changed while the program runs, by what stands in a `static` of its own: see
    /// [`HedgeControl`]. A call goes by what is in force when it first waits or fails. A duration can be put over a
    /// percentile, but not the other way round.
    pub const fn controlled(self, control: &'static HedgeControl) -> Self {
        Self { control: Some(control), ..self }
    }

    #[inline]
    pub(super) fn is_enabled(&self) -> bool {
        match self.control {
            Some(control) if control.is_altered() => {
                control.over().and_then(|over| over.common.enabled).unwrap_or(self.common.enabled)
            }
            _ => self.common.enabled,
        }
    }

    /// Those in force.
    pub(super) fn settings(&self) -> Settings {
        let Some(over) = self.control.and_then(PolicyControl::over) else { return self.own() };
        let after = match over.after {
            Some(AfterPart::Fixed(after)) => After::Fixed(after),
            Some(AfterPart::Percentile(_)) | None => self.after,
        };
        let is_enabled = over.common.enabled.unwrap_or(self.common.enabled);
        Settings { after, attempts: if is_enabled { over.attempts.unwrap_or(self.attempts) } else { 1 } }
    }

    pub(super) fn count(&self, decision: &Decision) {
        if let Some(control) = self.control {
            control.totals().count(if matches!(decision, Decision::HedgeWon { .. }) { WON } else { HEDGED });
        }
    }

    /// All calls together have come to an end.
    #[inline]
    pub(super) fn count_call(&self) {
        if let Some(control) = self.control {
            control.totals().count_success(CALLS);
        }
    }
}

impl Steered for Hedge {
    type Part = Part;

    fn control(&self) -> Option<&'static HedgeControl> {
        self.control
    }

    fn own(&self) -> Part {
        Part {
            after: Some(match self.after {
                After::Fixed(after) => AfterPart::Fixed(after),
                After::Percentile(percentile) => AfterPart::Percentile(percentile),
            }),
            attempts: Some(self.attempts),
            common: self.common.into(),
        }
    }
}

impl lasting::Part for Part {
    const KEYS: &'static [Key<Self>] = KEYS;

    fn or(self, other: Self) -> Self {
        Self {
            after: self.after.or(other.after),
            attempts: self.attempts.or(other.attempts),
            common: self.common.or(other.common),
        }
    }

    fn without(mut self, key: &str) -> Self {
        match key {
            "after" => self.after = None,
            "attempts" => self.attempts = None,
            "enabled" => self.common.enabled = None,
            "critical" => self.common.critical = None,
            _ => {}
        }
        self
    }
}

const KEYS: &[Key<Part>] = &[
    Key {
        name: "after",
        get: |part| {
            part.after.map(|after| match after {
                AfterPart::Fixed(after) => Value::of_duration(after),
                AfterPart::Percentile(percentile) => Value::Text(percentile.text()),
            })
        },
        set: |part, value| {
            let fixed = value.duration().map_err(|message| match value {
                Value::Text(text) if text.trim_start().starts_with("percentile") => {
                    "takes a duration while the program runs, or the percentile that it had from the beginning: no \
                     latencies were measured for another one"
                        .to_owned()
                }
                _ => message,
            })?;
            part.after = Some(AfterPart::Fixed(fixed));
            Ok(())
        },
    },
    Key {
        name: "attempts",
        get: |part| part.attempts.map(|attempts| attempts.max(1).into()),
        set: |part, value| {
            let too_few = || "is at least 2: it counts all calls, and the first alone is no hedge".to_owned();
            part.attempts = Some(match value {
                Value::Integer(..2) => return Err(too_few()),
                value => value.count(2, u32::MAX)?,
            });
            Ok(())
        },
    },
    Key::ENABLED,
    Key::CRITICAL,
];

keys::switched!(Part, common);

impl Managed for Hedge {
    fn name(&self) -> &'static str {
        self.name.as_str()
    }

    fn is_named(&self) -> bool {
        self.name.is_given()
    }

    fn kind(&self) -> PolicyKind {
        PolicyKind::Hedge
    }

    fn settings(&self) -> Vec<Setting> {
        self.shown()
    }

    fn counts(&self) -> Vec<Count> {
        self.control.map(|control| control.totals().counts(&["hedged", "won"], "calls")).unwrap_or_default()
    }

    fn is_fixed(&self) -> bool {
        self.control.is_none()
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        // Its own percentile is no change, so that what is shown can be put over it.
        let own = match self.after {
            After::Percentile(percentile) => Some(Value::Text(percentile.text())),
            After::Fixed(_) => None,
        };
        let is_own = |(key, value): &&(&str, Value)| *key == "after" && own.as_ref() == Some(value);
        let over: Vec<_> = over.iter().filter(|pair| !is_own(pair)).cloned().collect();
        self.changed(&over)
    }
}

#[cfg(test)]
mod tests;
