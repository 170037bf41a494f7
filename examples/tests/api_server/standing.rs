//! How the policies stand: `/policies` and readiness.

use serde_json::json;
use steadfast_examples::Reply;

use crate::process::{Api, QUICK, until};

#[tokio::test]
async fn policies_are_listed_before_their_first_call() {
    let api = Api::start([Reply::status(503)], QUICK).await;
    let (status, snapshot) = api.json("/policies").await;
    assert_eq!(status, 200);
    let policies = snapshot["policies"].as_array().unwrap();
    let mut listed: Vec<_> = policies.iter().map(|policy| (policy["name"].as_str(), policy["kind"].as_str())).collect();
    listed.sort_unstable();
    let upstream = ["bulkhead", "circuit_breaker", "retry", "timeout"].map(|kind| (Some("upstream"), Some(kind)));
    assert_eq!(listed[0], (Some("data"), Some("fallback")));
    assert_eq!(listed[1..], upstream);

    let retry = api.policy("upstream", "retry").await;
    assert_eq!(retry["settings"]["backoff"], "exponential(1ms, factor = 2.0)");
    assert_eq!(retry["settings"]["max_delay"], "10s");
    assert_eq!(api.policy("upstream", "timeout").await["settings"]["limit"], "3s");
    let breaker = api.policy("upstream", "circuit_breaker").await;
    assert_eq!((&breaker["state"], &breaker["settings"]["critical"]), (&json!("closed"), &json!(true)));

    assert_eq!(api.status("/api/live").await, 502);
    assert_eq!(api.policy("upstream", "circuit_breaker").await["state"], "open");
    assert_eq!(api.policy("upstream", "retry").await["counts"]["attempts"], 3);
}

#[tokio::test]
async fn readiness_follows_the_upstream_down_and_up_again() {
    let settings = format!("{QUICK}[upstream.circuit_breaker]\nreset_timeout = \"500ms\"\n");
    let api = Api::start([Reply::ok("well")], &settings).await;
    assert_eq!(api.status("/api/live").await, 200);
    assert_eq!(api.json("/health/readiness").await, (200, json!({ "status": "up", "reasons": [] })));

    api.upstream.set([Reply::status(503)]);
    let mut down = json!(null);
    // Asked again and again, since the open time may be over before we look.
    until("down", async || {
        api.status("/api/live").await;
        let (status, health) = api.json("/health/readiness").await;
        down = health;
        status == 503
    })
    .await;
    let reason = &down["reasons"][0];
    assert_eq!((&reason["policy"], &reason["kind"]), (&json!("upstream"), &json!("circuit_breaker")));
    assert_eq!((&reason["status"], &reason["critical"]), (&json!("down"), &json!(true)));
    assert!(reason["why"].as_str().unwrap().starts_with("is open for another "), "{down}");

    // The time is over, and a call has to find out.
    until("ready for that call", async || api.status("/health/readiness").await == 200).await;
    let degraded = api.json("/health/readiness").await.1;
    assert_eq!((&degraded["status"], &degraded["reasons"][0]["policy"]), (&json!("degraded"), &json!("upstream")));

    api.upstream.set([Reply::ok("well again")]);
    assert_eq!(api.status("/api/live").await, 200);
    assert_eq!(api.json("/health/readiness").await, (200, json!({ "status": "up", "reasons": [] })));
}

#[tokio::test]
async fn the_page_steers_where_it_may() {
    for (variables, status, ready) in [(&[][..], 404, 200), (&[("PAGE_CONTROLS", "true")], 200, 503)] {
        let api = Api::start_with([Reply::ok("")], "", variables).await;
        let page = api.get("/steadfast").await;
        assert_eq!(page.status(), 200);
        assert!(page.text().await.unwrap().starts_with("<!doctype html>"));
        let data = api.json("/steadfast/data.json").await.1;
        let breaker = data["policies"].as_array().unwrap().iter().find(|policy| policy["kind"] == "circuit_breaker");
        assert_eq!(api.force_open(&breaker.unwrap()["id"]).await, status);
        assert_eq!(api.status("/health/readiness").await, ready);
    }
}
