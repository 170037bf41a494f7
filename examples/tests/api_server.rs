//! The API server over HTTP, on real sockets. Only what a test waits for is short; what must not happen is far away.

#[path = "../api_server/service.rs"]
pub mod service;

use std::time::Duration;

use axum::http::header::RETRY_AFTER;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use service::{Settings, router};
use steadfast_examples::{Reply, Upstream, client};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const SECOND: Duration = Duration::from_secs(1);

struct Api {
    client: Client,
    here: String,
    upstream: Upstream,
    server: JoinHandle<()>,
}

impl Api {
    /// The defaults but for the delays, unless `change` says otherwise.
    async fn start(replies: impl IntoIterator<Item = Reply>, change: impl FnOnce(&mut Settings)) -> Self {
        let upstream = Upstream::start(replies).await.unwrap();
        let mut settings = Settings { first_delay: Duration::from_millis(1), ..Settings::new(upstream.url("")) };
        change(&mut settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async { axum::serve(listener, router(settings)).await.unwrap() });
        Self { client: client(), here, upstream, server }
    }

    async fn get(&self, path: &str) -> Response {
        let response = self.client.get(format!("{}{path}", self.here)).send();
        timeout(30 * SECOND, response).await.expect("every request is answered").unwrap()
    }

    async fn status(&self, path: &str) -> u16 {
        self.get(path).await.status().as_u16()
    }

    async fn json(&self, path: &str) -> (u16, Value) {
        let response = self.get(path).await;
        (response.status().as_u16(), serde_json::from_str(&response.text().await.unwrap()).unwrap())
    }

    fn asked(&self) -> usize {
        self.upstream.requests().len()
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn retry_after(response: &Response) -> Option<f64> {
    response.headers().get(RETRY_AFTER).map(|value| value.to_str().unwrap().parse().unwrap())
}

#[test]
fn the_defaults_are_those_of_the_text_books() {
    let settings = Settings::new("http://localhost");
    assert_eq!((settings.first_delay, settings.max_delay), (SECOND, 10 * SECOND));
    assert_eq!((settings.failures, settings.reset_timeout), (3, 60 * SECOND));
    assert_eq!(settings.timeout, 3 * SECOND);
}

#[tokio::test]
async fn what_fails_is_retried() {
    let api = Api::start([Reply::Reset, Reply::status(503), Reply::ok("fresh")], |_| ()).await;
    assert_eq!(api.json("/api/data").await, (200, json!({ "source": "upstream", "data": "fresh" })));
    assert_eq!(api.asked(), 3);
    assert_eq!(api.json("/health/readiness").await.1["status"], "ready");
}

#[tokio::test]
async fn an_upstream_that_is_down_is_left_alone() {
    let api = Api::start([Reply::status(503)], |_| ()).await;
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

    let degraded = json!({ "status": "degraded", "breakers": { "upstream": "Open" } });
    assert_eq!(api.json("/health/readiness").await, (503, degraded));
    assert_eq!(api.status("/health/liveness").await, 200);
}

#[tokio::test]
async fn a_breaker_that_was_open_lets_a_call_find_out() {
    let api = Api::start([Reply::status(500)], |settings| settings.reset_timeout = Duration::from_millis(1)).await;
    assert_eq!(api.status("/api/live").await, 502);
    api.upstream.set([Reply::ok("up again")]);
    let ready = async { while api.status("/health/readiness").await != 200 {} };
    timeout(10 * SECOND, ready).await.expect("ready when the time is over");
    assert_eq!(api.json("/api/live").await.1["source"], "upstream");
    assert_eq!(api.json("/health/readiness").await.1["breakers"]["upstream"], "Closed");
}

#[tokio::test]
async fn what_hangs_is_ended_and_counts() {
    let api = Api::start([Reply::Hang], |settings| settings.timeout = Duration::from_millis(20)).await;
    assert_eq!(api.status("/api/live").await, 504);
    // Open after three failures, so there were three attempts.
    assert_eq!(api.status("/health/readiness").await, 503);
    assert_eq!(api.json("/api/data").await.1["source"], "default");
}

#[tokio::test]
async fn a_429_is_waited_for() {
    let api = Api::start([Reply::throttled(SECOND), Reply::ok("in turn")], |_| ()).await;
    assert_eq!(api.json("/api/data").await.1["data"], "in turn");
    let asked: Vec<_> = api.upstream.requests().iter().map(|request| request.at).collect();
    assert!(asked[1] - asked[0] >= SECOND, "{asked:?}");
}

#[tokio::test]
async fn a_429_that_asks_for_more_is_passed_on() {
    let api = Api::start([Reply::throttled(30 * SECOND)], |_| ()).await;
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
    let api = Api::start([Reply::status(404)], |_| ()).await;
    for _ in 0..4 {
        assert_eq!(api.status("/api/live").await, 502);
    }
    assert_eq!(api.asked(), 4);
    assert_eq!(api.status("/health/readiness").await, 200);
}
