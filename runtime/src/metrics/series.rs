//! Which metrics there are, and which counts of which policies they are made of.

use metrics::Unit;

use crate::PolicyKind::{self, Bulkhead, CircuitBreaker, Fallback, Hedge, RateLimit, Retry, RetryBudget, Timeout};

#[derive(Clone, Copy)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) unit: Unit,
    pub(super) help: &'static str,
    join: Join,
}

/// What becomes of the values of policies that share a name.
#[derive(Clone, Copy)]
enum Join {
    Sum,
    Most,
    Least,
}

impl Metric {
    pub(super) const fn join(&self, one: f64, other: f64) -> f64 {
        match self.join {
            Join::Sum => one + other,
            Join::Most => one.max(other),
            Join::Least => one.min(other),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Counter,
    Gauge,
    Histogram,
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, form: Form::Counter, unit: Unit::Count, help, join: Join::Sum }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, form: Form::Gauge, unit: Unit::Count, help, join: Join::Sum }
}

const fn of_seconds(metric: Metric) -> Metric {
    Metric { unit: Unit::Seconds, ..metric }
}

const fn joined(join: Join, metric: Metric) -> Metric {
    Metric { join, ..metric }
}

const fn histogram(metric: Metric) -> Metric {
    Metric { form: Form::Histogram, ..metric }
}

/// In the order of the docs.
pub(super) const ALL: &[Metric] = &[
    counter("steadfast_retry_calls_total", "Calls that ended, by outcome"),
    counter("steadfast_retry_attempts_total", "Attempts that ended"),
    counter("steadfast_retry_ended_total", "Calls that failed, by why no other attempt followed"),
    of_seconds(counter("steadfast_retry_delay_seconds_total", "Delays between attempts")),
    counter("steadfast_retry_budget_refused_total", "Retries, and calls of hedges, that the budget refused"),
    gauge("steadfast_retry_budget_balance", "Retries that the budget would grant now"),
    counter("steadfast_circuit_breaker_calls_total", "Calls that were reported or rejected, by outcome"),
    counter("steadfast_circuit_breaker_slow_calls_total", "Calls that were slow"),
    gauge("steadfast_circuit_breaker_state", "1 for the state that it is in, 0 for the others"),
    of_seconds(counter("steadfast_circuit_breaker_state_seconds_total", "Time in each state")),
    counter("steadfast_circuit_breaker_opened_total", "How often it has opened by itself"),
    Metric {
        unit: Unit::Percent,
        join: Join::Most,
        ..gauge("steadfast_circuit_breaker_failure_ratio", "The share of failures in the window, from 0 to 1")
    },
    counter("steadfast_bulkhead_calls_total", "Calls that asked for a place, by outcome"),
    gauge("steadfast_bulkhead_running", "Calls that hold a place"),
    gauge("steadfast_bulkhead_waiting", "Calls that wait for a place"),
    gauge("steadfast_bulkhead_limit", "Places in all"),
    counter("steadfast_rate_limit_calls_total", "Calls that asked for a permit, by outcome"),
    gauge("steadfast_rate_limit_available", "Calls that could pass at once now"),
    gauge("steadfast_rate_limit_waiting", "Calls that wait for their permit"),
    counter("steadfast_timeout_calls_total", "Calls that ended, by outcome"),
    histogram(of_seconds(gauge("steadfast_timeout_duration_seconds", "How long calls took that had to wait"))),
    joined(Join::Most, of_seconds(gauge("steadfast_timeout_limit_seconds", "The limit in force"))),
    counter("steadfast_hedge_calls_total", "Calls of the function that ended"),
    counter("steadfast_hedge_added_total", "Calls that were started beside the first"),
    counter("steadfast_hedge_won_total", "Calls that were added and won"),
    counter("steadfast_fallback_calls_total", "Calls that came through, and calls that it answered"),
    joined(Join::Least, gauge("steadfast_policy_enabled", "0 for a policy that is switched off")),
    joined(Join::Most, gauge("steadfast_policy_shadow", "1 for a policy that lets pass what it would reject")),
];

/// A series of each policy of a kind.
pub(super) struct Series {
    pub(super) kind: PolicyKind,
    /// The name of the count.
    pub(super) count: &'static str,
    /// The place of the metric in [`ALL`].
    pub(super) metric: usize,
    pub(super) label: Option<(&'static str, &'static str)>,
    scale: Scale,
}

#[derive(Clone, Copy)]
enum Scale {
    One,
    /// The count is in nanoseconds.
    Nanos,
}

impl Series {
    /// The count in the unit of the metric.
    pub(super) fn scaled(&self, count: u64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "of more than 2^53")]
        let count = count as f64;
        match self.scale {
            Scale::One => count,
            Scale::Nanos => count / 1e9,
        }
    }
}

const fn place(name: &str) -> usize {
    let mut place = 0;
    while place < ALL.len() {
        if is_same(ALL[place].name.as_bytes(), name.as_bytes()) {
            return place;
        }
        place += 1;
    }
    panic!("there is no such metric")
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

const fn series(kind: PolicyKind, count: &'static str, name: &str) -> Series {
    Series { kind, count, metric: place(name), label: None, scale: Scale::One }
}

impl Series {
    const fn with(self, label: &'static str, value: &'static str) -> Self {
        Self { label: Some((label, value)), ..self }
    }

    const fn nanos(self) -> Self {
        Self { scale: Scale::Nanos, ..self }
    }
}

const RETRY_CALLS: &str = "steadfast_retry_calls_total";
const RETRY_ENDED: &str = "steadfast_retry_ended_total";
const BREAKER_CALLS: &str = "steadfast_circuit_breaker_calls_total";
const BREAKER_TIME: &str = "steadfast_circuit_breaker_state_seconds_total";
const BULKHEAD_CALLS: &str = "steadfast_bulkhead_calls_total";
const RATE_LIMIT_CALLS: &str = "steadfast_rate_limit_calls_total";
const TIMEOUT_CALLS: &str = "steadfast_timeout_calls_total";
const FALLBACK_CALLS: &str = "steadfast_fallback_calls_total";

pub(super) static SERIES: &[Series] = &[
    series(Retry, "succeeded", RETRY_CALLS).with("outcome", "success"),
    series(Retry, "succeeded_after_retry", RETRY_CALLS).with("outcome", "success_after_retry"),
    series(Retry, "failed", RETRY_CALLS).with("outcome", "failure"),
    series(Retry, "failed_after_retry", RETRY_CALLS).with("outcome", "failure_after_retry"),
    series(Retry, "attempts", "steadfast_retry_attempts_total"),
    series(Retry, "ended_attempts", RETRY_ENDED).with("reason", "attempts"),
    series(Retry, "ended_max_duration", RETRY_ENDED).with("reason", "max_duration"),
    series(Retry, "ended_deadline", RETRY_ENDED).with("reason", "deadline"),
    series(Retry, "ended_hint_too_long", RETRY_ENDED).with("reason", "hint_too_long"),
    series(Retry, "ended_budget", RETRY_ENDED).with("reason", "budget"),
    series(Retry, "ended_nested", RETRY_ENDED).with("reason", "nested"),
    series(Retry, "ended_not_retryable", RETRY_ENDED).with("reason", "not_retryable"),
    series(Retry, "delay_nanos", "steadfast_retry_delay_seconds_total").nanos(),
    series(RetryBudget, "refused", "steadfast_retry_budget_refused_total"),
    series(RetryBudget, "balance", "steadfast_retry_budget_balance"),
    series(CircuitBreaker, "succeeded", BREAKER_CALLS).with("outcome", "success"),
    series(CircuitBreaker, "failed", BREAKER_CALLS).with("outcome", "failure"),
    series(CircuitBreaker, "neutral", BREAKER_CALLS).with("outcome", "neutral"),
    series(CircuitBreaker, "rejected", BREAKER_CALLS).with("outcome", "rejected"),
    series(CircuitBreaker, "slow_calls", "steadfast_circuit_breaker_slow_calls_total"),
    series(CircuitBreaker, "closed_nanos", BREAKER_TIME).with("state", "closed").nanos(),
    series(CircuitBreaker, "open_nanos", BREAKER_TIME).with("state", "open").nanos(),
    series(CircuitBreaker, "half_open_nanos", BREAKER_TIME).with("state", "half_open").nanos(),
    series(CircuitBreaker, "forced_open_nanos", BREAKER_TIME).with("state", "forced_open").nanos(),
    series(CircuitBreaker, "forced_closed_nanos", BREAKER_TIME).with("state", "forced_closed").nanos(),
    series(CircuitBreaker, "opened", "steadfast_circuit_breaker_opened_total"),
    series(Bulkhead, "admitted", BULKHEAD_CALLS).with("outcome", "admitted"),
    series(Bulkhead, "rejected", BULKHEAD_CALLS).with("outcome", "rejected"),
    series(Bulkhead, "running", "steadfast_bulkhead_running"),
    series(Bulkhead, "waiting", "steadfast_bulkhead_waiting"),
    series(Bulkhead, "limit", "steadfast_bulkhead_limit"),
    series(RateLimit, "admitted", RATE_LIMIT_CALLS).with("outcome", "admitted"),
    series(RateLimit, "rejected", RATE_LIMIT_CALLS).with("outcome", "rejected"),
    series(RateLimit, "available", "steadfast_rate_limit_available"),
    series(RateLimit, "waiting", "steadfast_rate_limit_waiting"),
    series(Timeout, "in_time", TIMEOUT_CALLS).with("outcome", "in_time"),
    series(Timeout, "timed_out", TIMEOUT_CALLS).with("outcome", "timed_out"),
    series(Timeout, "in_time", "steadfast_timeout_duration_seconds"),
    series(Timeout, "limit_nanos", "steadfast_timeout_limit_seconds").nanos(),
    series(Hedge, "calls", "steadfast_hedge_calls_total"),
    series(Hedge, "hedged", "steadfast_hedge_added_total"),
    series(Hedge, "won", "steadfast_hedge_won_total"),
    series(Fallback, "passed", FALLBACK_CALLS).with("outcome", "passed"),
    series(Fallback, "answered", FALLBACK_CALLS).with("outcome", "answered"),
];
