//! A percentile as text, and what can be put over its settings.

use core::time::Duration;

use super::Percentile;
use super::recent::EPOCHS;
use super::settings::{NEVER, Settings, Values, WHOLE, epoch};
use crate::registry::keys::{self, Key};
use crate::registry::{Change, Refusal, Setting, Value, duration};

impl Percentile {
    /// As attributes say it: `percentile(0.99, factor = 2.0, max = 5s)`.
    pub(crate) fn text(&self) -> String {
        let keys = KEYS.iter().take_while(|key| key.name != "enabled");
        let arguments = keys.filter_map(|key| {
            let (name, value) = (key.name, (key.get)(&Tuned::of(&self.settings))?);
            let value = if let Value::Text(text) = value { text } else { value.to_string() };
            Some(if name == "share" { value } else { format!("{name} = {value}") })
        });
        format!("percentile({})", arguments.collect::<Vec<_>>().join(", "))
    }

    /// The settings in force, those of the timeout that it is of included.
    pub(crate) fn shown(&self) -> Vec<Setting> {
        keys::settings(KEYS, &Tuned { values: self.settings.in_force(|values| *values), epoch: self.settings.epoch })
    }

    pub(crate) fn changed(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        let Tuned { values, .. } = keys::over(KEYS, Tuned::of(&self.settings), over)?;
        let bound = over.iter().map(|(key, _)| *key).find(|key| matches!(*key, "min" | "max"));
        if let Some(key) = bound
            && values.min > values.max
        {
            let max = duration::text(Duration::from_nanos(values.max));
            return Err(vec![Refusal { key: key.to_owned(), message: format!("`min` is longer than `max` ({max})") }]);
        }
        let values = (!over.is_empty()).then_some(values);
        Ok(Box::new(move || {
            self.settings.control.set(values);
            self.recent.renew(&self.settings);
        }))
    }
}

#[derive(Clone, Copy)]
struct Tuned {
    values: Values,
    epoch: u64,
}

impl Tuned {
    const fn of(settings: &Settings) -> Self {
        Self { values: settings.own, epoch: settings.epoch }
    }
}

const KEYS: &[Key<Tuned>] = &[
    Key {
        name: "share",
        #[expect(clippy::cast_precision_loss, reason = "far fewer than a float holds")]
        get: |tuned| Some((tuned.values.share as f64 / WHOLE as f64).into()),
        set: |tuned, value| {
            let share = value.number().filter(|share| *share > 0.0 && *share < 1.0);
            // As it is kept, so that what is shown is taken too.
            let share = share.map(|share| Values::new(share).share).filter(|share| (1..WHOLE).contains(share));
            tuned.values.share =
                share.ok_or_else(|| format!("takes a share above 0 and below 1, e.g. 0.99, and not {value}"))?;
            Ok(())
        },
    },
    Key {
        name: "factor",
        get: |tuned| Some(tuned.values.factor.into()),
        set: |tuned, value| {
            let factor = value.number().filter(|factor| *factor > 0.0 && factor.is_finite());
            tuned.values.factor = factor.ok_or_else(|| format!("takes a number above 0, e.g. 2.0, and not {value}"))?;
            Ok(())
        },
    },
    Key {
        name: "min",
        get: |tuned| bound(tuned.values.min),
        set: |tuned, value| {
            tuned.values.set_min(value.duration()?);
            Ok(())
        },
    },
    Key {
        name: "max",
        get: |tuned| bound(tuned.values.max),
        set: |tuned, value| {
            tuned.values.set_max(value.duration()?);
            Ok(())
        },
    },
    Key {
        name: "window",
        get: |tuned| Some(Value::of_duration(Duration::from_nanos(tuned.epoch.saturating_mul(EPOCHS)))),
        set: |tuned, value| {
            let window = value.duration()?;
            if epoch(window) == tuned.epoch {
                return Ok(());
            }
            Err("cannot be changed while the program runs, since the latencies that were seen are sorted by it; change \
                 it where the policy is made"
                .to_owned())
        },
    },
    Key {
        name: "min_calls",
        get: |tuned| u32::try_from(tuned.values.min_calls()).ok().map(Value::from),
        set: |tuned, value| {
            tuned.values.set_min_calls(value.count(1, u32::MAX)?);
            Ok(())
        },
    },
    Key::ENABLED,
    Key::CRITICAL,
];

keys::switched!(Tuned, values.common);

/// Nothing where there is none.
fn bound(nanos: u64) -> Option<Value> {
    (nanos != 0 && nanos != NEVER).then(|| Value::of_duration(Duration::from_nanos(nanos)))
}
