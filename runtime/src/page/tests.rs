//! The routes, asked as a browser would. In `examples/tests/page.rs` a browser does.

use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value as Json, json};
use tower::ServiceExt;

use super::{Page, router};
use crate::registry::{Registered, register};
use crate::{Backoff, Bulkhead, CircuitBreaker, Retry, State};

const HOUR: Duration = Duration::from_secs(3600);

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Json {
        serde_json::from_str(&self.body).expect(&self.body)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

async fn get(router: &Router, path: &str) -> Answer {
    ask(router, Request::get(path).body(Body::empty()).unwrap()).await
}

fn nested(page: Page) -> Router {
    Router::new().nest("/steadfast", page.router())
}

fn breaker(name: &'static str) -> (Arc<CircuitBreaker>, Registered) {
    let breaker = Arc::new(CircuitBreaker::new().name(name).failure_threshold(1).reset_timeout(HOUR));
    (Arc::clone(&breaker), register(breaker))
}

async fn data(router: &Router) -> Json {
    get(router, "/steadfast/data.json").await.json()
}

async fn policy(router: &Router, name: &str) -> Json {
    let data = data(router).await;
    data["policies"].as_array().unwrap().iter().find(|policy| policy["name"] == name).expect(name).clone()
}

/// What the page sends, and what it may be changed to.
const HEADERS: [(&str, &str); 2] = [("x-steadfast", "steer"), ("content-type", "application/json")];

async fn steer(router: &Router, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
    let request =
        headers.iter().fold(Request::post("/steadfast/steer"), |request, (name, value)| request.header(*name, *value));
    ask(router, request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn the_page_is_where_it_is_nested_and_at_the_root_and_in_a_router_with_a_state() {
    let with_state: Router = Router::<u32>::new().nest("/steadfast", router()).with_state(7);
    let with_slash = Router::new().nest("/steadfast/", router());
    for (router, path) in [
        (nested(Page::new()), "/steadfast"),
        (with_slash, "/steadfast/"),
        (with_state, "/steadfast"),
        (Page::new().router(), "/"),
    ] {
        let answer = get(&router, path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, "text/html; charset=utf-8"),
            "{path}"
        );
        let data = get(&router, &format!("{}/data.json", path.trim_end_matches('/'))).await;
        assert_eq!(data.status, StatusCode::OK, "{path}");
    }
    assert_eq!(get(&nested(Page::new()), "/steadfast/other").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_page_is_whole_and_allows_nothing_but_itself() {
    let router = nested(Page::new());
    let (answer, again) = (get(&router, "/steadfast").await, get(&router, "/steadfast").await);
    let security = answer.header("content-security-policy");
    let nonce = security.split('\'').find_map(|word| word.strip_prefix("nonce-")).expect(security);
    assert_eq!(answer.body.matches(&format!(" nonce=\"{nonce}\">")).count(), 2, "style and script");
    assert_ne!(security, again.header("content-security-policy"), "each answer has its own");
    for directive in
        ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"]
    {
        assert!(security.contains(directive), "{directive}: {security}");
    }
    assert!(!security.contains("unsafe"), "{security}");
    for mark in ["{nonce}", "/* page.css */", "/* page.js */", "src=", "@import", "innerHTML", "style=\""] {
        assert_eq!(answer.body.find(mark), None, "{mark}");
    }
    assert!(answer.body.contains("grid-template-columns") && answer.body.contains("data.json"));
    assert!(answer.body.len() < 40_000, "{}", answer.body.len());
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
}

#[tokio::test]
async fn data_say_how_each_policy_stands() {
    let (breaker, _listed) = breaker("page-data");
    let router = nested(Page::new().title("the \"shop\""));
    let _: Result<(), _> = breaker.call_blocking(|| Err(std::io::Error::other("down")));

    let answer = get(&router, "/steadfast/data.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/json"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let data = answer.json();
    assert_eq!((&data["title"], &data["controls"]), (&json!("the \"shop\""), &json!(false)));
    assert!(data["now"].as_u64() > Some(1_700_000_000_000), "{}", data["now"]);
    let reasons = data["health"]["reasons"].as_array().unwrap();
    assert!(
        reasons.iter().any(|reason| reason["policy"] == "page-data" && reason["status"] == "degraded"),
        "{reasons:?}"
    );

    let policy = policy(&router, "page-data").await;
    assert_eq!((&policy["kind"], &policy["state"]), (&json!("circuit_breaker"), &json!("open")));
    assert_eq!((&policy["named"], &policy["steered"]), (&json!(true), &json!(true)));
    assert_eq!(policy["trouble"]["level"], "rejects");
    assert!(
        policy["settings"].as_array().unwrap().contains(&json!({ "key": "failure_threshold", "value": 1 })),
        "{policy}"
    );
    assert!(policy["counts"].as_array().unwrap().contains(&json!({ "name": "opened", "value": 1 })), "{policy}");
}

#[tokio::test(start_paused = true)]
async fn trouble_has_three_levels_and_a_path_is_no_name() {
    let bulkhead = Arc::new(Bulkhead::new(1).name("page-full"));
    let (breaker, _breaker) = breaker("page-trouble");
    let (_bulkhead, _retry) = (register(Arc::clone(&bulkhead)), register(Arc::new(Retry::new())));
    let router = nested(Page::new());
    let level = async |name: &str| policy(&router, name).await["trouble"]["level"].clone();
    let _place = bulkhead.try_acquire().unwrap();
    assert_eq!((level("page-full").await, level("page-trouble").await), (json!("spent"), Json::Null));
    let _: Result<(), _> = breaker.call_blocking(|| Err(std::io::Error::other("down")));
    assert_eq!(level("page-trouble").await, "rejects");
    tokio::time::advance(HOUR).await;
    assert_eq!(level("page-trouble").await, "recovers");
    assert_eq!(policy(&router, "unnamed").await["named"], false);
}

#[tokio::test]
async fn policies_of_one_name_are_told_apart_and_keep_who_they_are() {
    let (_one, _two) = (breaker("page-twice"), breaker("page-twice"));
    let ids = async |router: &Router| -> Vec<Json> {
        let data = data(router).await;
        let twice = data["policies"].as_array().unwrap().iter().filter(|policy| policy["name"] == "page-twice");
        twice.map(|policy| policy["id"].clone()).collect()
    };
    let first = ids(&nested(Page::new())).await;
    assert_eq!(first.len(), 2);
    assert_ne!(first[0], first[1]);
    assert_eq!(ids(&nested(Page::new())).await, first);
}

#[tokio::test]
async fn events_are_kept_from_the_first_router_on_and_the_same_ones_are_one() {
    let router = nested(Page::new());
    let retry = Retry::new().name("page-events").attempts(3).backoff(Backoff::NONE);
    for _ in 0..2 {
        let _: Result<(), _> = retry.call_blocking(|| Err(std::io::Error::other("down")));
    }
    let data = data(&router).await;
    let events = data["events"].as_array().unwrap().iter().filter(|event| event["policy"] == "page-events");
    let events: Vec<_> =
        events.map(|event| (event["decision"].as_str().unwrap(), event["times"].as_u64().unwrap())).collect();
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events.contains(&("retrying", 4)) && events.contains(&("gave_up", 2)), "{events:?}");
    let gave_up = data["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["policy"] == "page-events" && event["decision"] == "gave_up");
    assert_eq!(gave_up.unwrap()["text"], "retry `page-events` gave up after 3 attempts: attempts");
}

#[tokio::test]
async fn without_the_opt_in_nothing_can_be_changed() {
    let (breaker, _listed) = breaker("page-read");
    let router = nested(Page::new());
    let id = policy(&router, "page-read").await["id"].clone();
    let answer = steer(&router, &HEADERS, json!({ "policy": id, "steer": "force_open" }).to_string()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        for path in ["/steadfast", "/steadfast/data.json"] {
            let request = Request::builder().method(method.clone()).uri(path).body(Body::empty()).unwrap();
            assert_eq!(ask(&router, request).await.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        }
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test]
async fn with_it_a_policy_is_forced_and_reset() {
    let (breaker, _listed) = breaker("page-steered");
    let router = nested(Page::new().controls(true));
    assert_eq!(data(&router).await["controls"], true);
    let id = policy(&router, "page-steered").await["id"].clone();
    for (how, state, expected) in [
        ("force_open", "forced_open", State::ForcedOpen),
        ("force_closed", "forced_closed", State::ForcedClosed),
        ("reset", "closed", State::Closed),
    ] {
        let answer = steer(&router, &HEADERS, json!({ "policy": id, "steer": how }).to_string()).await;
        assert_eq!((answer.status, answer.json()), (StatusCode::OK, json!({ "state": state })));
        assert_eq!(breaker.state(), expected);
    }
    let request = Request::get("/steadfast/steer").body(Body::empty()).unwrap();
    assert_eq!(ask(&router, request).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn another_site_can_change_nothing() {
    let (breaker, _listed) = breaker("page-others");
    let router = nested(Page::new().controls(true));
    let id = policy(&router, "page-others").await["id"].clone();
    let body = json!({ "policy": id, "steer": "force_open" }).to_string();
    let (asks, is_json, host) = (HEADERS[0], HEADERS[1], ("host", "Ops.example"));
    for (headers, expected) in [
        (vec![], StatusCode::FORBIDDEN),
        (vec![is_json], StatusCode::FORBIDDEN),
        (vec![("x-steadfast", "yes"), is_json], StatusCode::FORBIDDEN),
        (vec![asks], StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (vec![asks, ("content-type", "text/plain")], StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (vec![asks, ("content-type", "application/x-www-form-urlencoded")], StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (vec![asks, is_json, ("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        (vec![asks, is_json, ("sec-fetch-site", "same-site")], StatusCode::FORBIDDEN),
        (vec![asks, is_json, host, ("origin", "https://evil.example")], StatusCode::FORBIDDEN),
        (vec![asks, is_json, host, ("origin", "https://ops.example:8443")], StatusCode::FORBIDDEN),
        (vec![asks, is_json, host, ("origin", "null")], StatusCode::FORBIDDEN),
        (vec![asks, is_json, ("origin", "https://ops.example")], StatusCode::FORBIDDEN),
        // Nothing is said of who asks by the browser, but by its `Origin`.
        (
            vec![asks, is_json, host, ("origin", "https://evil.example"), ("sec-fetch-site", "none")],
            StatusCode::FORBIDDEN,
        ),
    ] {
        assert_eq!(steer(&router, &headers, body.clone()).await.status, expected, "{headers:?}");
        assert_eq!(breaker.state(), State::Closed, "{headers:?}");
    }
    let (fetched, origin) = (("sec-fetch-site", "same-origin"), ("origin", "https://ops.example"));
    for own in [
        vec![asks, is_json],
        vec![asks, is_json, fetched],
        vec![asks, is_json, ("sec-fetch-site", "none")],
        vec![asks, is_json, host, origin],
        // Behind a proxy that asks by a name of its own.
        vec![asks, is_json, ("host", "127.0.0.1:8080"), origin, fetched],
    ] {
        breaker.reset();
        assert_eq!(steer(&router, &own, body.clone()).await.status, StatusCode::OK, "{own:?}");
        assert_eq!(breaker.state(), State::ForcedOpen, "{own:?}");
    }
    // Without a `Host`, as HTTP/2 asks.
    for (to, expected) in [("ops.example", StatusCode::OK), ("evil.example", StatusCode::FORBIDDEN)] {
        let request = Request::post(format!("https://{to}/steadfast/steer"));
        let request =
            [asks, is_json, origin].iter().fold(request, |request, (name, value)| request.header(*name, *value));
        assert_eq!(ask(&router, request.body(body.clone().into()).unwrap()).await.status, expected, "{to}");
    }
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let retry = Arc::new(Retry::new().name("page-unsteered"));
    let _listed = register(retry);
    let router = nested(Page::new().controls(true));
    let unsteered = policy(&router, "page-unsteered").await;
    assert_eq!(unsteered["steered"], false);
    let id = &unsteered["id"];
    for (body, status, error) in [
        (String::new(), StatusCode::BAD_REQUEST, "not JSON"),
        ("[1]".to_owned(), StatusCode::BAD_REQUEST, "`steer` is `force_open`, `force_closed` or `reset`"),
        (
            json!({ "policy": id, "steer": "open" }).to_string(),
            StatusCode::BAD_REQUEST,
            "`steer` is `force_open`, `force_closed` or `reset`",
        ),
        (
            json!({ "policy": 7, "steer": "reset" }).to_string(),
            StatusCode::BAD_REQUEST,
            "`policy` is the id of a policy",
        ),
        (
            json!({ "policy": "", "steer": "reset" }).to_string(),
            StatusCode::NOT_FOUND,
            "there is no such policy, or not any more",
        ),
        (
            json!({ "policy": id, "steer": "reset" }).to_string(),
            StatusCode::CONFLICT,
            "a policy of this kind cannot be steered",
        ),
    ] {
        let answer = steer(&router, &HEADERS, body.clone()).await;
        assert_eq!((answer.status, answer.json()), (status, json!({ "error": error })), "{body}");
    }
    let long = steer(&router, &HEADERS, "x".repeat(super::steer::LONGEST + 1)).await;
    assert_eq!(long.status, StatusCode::PAYLOAD_TOO_LARGE);
}
