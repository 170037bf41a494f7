//! Policies of every kind and form, to ask which keys there are.

use core::time::Duration;

use super::entries::{Entry, Level};
use super::error::Mistake;
use crate::registry::keys::{did_you_mean, other_word};
use crate::registry::{Managed, Value};
use crate::{
    Bulkhead, CircuitBreaker, Hedge, Percentile, PercentileTimeout, PolicyKind, RateLimit, Retry, RetryBudget,
    StaleFallback, Timeout,
};

const SECOND: Duration = Duration::from_secs(1);

static RETRY: Retry = Retry::new();
static BUDGET: RetryBudget = RetryBudget::new();
static BREAKER: CircuitBreaker = CircuitBreaker::new();
static BULKHEAD: Bulkhead = Bulkhead::new(1);
static RATE_LIMIT: RateLimit = RateLimit::new(1);
static TIMEOUT: Timeout = Timeout::new(SECOND);
static PERCENTILE: PercentileTimeout = PercentileTimeout::new(Percentile::new(0.99));
static HEDGE: Hedge = Hedge::new(SECOND);
static STALE: StaleFallback = StaleFallback::new(SECOND);

fn samples() -> [&'static dyn Managed; 9] {
    [&RETRY, &BUDGET, &BREAKER, &BULKHEAD, &RATE_LIMIT, &TIMEOUT, &PERCENTILE, &HEDGE, &STALE]
}

/// Keys of kinds that the program has no policy of, and that no such policy would have.
pub(super) fn unknown_keys(entries: &[Entry], policies: &[&dyn Managed]) -> Vec<Mistake> {
    let of_absent_kind = entries.iter().filter_map(|entry| match entry.level {
        Level::Kind(kind) if policies.iter().all(|policy| policy.kind() != kind) => Some((kind, entry)),
        _ => None,
    });
    let unknown = of_absent_kind.filter_map(|(kind, entry)| {
        let keys = keys(kind);
        if keys.contains(&entry.key) {
            return None;
        }
        let words = || keys.iter().map(String::as_str);
        let near = other_word(&entry.key, words()).unwrap_or_else(|| did_you_mean(&entry.key, words()));
        let message = format!("`{}`: unknown setting `{}`{near}", entry.path(), entry.key);
        Some(Mistake::new(entry.path(), &entry.origin, message))
    });
    unknown.collect()
}

/// The keys of a kind, as its policies list them where one is unknown.
pub(super) fn keys(kind: PolicyKind) -> Vec<String> {
    let of_kind = samples().into_iter().filter(|sample| sample.kind() == kind);
    let refusals = of_kind.filter_map(|sample| sample.change(&[("", Value::Flag(true))]).err()).flatten();
    let lists = refusals.filter_map(|refusal| Some(refusal.message.split_once("expected one of: ")?.1.to_owned()));
    lists.flat_map(|list| list.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}
