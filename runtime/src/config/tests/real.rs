//! The layer over policies as they are.

use core::time::Duration;

use super::*;
use crate::registry::{HedgeControl, RetryControl, TimeoutControl};
use crate::{CircuitBreaker, Hedge, Retry, Timeout};

#[test]
fn settings_of_policies_change_and_come_back() {
    static RETRY_CONTROL: RetryControl = RetryControl::new();
    static RETRY: Retry = Retry::new().name("payments").controlled(&RETRY_CONTROL);
    static TIMEOUT_CONTROL: TimeoutControl = TimeoutControl::new();
    static TIMEOUT: Timeout = Timeout::new(Duration::from_secs(2)).name("payments").controlled(&TIMEOUT_CONTROL);
    static HEDGE_CONTROL: HedgeControl = HedgeControl::new();
    static HEDGE: Hedge = Hedge::new(Duration::from_secs(2)).controlled(&HEDGE_CONTROL);
    let policies: [&dyn Managed; 3] = [&RETRY, &TIMEOUT, &HEDGE];
    let in_force = InForce::new();

    let text = "
        [payments]
        critical = true
        retry = { attempts = 5, backoff = \"exponential(200ms, factor = 2.0)\", max_duration = \"1m\" }
        timeout.limit = \"1500ms\"
        [hedge]
        attempts = 3
    ";
    let applied = Config::new().toml(text).load_over(&policies, &Many::new(), &in_force).unwrap();
    assert_eq!(
        applied.to_string().lines().collect::<Vec<_>>(),
        [
            "retry `payments`: attempts is 5, was 3",
            "retry `payments`: backoff is \"exponential(200ms, factor = 2.0)\", was \"exponential(100ms, factor = 2.0)\"",
            "retry `payments`: max_duration is \"1m\", was not set",
            "retry `payments`: critical is true, was false",
            "timeout `payments`: limit is \"1s500ms\", was \"2s\"",
            "timeout `payments`: critical is true, was false",
            "hedge `unnamed`: attempts is 3, was 2",
        ]
    );

    let text = "
        [retry]
        attempts = 0
        backof = \"none\"
        max_delay = \"1ms\"
        [timeout]
        limit = 5
        [hedge]
        shadow = true
    ";
    let error = Config::new().toml(text).load_over(&policies, &Many::new(), &in_force).unwrap_err().to_string();
    for (line, part) in error.lines().zip([
        "text:3: `retry.attempts` takes a whole number from 1",
        "text:4: `retry.backof`: unknown setting `backof`; expected one of: `attempts`, `backoff`, ",
        "text:7: `timeout.limit` takes a duration with its unit",
        "text:9: `hedge.shadow`: unknown setting `shadow`",
    ]) {
        assert!(line.starts_with(part), "{line}");
    }
    assert!(error.lines().nth(1).unwrap().contains("; did you mean `backoff`?"));
    assert_eq!(error.lines().count(), 4, "{error}");

    let error =
        Config::new().toml("retry.max_delay = \"1ms\"").load_over(&policies, &Many::new(), &in_force).unwrap_err();
    assert_eq!(
        error.to_string(),
        "text:1: `retry.max_delay` is shorter than the first delay, which is 100ms (retry `payments`)"
    );

    let applied = Config::new().load_over(&policies, &Many::new(), &in_force).unwrap();
    assert_eq!(applied.changes.len(), 7);
    assert!(!RETRY_CONTROL.is_altered() && !TIMEOUT_CONTROL.is_altered() && !HEDGE_CONTROL.is_altered());
}

#[test]
fn what_can_not_be_reached_is_told() {
    static CONTROL: RetryControl = RetryControl::new();
    static STEERED: Retry = Retry::new().name("a").controlled(&CONTROL);
    static PLAIN: Retry = Retry::new().name("b");
    let in_force = InForce::new();
    let off = Config::new().variables([("STEADFAST__ENABLED", "false")]);
    let applied = off.load_over(&[&STEERED, &PLAIN], &Many::new(), &in_force).unwrap();
    assert_eq!(
        applied.to_string(),
        "retry `a`: enabled is false, was true\nSTEADFAST__ENABLED: retry `b` can't be switched off"
    );

    // What is for all of a kind goes to those that can take it.
    let all = Config::new().toml("retry.attempts = 4").load_over(&[&STEERED, &PLAIN], &Many::new(), &in_force).unwrap();
    assert_eq!(
        all.to_string().lines().collect::<Vec<_>>(),
        [
            "retry `a`: attempts is 4, was 3",
            "retry `a`: enabled is true, was false",
            "text:1: retry `b` stays as it is, since it has no `.controlled(&CONTROL)`",
        ]
    );
    // What it could not have in any case is not told.
    for (text, expected) in [("shadow = true", "retry `a`: attempts is 3, was 4"), ("hedge.attempts = 3", "")] {
        let applied = Config::new().toml(text).load_over(&[&STEERED, &PLAIN], &Many::new(), &in_force).unwrap();
        assert_eq!(applied.to_string(), expected);
    }
    let error =
        Config::new().toml("b.retry.attempts = 4").load_over(&[&STEERED, &PLAIN], &Many::new(), &in_force).unwrap_err();
    assert_eq!(
        error.to_string(),
        "text:1: `b.retry.attempts` can only be changed of a policy with `.controlled(&CONTROL)`"
    );
}

#[test]
fn what_each_call_computes_can_be_switched_off() {
    static CONTROL: RetryControl = RetryControl::new().varying(&["enabled", "critical"]);
    static RETRY: Retry = Retry::new().name("a").controlled(&CONTROL);
    let in_force = InForce::new();
    for text in ["a.enabled = false", "a.critical = true", "critical = true", "enabled = false"] {
        Config::new().toml(text).load_over(&[&RETRY], &Many::new(), &in_force).unwrap();
        let said = text.trim_start_matches("a.");
        assert!(RETRY.settings().iter().any(|s| format!("{} = {}", s.key, s.value) == said), "{text}");
    }
    // Which it can't have is no matter of it.
    let error = Config::new().toml("a.shadow = true").load_over(&[&RETRY], &Many::new(), &in_force).unwrap_err();
    assert_eq!(error.to_string(), "text:1: `a.shadow` is taken by no policy named `a`");
}

/// `failure_threshold` and `failure_rate` say one thing in two ways.
#[test]
fn a_nearer_setting_takes_the_place_of_its_alternative() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().name("near");
    const RATE: &str = "[circuit_breaker]\nfailure_rate = 0.5\nwindow = 50\nmin_calls = 7\n";
    let in_force = InForce::new();
    for (file, variable, expected) in [
        (format!("{RATE}[near.circuit_breaker]\nfailure_threshold = 3"), None, "failure_threshold = 3"),
        (RATE.to_owned(), Some(("STEADFAST__NEAR__CIRCUIT_BREAKER__FAILURE_THRESHOLD", "3")), "failure_threshold = 3"),
        (RATE.to_owned(), Some(("STEADFAST__CIRCUIT_BREAKER__FAILURE_THRESHOLD", "3")), "failure_threshold = 3"),
        (
            "circuit_breaker.failure_threshold = 3\nnear.circuit_breaker.failure_rate = 0.5".to_owned(),
            None,
            "failure_rate = 0.5",
        ),
        (
            "near.circuit_breaker.failure_threshold = 3".to_owned(),
            Some(("STEADFAST__NEAR__CIRCUIT_BREAKER__FAILURE_RATE", "0.5")),
            "failure_rate = 0.5",
        ),
        // A window is of use all the same.
        (
            format!("{RATE}slow_call = \"1s\"\n[near.circuit_breaker]\nfailure_threshold = 3"),
            None,
            "failure_threshold = 3, window = 50",
        ),
    ] {
        let config = Config::new().toml(file.clone()).variables(variable);
        config.load_over(&[&BREAKER], &Many::new(), &in_force).unwrap_or_else(|error| panic!("{file}\n{error}"));
        let settings = BREAKER.settings();
        let shown = |key: &&str| settings.iter().find(|s| s.key == *key).map(|s| format!("{key} = {}", s.value));
        let keys = if expected.contains("window") {
            &["failure_threshold", "failure_rate", "window"][..]
        } else {
            &["failure_threshold", "failure_rate"]
        };
        assert_eq!(keys.iter().filter_map(shown).collect::<Vec<_>>().join(", "), expected, "{file}");
    }
    // What is wrong by itself stays so.
    let wrong = format!("{RATE}reset_timeout = 5\n[near.circuit_breaker]\nfailure_threshold = 3");
    let error = Config::new().toml(wrong).load_over(&[&BREAKER], &Many::new(), &in_force).unwrap_err();
    assert!(error.to_string().starts_with("text:5: `circuit_breaker.reset_timeout` takes a duration"), "{error}");
    let both = Config::new().toml(format!("{RATE}failure_threshold = 3"));
    let error = both.load_over(&[&BREAKER], &Many::new(), &in_force).unwrap_err();
    assert!(error.to_string().contains("give one of them"), "{error}");
}
