//! A retry budget as the registry sees it, and what can be put over its settings.

use core::time::Duration;

use super::{BUCKETS, Limits, RetryBudget, SHORTEST_WINDOW, WHOLE, parts, width};
use crate::PolicyKind;
use crate::registry::keys::{self, Key};
use crate::registry::{Change, Count, Managed, Refusal, Setting, Value};
use crate::time;

impl Limits {
    #[inline]
    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }
}

impl RetryBudget {
    /// Looks at the settings that are in force, all at once.
    #[inline]
    pub(super) fn in_force<T>(&self, look: impl FnOnce(&Limits) -> T) -> T {
        if self.control.is_altered() { self.altered(look) } else { look(&self.own) }
    }

    #[cold]
    #[inline(never)]
    fn altered<T>(&self, look: impl FnOnce(&Limits) -> T) -> T {
        let over = self.control.over();
        look(over.as_ref().and_then(|over| over.as_deref()).unwrap_or(&self.own))
    }

    /// Puts others in force, in one step with what they mean for what was counted.
    fn put(&self, over: Option<Limits>) {
        let mut ledger = self.lock();
        let before = self.limits();
        let mut limits = Limits { generation: before.generation, ..over.unwrap_or(self.own) };
        if limits.width != before.width {
            ledger.advance(time::nanos(), &self.calls, &before);
            ledger.resize(before.width, limits.width);
            limits.generation += 1;
        }
        // Once it was another, the window goes on with a generation that nothing else has.
        let is_own = over.is_none() && limits.generation == self.own.generation;
        self.control.set((!is_own).then_some(limits));
    }
}

const KEYS: &[Key<Limits>] = &[
    Key {
        name: "ratio",
        #[expect(clippy::cast_precision_loss, reason = "as exact as it was kept")]
        get: |limits| Some((limits.ratio as f64 / WHOLE as f64).into()),
        set: |limits, value| {
            let ratio = value.number().filter(|ratio| *ratio >= 0.0 && ratio.is_finite());
            limits.ratio =
                parts(ratio.ok_or_else(|| format!("takes a share of the calls, e.g. 0.1, and not {value}"))?);
            Ok(())
        },
    },
    Key {
        name: "min_per_second",
        get: |limits| Some(limits.min_per_second.into()),
        set: |limits, value| {
            limits.min_per_second = value.count(0, u32::MAX)?;
            Ok(())
        },
    },
    Key {
        name: "window",
        get: |limits| Some(Value::of_duration(Duration::from_nanos(limits.width * BUCKETS))),
        set: |limits, value| {
            let window = value.duration()?;
            if window < Duration::from_nanos(SHORTEST_WINDOW) {
                return Err(format!("is at least 1ms, and not {value}"));
            }
            limits.width = width(window);
            Ok(())
        },
    },
    Key::ENABLED,
    Key::CRITICAL,
];

keys::switched!(Limits, common);

impl Managed for RetryBudget {
    fn name(&self) -> &'static str {
        self.name.as_str()
    }

    fn is_named(&self) -> bool {
        self.name.is_given()
    }

    fn kind(&self) -> PolicyKind {
        PolicyKind::RetryBudget
    }

    fn settings(&self) -> Vec<Setting> {
        keys::settings(KEYS, &self.limits())
    }

    fn counts(&self) -> Vec<Count> {
        let counts = self.counts();
        // Over resets, unlike in `BudgetCounts`.
        let refused = self.lock().refused;
        vec![
            Count { name: "calls", value: counts.calls },
            Count { name: "retries", value: counts.retries },
            Count { name: "refused", value: refused },
            Count { name: "balance", value: self.balance() },
        ]
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        let limits = keys::over(KEYS, self.own, over)?;
        let limits = (!over.is_empty()).then_some(limits);
        Ok(Box::new(move || self.put(limits)))
    }
}

#[cfg(test)]
mod tests;
