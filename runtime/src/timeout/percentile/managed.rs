//! A timeout that follows recent latencies, as the registry sees it.

use core::sync::atomic::Ordering;

use super::PercentileTimeout;
use crate::PolicyKind;
use crate::registry::{Change, Count, Managed, Refusal, Setting, Steer, Value};

impl PercentileTimeout {
    pub(super) fn count_timed_out(&self) {
        self.timed_out.fetch_add(1, Ordering::Relaxed);
    }
}

impl Managed for PercentileTimeout {
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
        self.percentile.shown()
    }

    fn state(&self) -> Option<&'static str> {
        None
    }

    fn counts(&self) -> Vec<Count> {
        vec![Count { name: "timed_out", value: self.timed_out.load(Ordering::Relaxed) }]
    }

    fn steer(&self, _: Steer) -> bool {
        false
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        self.percentile.changed(over)
    }
}

#[cfg(test)]
mod tests;
