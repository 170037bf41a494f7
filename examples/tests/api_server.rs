//! The API server as a process of its own, over HTTP. Only what a test waits for is short; what must not happen is far away.

#[path = "api_server/dashboard.rs"]
mod dashboard;
#[path = "api_server/exposition.rs"]
mod exposition;
#[path = "api_server/metrics.rs"]
mod metrics;
#[path = "api_server/process.rs"]
mod process;
#[path = "api_server/settings.rs"]
mod settings;
#[path = "api_server/standing.rs"]
mod standing;

use axum::http::header::RETRY_AFTER;
use process::{Api, QUICK, SECOND, until};
use reqwest::{Response, StatusCode};
use serde_json::json;
use steadfast_examples::Reply;

fn retry_after(response: &Response) -> Option<f64> {
    response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn what_fails_is_retried() {
    let api = Api::start([Reply::Reset, Reply::status(503), Reply::ok("fresh")], QUICK).await;
    assert_eq!(api.json("/api/data").await, (200, json!({ "source": "upstream", "data": "fresh" })));
    assert_eq!(api.asked(), 3);
    assert_eq!(api.json("/health/readiness").await.1["status"], "up");
}

#[tokio::test]
async fn an_upstream_that_is_down_is_left_alone() {
    let api = Api::start([Reply::status(503)], QUICK).await;
    let default = (200, json!({ "source": "default", "data": "nothing new" }));
    assert_eq!(api.json("/api/data").await, default);
    assert_eq!(api.asked(), 3);

    // The breaker is open: the default at once, and where there is none an honest answer.
    assert_eq!(api.json("/api/data").await, default);
    let rejected = api.get("/api/live").await;
    assert_eq!(rejected.status(), StatusCode::SERVICE_UNAVAILABLE);
    let wait = retry_after(&rejected).unwrap();
    let text = rejected.text().await.unwrap();
    let exact = text.split_once("circuit open at `upstream`, retry after ").unwrap().1;
    let exact: f64 = exact.split_once('s').unwrap().0.parse().unwrap();
    // Rounded up, so that no client comes too early.
    assert!((exact..=exact + 1.0).contains(&wait), "{wait} for {exact}");
    assert_eq!(api.asked(), 3);

    assert_eq!(api.status("/health/readiness").await, 503);
    assert_eq!(api.status("/health/liveness").await, 200);
}

#[tokio::test]
async fn a_breaker_that_was_open_lets_a_call_find_out() {
    let settings = format!("{QUICK}[upstream.circuit_breaker]\nreset_timeout = \"1ms\"\n");
    let api = Api::start([Reply::status(500)], &settings).await;
    assert_eq!(api.status("/api/live").await, 502);
    api.upstream.set([Reply::ok("up again")]);
    until("the call that finds out", async || api.status("/api/live").await == 200).await;
    assert_eq!(api.policy("upstream", "circuit_breaker").await["state"], "closed");
}

#[tokio::test]
async fn what_hangs_is_ended_and_counts() {
    let api = Api::start([Reply::Hang], &format!("{QUICK}[upstream.timeout]\nlimit = \"20ms\"\n")).await;
    assert_eq!(api.status("/api/live").await, 504);
    // Open after three failures, so there were three attempts.
    assert_eq!(api.status("/health/readiness").await, 503);
    assert_eq!(api.json("/api/data").await.1["source"], "default");
}

#[tokio::test]
async fn a_429_is_waited_for() {
    let api = Api::start([Reply::throttled(SECOND), Reply::ok("in turn")], QUICK).await;
    assert_eq!(api.json("/api/data").await.1["data"], "in turn");
    let asked: Vec<_> = api.upstream.requests().iter().map(|request| request.at).collect();
    assert!(asked[1] - asked[0] >= SECOND, "{asked:?}");
}

#[tokio::test]
async fn a_429_that_asks_for_more_is_passed_on() {
    let api = Api::start([Reply::throttled(30 * SECOND)], QUICK).await;
    for path in ["/api/data", "/api/live", "/api/data", "/api/live"] {
        let throttled = api.get(path).await;
        assert_eq!((throttled.status().as_u16(), retry_after(&throttled)), (429, Some(30.0)), "{path}");
    }
    // One attempt each, and no failure: the upstream is well.
    assert_eq!(api.asked(), 4);
    assert_eq!(api.status("/health/readiness").await, 200);
}

#[tokio::test]
async fn an_answer_is_no_failure() {
    let api = Api::start([Reply::status(404)], QUICK).await;
    for _ in 0..4 {
        assert_eq!(api.status("/api/live").await, 502);
    }
    assert_eq!(api.asked(), 4);
    assert_eq!(api.status("/health/readiness").await, 200);
}

#[tokio::test]
async fn more_calls_than_places_are_turned_away() {
    let settings = "[upstream]\n\
        retry.attempts = 1\n\
        bulkhead.max_concurrent = 1\n\
        timeout.limit = \"1h\"\n";
    let api = Api::start([Reply::Hang], settings).await;
    let mut hanging = Box::pin(api.get("/api/live"));
    tokio::select! {
        _ = &mut hanging => panic!("the upstream hangs"),
        () = until("the place is taken", async || api.asked() == 1) => {}
    }
    // Also where there is a default: who got it would go on asking.
    for path in ["/api/live", "/api/data"] {
        assert_eq!(api.status(path).await, 503, "{path}");
    }
    assert_eq!(api.asked(), 1);
    assert_eq!(api.json("/health/readiness").await.1["status"], "degraded");
    api.metrics().await.assert("steadfast_bulkhead_running", &[("", 1.0)]);
}
