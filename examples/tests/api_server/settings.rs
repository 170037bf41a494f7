//! Settings from `steadfast.toml` and the environment: when they come into force, and when they don't.

use std::path::Path;

use serde_json::json;
use steadfast_examples::Reply;
use tokio::time::timeout;

use crate::process::{self, Api, QUICK, SECOND, until};

/// Settings with so many attempts.
fn attempts(number: u32) -> String {
    format!("{QUICK}attempts = {number}\n")
}

/// How many attempts the next call makes, as the upstream sees it. The breaker stays out of it.
async fn attempts_seen(api: &Api) -> usize {
    let before = api.asked();
    assert_eq!(api.status("/api/live").await, 502);
    api.asked() - before
}

const NO_BREAKER: &str = "[upstream.circuit_breaker]\nenabled = false\n";

#[tokio::test]
async fn the_file_that_comes_with_it_changes_nothing() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("api_server/steadfast.toml");
    let with = Api::start([Reply::ok("")], &std::fs::read_to_string(shipped).unwrap()).await;
    let without = Api::start([Reply::ok("")], "").await;
    assert_eq!(with.settings().await, without.settings().await);
}

#[tokio::test]
async fn a_reload_is_in_force_for_the_next_call_and_says_what_changed() {
    let api = Api::start([Reply::status(503)], &(attempts(3) + NO_BREAKER)).await;
    assert_eq!(attempts_seen(&api).await, 3);
    api.write(&(attempts(1) + NO_BREAKER));
    assert_eq!(api.reload().await.0, 200);
    assert_eq!(attempts_seen(&api).await, 1);

    // Where the file is watched as well, what is told belongs to who was first.
    let mut number = 1;
    until("a reload that comes first", async || {
        number += 1;
        api.write(&(attempts(number) + NO_BREAKER));
        let (status, changed) = api.reload().await;
        assert_eq!((status, api.attempts().await), (200, json!(number)));
        let change =
            json!({ "policy": "upstream", "kind": "retry", "key": "attempts", "before": number - 1, "after": number });
        assert!(changed.is_empty() || changed == [change.clone()], "{changed:?}");
        !changed.is_empty()
    })
    .await;
    assert_eq!(attempts_seen(&api).await, usize::try_from(number).unwrap());
    let line = format!("settings loaded: retry `upstream`: attempts is {number}, was {}", number - 1);
    until("a line of the log", async || api.log().contains(&line)).await;
}

#[tokio::test]
async fn a_file_that_is_saved_is_loaded() {
    let api = Api::start([Reply::status(503)], &(attempts(3) + NO_BREAKER)).await;
    assert_eq!(attempts_seen(&api).await, 3);
    api.write(&(attempts(1) + NO_BREAKER));
    until("one attempt", async || api.attempts().await == 1).await;
    assert_eq!(attempts_seen(&api).await, 1);
    until("a line of the log", async || api.log().contains("settings loaded: retry `upstream`: attempts is 1, was 3"))
        .await;

    api.write("[upstream.retry]\nattempts = 0\n");
    until("another line", async || api.log().contains("settings refused, and those in force stay: ")).await;
    assert_eq!(attempts_seen(&api).await, 1);
    api.write(&(attempts(2) + NO_BREAKER));
    until("two attempts", async || api.attempts().await == 2).await;
    assert_eq!(attempts_seen(&api).await, 2);
}

#[tokio::test]
async fn what_is_wrong_is_refused_as_a_whole() {
    let api = Api::start([Reply::status(503)], &(attempts(2) + NO_BREAKER)).await;
    let before = api.settings().await;
    // The first is right, and not taken either.
    api.write("[upstream.retry]\nattempts = 1\nmax_dellay = \"5s\"\n\n[upstream.timeout]\nlimit = \"soon\"\n\n[upstrem.retry]\n");
    let (status, mistakes) = api.reload().await;
    assert_eq!(status, 422);
    let origin = |line| format!("{}:{line}", api.config.display());
    let expected =
        [("upstream.retry.max_dellay", origin(3)), ("upstream.timeout.limit", origin(6)), ("upstrem", origin(8))];
    let named: Vec<_> = mistakes
        .iter()
        .map(|mistake| (mistake["key"].as_str().unwrap(), mistake["origin"].as_str().unwrap()))
        .collect();
    assert_eq!(named, expected.each_ref().map(|(key, origin)| (*key, origin.as_str())));
    assert!(mistakes[0]["message"].as_str().unwrap().contains("did you mean `max_delay`?"), "{mistakes:?}");
    assert!(mistakes[2]["message"].as_str().unwrap().contains("did you mean `upstream`?"), "{mistakes:?}");
    assert_eq!(api.settings().await, before);
    assert_eq!(attempts_seen(&api).await, 2);
    let line = format!("settings refused, and those in force stay: {}: ", origin(3));
    until("a line of the log", async || api.log().contains(&line)).await;

    // No TOML, and no file.
    api.write("[upstream.retry\n");
    let (status, mistakes) = api.reload().await;
    assert_eq!((status, mistakes.len(), &mistakes[0]["origin"]), (422, 1, &json!(origin(1))));
    std::fs::remove_file(&api.config).unwrap();
    let (status, mistakes) = api.reload().await;
    assert_eq!((status, mistakes.len(), &mistakes[0]["origin"]), (422, 1, &json!(api.config.display().to_string())));
    assert_eq!(attempts_seen(&api).await, 2);

    api.write(&(attempts(1) + NO_BREAKER));
    assert_eq!(api.reload().await.0, 200);
    assert_eq!(attempts_seen(&api).await, 1);
}

#[tokio::test]
async fn the_kill_switch() {
    let api = Api::start([Reply::status(503)], QUICK).await;
    api.write(&format!("enabled = false\n{QUICK}"));
    assert_eq!(api.reload().await.0, 200);
    for number in 1..=4 {
        // One attempt each, no breaker, and the default all the same.
        assert_eq!(api.json("/api/data").await.1["source"], "default");
        assert_eq!(api.asked(), number);
    }
    let metrics = api.metrics().await;
    let kinds = ["retry", "circuit_breaker", "bulkhead", "timeout"].map(|kind| format!(",kind=\"{kind}\""));
    metrics.assert("steadfast_policy_enabled", &kinds.each_ref().map(|kind| (kind.as_str(), 0.0)));

    api.write(QUICK);
    assert_eq!(api.reload().await.0, 200);
    assert_eq!(api.json("/api/data").await.1["source"], "default");
    assert_eq!((api.asked(), api.status("/health/readiness").await), (7, 503));
}

#[tokio::test]
async fn variables_go_over_the_file() {
    let variables = [("STEADFAST__UPSTREAM__RETRY__ATTEMPTS", "2"), ("STEADFAST__CIRCUIT_BREAKER__ENABLED", "false")];
    let api = Api::start_with([Reply::status(503)], &attempts(5), &variables).await;
    assert_eq!(attempts_seen(&api).await, 2);
    api.write(&attempts(4));
    assert_eq!(api.reload().await, (200, Vec::new()));
    assert_eq!(attempts_seen(&api).await, 2);
}

#[tokio::test]
async fn it_does_not_start_with_settings_that_are_wrong() {
    let config = process::config("[upstream.retry]\natempts = 1\n\n[upstream.timeout]\nlimit = 3\n");
    let mut command = process::command(&config);
    let ended = command.env("STEADFAST__RETRY__JITTER", "2").output();
    let output = timeout(60 * SECOND, ended).await.expect("it ends").unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    for part in [":2: ", "atempts", ":5: ", "limit", "STEADFAST__RETRY__JITTER: "] {
        assert!(errors.contains(part), "{part} in {errors}");
    }
    std::fs::remove_dir_all(config.parent().unwrap()).unwrap();
}
