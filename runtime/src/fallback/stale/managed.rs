//! A stale fallback as the registry sees it, and what can be put over its settings.

use core::time::Duration;

use super::StaleFallback;
use crate::PolicyKind;
use crate::control::CommonPart;
use crate::registry::keys::{self, Key};
use crate::registry::{Change, Count, Managed, Refusal, Setting, Value};

/// What is put over the settings, or all of them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Part {
    stale: Option<Duration>,
    max_keys: Option<usize>,
    common: CommonPart,
}

impl StaleFallback {
    fn over(&self) -> Part {
        self.control.over().and_then(|over| over.as_deref().copied()).unwrap_or_default()
    }

    #[inline]
    pub(super) fn is_enabled(&self) -> bool {
        if self.control.is_altered() {
            self.over().common.enabled.unwrap_or(self.common.enabled)
        } else {
            self.common.enabled
        }
    }

    pub(super) fn max_keys_in_force(&self) -> usize {
        self.over().max_keys.unwrap_or(self.max_keys)
    }

    /// What is put over the age goes before that of a call.
    pub(super) fn max_age_in_force(&self, own: Duration) -> Duration {
        self.over().stale.unwrap_or(own)
    }

    /// Forgets what is more than the keys that may be kept. What is forgotten is dropped outside of the lock.
    fn trim(&self) {
        let gone = {
            let mut last = self.lock();
            let max = self.max_keys_in_force();
            last.as_mut().map(|last| last.trim(max))
        };
        drop(gone);
    }
}

const KEYS: &[Key<Part>] = &[
    Key {
        name: "stale",
        // Where each call has an age of its own, that of the policy is endless, and says nothing.
        get: |part| part.stale.filter(|age| *age != Duration::MAX).map(Value::of_duration),
        set: |part, value| {
            part.stale = Some(match value.duration()? {
                Duration::ZERO => {
                    return Err("takes a duration above zero, e.g. \"10m\": how old an answer may be".to_owned());
                }
                age => age,
            });
            Ok(())
        },
    },
    Key {
        name: "max_keys",
        get: |part| part.max_keys.and_then(|keys| i64::try_from(keys).ok()).map(Value::Integer),
        set: |part, value| {
            part.max_keys = Some(usize::try_from(value.count(1, u32::MAX)?).unwrap_or(usize::MAX));
            Ok(())
        },
    },
    Key::ENABLED,
    Key::CRITICAL,
];

keys::switched!(Part, common);

impl Managed for StaleFallback {
    fn name(&self) -> &'static str {
        self.name.as_str()
    }

    fn is_named(&self) -> bool {
        self.name.is_given()
    }

    fn kind(&self) -> PolicyKind {
        PolicyKind::Fallback
    }

    fn settings(&self) -> Vec<Setting> {
        let over = self.over();
        let all = Part {
            stale: over.stale.or(Some(self.max_age)),
            max_keys: over.max_keys.or(Some(self.max_keys)),
            common: over.common.or(self.common.into()),
        };
        keys::settings(KEYS, &all)
    }

    fn counts(&self) -> Vec<Count> {
        let mut counts = vec![Count { name: "answered", value: self.answered() }];
        counts.extend(self.passed.counts(&[], "passed"));
        counts
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        let part = keys::over(KEYS, Part::default(), over)?;
        let part = (!over.is_empty()).then_some(part);
        Ok(Box::new(move || {
            self.control.set(part);
            self.trim();
        }))
    }
}

#[cfg(test)]
mod tests;
