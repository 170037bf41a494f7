//! A timeout that follows recent latencies, as the registry sees it.

use super::PercentileTimeout;
use crate::PolicyKind;
use crate::registry::{Change, Count, Managed, Refusal, Setting, Value};

const TIMED_OUT: usize = 0;
const IN_TIME: usize = 1;

impl PercentileTimeout {
    #[inline]
    pub(super) fn count_in_time(&self, nanos: u64) {
        self.totals.count_success(IN_TIME);
        self.timed(nanos);
    }

    pub(super) fn count_timed_out(&self, nanos: Option<u64>) {
        self.totals.count(TIMED_OUT);
        if let Some(nanos) = nanos {
            self.timed(nanos);
        }
    }

    #[inline]
    fn timed(&self, nanos: u64) {
        #[cfg(feature = "metrics")]
        crate::metrics::timed(&self.durations, || self.name.as_str(), nanos);
        #[cfg(not(feature = "metrics"))]
        let _ = (self, nanos);
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

    fn counts(&self) -> Vec<Count> {
        let mut counts = self.totals.counts(&["timed_out"], "in_time");
        if cfg!(feature = "metrics")
            && let Some(limit) = self.limit()
        {
            counts.push(Count { name: "limit_nanos", value: crate::time::saturated(limit) });
        }
        counts
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        self.percentile.changed(over)
    }
}

#[cfg(test)]
mod tests;
