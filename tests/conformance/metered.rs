//! O3: what is published through the facade of `metrics`.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, LocalRecorderGuard, Metadata, Recorder, SharedString, Unit};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use steadfast::{
    CircuitBreaker, Keyed, RetryBudget, bulkhead, circuit_breaker, fallback, hedge, rate_limit, retry, timeout,
};
use steadfast_tests::{Answer, Script};
use tokio::time::sleep;

/// What this thread publishes.
struct Published {
    snapshotter: Snapshotter,
    recorder: &'static DebuggingRecorder,
}

impl Published {
    fn begin() -> (Self, LocalRecorderGuard<'static>) {
        let recorder: &'static DebuggingRecorder = Box::leak(Box::new(DebuggingRecorder::new()));
        (Self { snapshotter: recorder.snapshotter(), recorder }, metrics::set_default_local_recorder(recorder))
    }

    /// The series of a policy, without the zeros of what is no gauge: `name{label} value`.
    fn of(&self, policy: &str) -> Vec<String> {
        let all = self.all(policy).into_iter().filter(|(_, value)| *value != "0");
        all.map(|(series, value)| format!("{series} {value}")).collect()
    }

    fn all(&self, policy: &str) -> BTreeMap<String, String> {
        metrics::with_local_recorder(self.recorder, steadfast::metrics::collect);
        let series = self.snapshotter.snapshot().into_vec();
        let mut values = BTreeMap::new();
        for (key, _, _, value) in series {
            let key = key.key();
            let labels: Vec<(&str, &str)> = key.labels().map(|label| (label.key(), label.value())).collect();
            if labels[0] != ("policy", policy) {
                continue;
            }
            let name = key.name().trim_start_matches("steadfast_");
            let label = labels.get(1).map(|(key, value)| format!("{{{key}={value}}}")).unwrap_or_default();
            let value = match value {
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Gauge(value) => value.to_string(),
                DebugValue::Histogram(values) => {
                    format!("{:?}", values.iter().map(|value| value.0).collect::<Vec<_>>())
                }
            };
            values.insert(format!("{name}{label}"), value);
        }
        values
    }
}

#[tokio::test(start_paused = true)]
async fn o30_a_retry() {
    #[retry(attempts = 3, backoff = fixed("2s"), jitter = none, name = "o30")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let (published, _guard) = Published::begin();
    for script in ["S", "S", "FS", "FFF", "P", "FP"] {
        let _answer = call(&Script::new(script)).await;
    }
    let series = [
        "policy_enabled{kind=retry} 1",
        "retry_attempts_total 10",
        "retry_calls_total{outcome=failure_after_retry} 2",
        "retry_calls_total{outcome=failure} 1",
        "retry_calls_total{outcome=success_after_retry} 1",
        "retry_calls_total{outcome=success} 2",
        "retry_delay_seconds_total 8",
        "retry_ended_total{reason=attempts} 1",
        "retry_ended_total{reason=not_retryable} 2",
    ];
    assert_eq!(published.of("o30"), series);
}

#[tokio::test(start_paused = true)]
async fn o31_a_circuit_breaker() {
    #[circuit_breaker(failure_threshold = 2, reset_timeout = "5s", slow_call = "10s", name = "o31")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let (published, _guard) = Published::begin();
    for script in ["S", "N", "F", "F", "S", "S"] {
        let _answer = call(&Script::new(script)).await;
    }
    let some = |series: &[String], names: &[&str]| -> Vec<String> {
        let is_one = |line: &&String| names.iter().any(|name| line.starts_with(name));
        series.iter().filter(is_one).cloned().collect()
    };
    let names = ["circuit_breaker_calls", "circuit_breaker_state{", "circuit_breaker_opened"];
    let series = [
        "circuit_breaker_calls_total{outcome=failure} 2",
        "circuit_breaker_calls_total{outcome=neutral} 1",
        "circuit_breaker_calls_total{outcome=rejected} 2",
        "circuit_breaker_calls_total{outcome=success} 1",
        "circuit_breaker_opened_total 1",
        "circuit_breaker_state{state=open} 1",
    ];
    assert_eq!(some(&published.of("o31"), &names), series);

    sleep(Duration::from_secs(20)).await;
    assert_eq!(call(&Script::new("S")).await, Ok(1));
    let time = ["circuit_breaker_state_seconds_total{state=open", "circuit_breaker_state{"];
    let series = ["circuit_breaker_state_seconds_total{state=open} 20", "circuit_breaker_state{state=closed} 1"];
    assert_eq!(some(&published.of("o31"), &time), series);
}

#[tokio::test(start_paused = true)]
async fn o32_a_timeout() {
    #[timeout("3s", name = "o32")]
    async fn call(takes: Option<u64>) -> Answer {
        match takes {
            Some(0) => {}
            Some(seconds) => sleep(Duration::from_secs(seconds)).await,
            None => pending().await,
        }
        Ok(1)
    }
    let (published, _guard) = Published::begin();
    for takes in [Some(0), Some(1), Some(2), None] {
        let _answer = call(takes).await;
    }
    let series = [
        "policy_enabled{kind=timeout} 1",
        "timeout_calls_total{outcome=in_time} 3",
        "timeout_calls_total{outcome=timed_out} 1",
        "timeout_duration_seconds [1.0, 2.0, 3.0]",
        "timeout_limit_seconds 3",
    ];
    assert_eq!(published.of("o32"), series);
}

#[tokio::test(start_paused = true)]
async fn o33_places_and_permits() {
    #[bulkhead(max_concurrent = 1, max_wait = "1s", name = "o33b")]
    async fn one(script: &Script) -> Answer {
        script.run().await
    }
    #[rate_limit(permits = 2, per = "1s", burst = 1, max_wait = "600ms", name = "o33l")]
    async fn two(script: &Script) -> Answer {
        script.run().await
    }
    let (published, _guard) = Published::begin();
    let script = Script::new("s");
    let looks = async {
        sleep(Duration::from_millis(500)).await;
        published.of("o33b")
    };
    let (first, second, third, series) = tokio::join!(one(&script), one(&script), one(&script), looks);
    assert_eq!((first.is_ok(), second.is_ok(), third.is_ok()), (true, true, false));
    let under_way = [
        "bulkhead_calls_total{outcome=admitted} 1",
        "bulkhead_calls_total{outcome=rejected} 1",
        "bulkhead_limit 1",
        "bulkhead_running 1",
        "bulkhead_waiting 1",
        "policy_enabled{kind=bulkhead} 1",
    ];
    assert_eq!(series, under_way);
    let over = [
        "bulkhead_calls_total{outcome=admitted} 2",
        "bulkhead_calls_total{outcome=rejected} 1",
        "bulkhead_limit 1",
        "policy_enabled{kind=bulkhead} 1",
    ];
    assert_eq!(published.of("o33b"), over);

    let script = Script::new("S");
    let (first, second, third) = tokio::join!(two(&script), two(&script), two(&script));
    assert_eq!((first.is_ok(), second.is_ok(), third.is_ok()), (true, true, false));
    let series = [
        "policy_enabled{kind=rate_limit} 1",
        "rate_limit_calls_total{outcome=admitted} 2",
        "rate_limit_calls_total{outcome=rejected} 1",
    ];
    assert_eq!(published.of("o33l"), series);
}

#[tokio::test(start_paused = true)]
async fn o34_hedges_fallbacks_and_budgets() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.0).min_per_second(0).name("o34r");
    steadfast::register!(BUDGET);

    #[fallback(Ok(7), name = "o34f")]
    #[hedge(after = "1s", name = "o34h")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    #[fallback(stale = "1m", key = 1, name = "o34s")]
    #[retry(budget = BUDGET, name = "o34")]
    async fn stale(script: &Script) -> Answer {
        script.run().await
    }
    let (published, _guard) = Published::begin();
    for script in ["S", "TS", "F"] {
        assert!(call(&Script::new(script)).await.is_ok());
    }
    let series = ["hedge_added_total 2", "hedge_calls_total 3", "hedge_won_total 1", "policy_enabled{kind=hedge} 1"];
    assert_eq!(published.of("o34h"), series);
    let series = [
        "fallback_calls_total{outcome=answered} 1",
        "fallback_calls_total{outcome=passed} 2",
        "policy_enabled{kind=fallback} 1",
    ];
    assert_eq!(published.of("o34f"), series);

    for script in ["S", "F"] {
        assert!(stale(&Script::new(script)).await.is_ok());
    }
    let series = [
        "fallback_calls_total{outcome=answered} 1",
        "fallback_calls_total{outcome=passed} 1",
        "policy_enabled{kind=fallback} 1",
    ];
    assert_eq!(published.of("o34s"), series);
    assert_eq!(published.of("o34r"), ["policy_enabled{kind=retry_budget} 1", "retry_budget_refused_total 1"]);
}

/// Never called.
#[retry(name = "o35")]
#[circuit_breaker(name = "o35")]
#[timeout("1s", name = "o35")]
#[expect(dead_code, reason = "it is there, and that is enough")]
async fn never_called() -> Answer {
    Ok(1)
}

#[test]
fn o35_all_series_are_there_from_the_first_time() {
    let (published, _guard) = Published::begin();
    let all = published.all("o35");
    for kind in ["retry", "circuit_breaker", "timeout"] {
        let of_kind = format!("steadfast_{kind}_");
        for name in steadfast::metrics::names().filter(|name| name.starts_with(&of_kind)) {
            let name = name.trim_start_matches("steadfast_");
            let is_there = all.keys().any(|series| series.split('{').next() == Some(name));
            assert!(is_there || name.starts_with("retry_budget_"), "{name} of {all:?}");
        }
    }
    assert_eq!(all["retry_calls_total{outcome=success_after_retry}"], "0");
    assert_eq!(all["circuit_breaker_state{state=open}"], "0");
    // A retry rejects nothing, so that it has no shadow.
    let of_retry = |series: &str| all.contains_key(&format!("{series}{{kind=retry}}"));
    assert_eq!((of_retry("policy_enabled"), of_retry("policy_shadow")), (true, false));
    for (key, unit, description, _) in published.snapshotter.snapshot().into_vec() {
        assert!(unit.is_some() && description.is_some(), "{key:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn o32a_a_timeout_that_follows_a_percentile() {
    #[timeout(percentile(0.99, max = "2s"), name = "o32a")]
    async fn call(takes: Option<u64>) -> Answer {
        match takes {
            Some(seconds) => sleep(Duration::from_secs(seconds)).await,
            None => pending().await,
        }
        Ok(1)
    }
    let (published, _guard) = Published::begin();
    assert_eq!(call(Some(1)).await, Ok(1));
    call(None).await.unwrap_err();
    let all = published.all("o32a");
    assert_eq!(all["timeout_duration_seconds"], "[1.0, 2.0]");
    assert_eq!(
        (&*all["timeout_calls_total{outcome=in_time}"], &*all["timeout_calls_total{outcome=timed_out}"]),
        ("1", "1")
    );
}

#[test]
fn o31a_the_share_of_failures_is_that_of_the_window() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_rate(0.5).name("o31a");
    steadfast::register!(BREAKER);
    let (published, _guard) = Published::begin();
    assert_eq!(published.all("o31a")["circuit_breaker_failure_ratio"], "0");
    for is_failure in [true, false, false, false] {
        let permit = BREAKER.try_acquire().unwrap();
        if is_failure { permit.failure() } else { permit.success() }
    }
    assert_eq!(published.all("o31a")["circuit_breaker_failure_ratio"], "0.25");
}

#[test]
fn o36_keys_are_one_series_which_never_falls() {
    static HOSTS: Keyed<CircuitBreaker> = CircuitBreaker::new().failure_threshold(1).name("o36").keyed().max_keys(1);
    steadfast::register!(HOSTS);

    let (published, _guard) = Published::begin();
    for host in ["a", "b", "c"] {
        HOSTS.get(host).try_acquire().unwrap().failure();
        assert!(HOSTS.get(host).try_acquire().is_err());
    }
    let all = published.all("o36");
    assert_eq!(all["circuit_breaker_calls_total{outcome=failure}"], "3");
    assert_eq!(all["circuit_breaker_calls_total{outcome=rejected}"], "3");
    assert_eq!(all["circuit_breaker_opened_total"], "3");
    // One is kept, and it is open.
    assert_eq!((&*all["circuit_breaker_state{state=open}"], &*all["circuit_breaker_state{state=closed}"]), ("1", "0"));
}

#[tokio::test(start_paused = true)]
async fn o36a_policies_of_one_name_are_one_series() {
    #[timeout("10s", name = "o36a")]
    #[retry(name = "o36a")]
    #[timeout("2s", enabled = false, name = "o36a")]
    #[circuit_breaker(shadow = true, name = "o36a")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let (published, _guard) = Published::begin();
    assert_eq!(call(&Script::new("S")).await, Ok(1));
    let all = published.all("o36a");
    assert_eq!((&*all["timeout_limit_seconds"], &*all["policy_enabled{kind=timeout}"]), ("10", "0"));
    assert_eq!(all["policy_shadow{kind=circuit_breaker}"], "1");
    assert_eq!(all["timeout_calls_total{outcome=in_time}"], "2");
}

/// One of the user's own, that is broken.
struct Broken;

impl Recorder for Broken {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        panic!("the recorder is broken")
    }
}

#[tokio::test(start_paused = true)]
async fn o36b_a_recorder_that_panics_takes_the_place_of_no_outcome() {
    static BENEATH: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).name("o36b");
    #[timeout("2s")]
    async fn fixed(takes: Duration) -> Answer {
        sleep(takes).await;
        Ok(7)
    }
    #[timeout(percentile(0.9, min = "2s", max = "2s"))]
    #[circuit_breaker(BENEATH)]
    async fn measured(takes: Duration) -> Answer {
        sleep(takes).await;
        Ok(7)
    }
    let _guard = metrics::set_default_local_recorder(&Broken);
    assert_eq!((fixed(Duration::from_secs(1)).await, measured(Duration::from_secs(1)).await), (Ok(7), Ok(7)));
    assert!(fixed(Duration::from_secs(3)).await.is_err());
    assert!(measured(Duration::from_secs(3)).await.is_err());
    assert!(BENEATH.is_open(), "the breaker beneath has learnt of the timeout");
}

#[test]
fn o37_the_docs_list_every_metric() {
    let docs = include_str!("../../runtime/docs/telemetry.md");
    let listed: Vec<&str> = docs
        .lines()
        .filter_map(|line| line.strip_prefix("| `steadfast_"))
        .filter(|line| [" counter |", " gauge |", " histogram |"].iter().any(|form| line.contains(form)))
        .map(|line| line.split('`').next().unwrap())
        .collect();
    let names: Vec<&str> = steadfast::metrics::names().map(|name| name.trim_start_matches("steadfast_")).collect();
    assert_eq!(listed, names);
}
