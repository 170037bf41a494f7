//! `/metrics`, as Prometheus reads it.

use steadfast_examples::Reply;

use crate::exposition::same;
use crate::process::{Api, QUICK, until};

#[tokio::test]
async fn every_series_is_there_at_zero() {
    let api = Api::start([Reply::ok("")], "").await;
    let metrics = api.metrics().await;
    // What is no count.
    let standing = [
        ("steadfast_circuit_breaker_state{policy=\"upstream\",state=\"closed\"}", 1.0),
        ("steadfast_circuit_breaker_state_seconds_total{policy=\"upstream\",state=\"closed\"}", f64::NAN),
        ("steadfast_bulkhead_limit{policy=\"upstream\"}", 64.0),
        ("steadfast_timeout_limit_seconds{policy=\"upstream\"}", 3.0),
        ("steadfast_policy_enabled{policy=\"upstream\",kind=\"retry\"}", 1.0),
        ("steadfast_policy_enabled{policy=\"upstream\",kind=\"circuit_breaker\"}", 1.0),
        ("steadfast_policy_enabled{policy=\"upstream\",kind=\"bulkhead\"}", 1.0),
        ("steadfast_policy_enabled{policy=\"upstream\",kind=\"timeout\"}", 1.0),
        ("steadfast_policy_enabled{policy=\"data\",kind=\"fallback\"}", 1.0),
    ];
    for (series, value) in standing {
        let now = metrics.value(series);
        assert!(value.is_nan() || same(now, value), "{series} is {now}");
    }
    let counts: Vec<_> =
        metrics.0.values().flat_map(|metric| &metric.samples).filter(|sample| sample.value == 0.0).collect();
    let samples: usize = metrics.0.values().map(|metric| metric.samples.len()).sum();
    assert!(counts.len() + standing.len() >= samples, "{metrics:#?}");

    // Every name of a kind that it has, with every value of its labels.
    let kinds = ["_retry_", "_circuit_breaker_", "_bulkhead_", "_timeout_", "_fallback_", "_policy_"];
    let is_here = |name: &&str| kinds.iter().any(|kind| name.contains(kind)) && !name.contains("_retry_budget_");
    let names: Vec<_> = steadfast::metrics::names().filter(is_here).collect();
    let mut there: Vec<_> = metrics.0.keys().map(String::as_str).collect();
    there.sort_by_key(|name| names.iter().position(|other| other == name));
    assert_eq!(there, names);
    for outcome in ["success", "success_after_retry", "failure", "failure_after_retry"] {
        metrics.assert("steadfast_retry_calls_total", &[(&format!(",outcome=\"{outcome}\""), 0.0)]);
    }
    for state in ["open", "half_open", "forced_open", "forced_closed"] {
        metrics.assert("steadfast_circuit_breaker_state", &[(&format!(",state=\"{state}\""), 0.0)]);
    }
    metrics.assert("steadfast_timeout_duration_seconds_bucket", &[(",le=\"0.5\"", 0.0), (",le=\"+Inf\"", 0.0)]);
    metrics.assert("steadfast_timeout_duration_seconds_count", &[("", 0.0)]);
}

#[tokio::test]
async fn outcomes_are_counted() {
    let api = Api::start([Reply::Reset, Reply::ok("fresh")], QUICK).await;
    assert_eq!(api.status("/api/data").await, 200);
    assert_eq!(api.status("/api/live").await, 200);
    api.upstream.set([Reply::status(404)]);
    assert_eq!(api.status("/api/live").await, 502);
    api.upstream.set([Reply::status(503)]);
    // Three attempts open the breaker, and then it is nobody's turn.
    assert_eq!(api.status("/api/data").await, 200);
    assert_eq!(api.status("/api/live").await, 503);
    assert_eq!(api.asked(), 7);

    let metrics = api.metrics().await;
    let outcomes = [
        (",outcome=\"success\"", 1.0),
        (",outcome=\"success_after_retry\"", 1.0),
        (",outcome=\"failure\"", 2.0),
        (",outcome=\"failure_after_retry\"", 1.0),
    ];
    metrics.assert("steadfast_retry_calls_total", &outcomes);
    metrics.assert("steadfast_retry_attempts_total", &[("", 8.0)]);
    metrics.assert("steadfast_retry_ended_total", &[(",reason=\"attempts\"", 1.0), (",reason=\"not_retryable\"", 2.0)]);
    let outcomes = [
        (",outcome=\"success\"", 3.0),
        (",outcome=\"failure\"", 4.0),
        (",outcome=\"neutral\"", 0.0),
        (",outcome=\"rejected\"", 1.0),
    ];
    metrics.assert("steadfast_circuit_breaker_calls_total", &outcomes);
    metrics.assert("steadfast_circuit_breaker_opened_total", &[("", 1.0)]);
    metrics.assert("steadfast_circuit_breaker_state", &[(",state=\"open\"", 1.0), (",state=\"closed\"", 0.0)]);
    metrics.assert("steadfast_bulkhead_calls_total", &[(",outcome=\"admitted\"", 7.0), (",outcome=\"rejected\"", 0.0)]);
    metrics.assert("steadfast_bulkhead_running", &[("", 0.0)]);
    metrics.assert("steadfast_timeout_calls_total", &[(",outcome=\"in_time\"", 7.0), (",outcome=\"timed_out\"", 0.0)]);
    // All of them had to wait for the network.
    metrics.assert("steadfast_timeout_duration_seconds_count", &[("", 7.0)]);
    let seconds = metrics.value("steadfast_timeout_duration_seconds_sum{policy=\"upstream\"}");
    assert!(seconds > 0.0 && seconds < 7.0 * 3.0, "{seconds}");
    let data =
        |outcome| metrics.value(&format!("steadfast_fallback_calls_total{{policy=\"data\",outcome=\"{outcome}\"}}"));
    assert_eq!([data("passed"), data("answered")].map(|count| count.to_string()), ["1", "1"]);

    // Asked for again, they are the same, but for what passes.
    let again = api.metrics().await;
    for (name, metric) in metrics.0 {
        let is_time = name == "steadfast_circuit_breaker_state_seconds_total";
        assert!(is_time || again.0[&name].samples.len() == metric.samples.len(), "{name}");
        for sample in metric.samples.iter().filter(|_| !is_time) {
            assert!(again.0[&name].samples.contains(sample), "{sample:?} in {again:#?}");
        }
    }
}

#[tokio::test]
async fn time_in_a_state_and_what_is_switched_off() {
    let api = Api::start([Reply::ok("")], "[upstream.retry]\nenabled = false\n").await;
    let metrics = api.metrics().await;
    metrics.assert("steadfast_policy_enabled", &[(",kind=\"retry\"", 0.0), (",kind=\"timeout\"", 1.0)]);
    until("a second in this state", async || {
        let closed = "steadfast_circuit_breaker_state_seconds_total{policy=\"upstream\",state=\"closed\"}";
        api.metrics().await.value(closed) >= 1.0
    })
    .await;
}
