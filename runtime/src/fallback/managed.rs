//! A fallback as the registry sees it: its answer is code, and all that can be changed is whether it is given.

use super::Fallback;
use crate::PolicyKind;
use crate::control::Common;
use crate::registry::keys::{self, Key};
use crate::registry::{Change, Count, Managed, Refusal, Setting, Value};

const ANSWERED: usize = 0;
const PASSED: usize = 1;

impl Fallback {
    pub(super) fn common(&self) -> Common {
        self.control.over().and_then(|over| over.as_deref().copied()).unwrap_or(self.common)
    }

    pub(super) fn count(&self) {
        self.totals.count(ANSWERED);
    }

    #[inline]
    pub(super) fn count_passed(&self) {
        self.totals.count_success(PASSED);
    }
}

const KEYS: &[Key<Common>] = &[Key::ENABLED, Key::CRITICAL];

impl Managed for Fallback {
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
        keys::settings(KEYS, &self.common())
    }

    fn counts(&self) -> Vec<Count> {
        self.totals.counts(&["answered"], "passed")
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        let common = keys::over(KEYS, self.common, over)?;
        let common = (!over.is_empty()).then_some(common);
        Ok(Box::new(move || self.control.set(common)))
    }
}

#[cfg(test)]
mod tests;
