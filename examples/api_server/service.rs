//! The service: what it asks the upstream, with which policies, and what it answers.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use reqwest::Client;
use serde_json::json;
use steadfast::{CircuitBreaker, Class, Classify, circuit_breaker, fallback, retry, timeout};
use steadfast_examples::{Error, client};

/// What an operator, or a test, may want to set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the upstream is, without a path.
    pub upstream: String,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// The first delay between attempts, and each further one is twice as long. Jitter makes all of them shorter, each
    /// time by another share, so that many clients do not come back at once.
    pub first_delay: Duration,
    /// No delay is longer, and no longer wait is accepted from the upstream.
    pub max_delay: Duration,
    /// Failures in a row that open the breaker.
    pub failures: u32,
    /// How long it stays open.
    pub reset_timeout: Duration,
}

impl Settings {
    /// What suits most services.
    pub fn new(upstream: impl Into<String>) -> Self {
        Self {
            upstream: upstream.into(),
            timeout: Duration::from_secs(3),
            first_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(10),
            failures: 3,
            reset_timeout: Duration::from_secs(60),
        }
    }
}

/// The routes, and what they share.
pub fn router(settings: Settings) -> Router {
    Router::new()
        .route("/api/data", get(data))
        .route("/api/live", get(live))
        .route("/health/liveness", get(async || Json(json!({ "status": "alive" }))))
        .route("/health/readiness", get(readiness))
        .with_state(Arc::new(Service::new(settings)))
}

struct Service {
    client: Client,
    settings: Settings,
    // A field, so that its settings may come from outside. With settings that are known, the attribute makes its own:
    // `#[circuit_breaker(failure_threshold = 3, reset_timeout = "60s")]`.
    upstream: CircuitBreaker,
}

impl Service {
    fn new(settings: Settings) -> Self {
        let upstream = CircuitBreaker::new()
            .name("upstream")
            .failure_threshold(settings.failures)
            .reset_timeout(settings.reset_timeout);
        Self { client: client(), settings, upstream }
    }

    /// What the upstream says now.
    #[retry(attempts = 3, backoff = exponential(self.settings.first_delay), max_delay = self.settings.max_delay)]
    #[circuit_breaker(self.upstream)]
    #[timeout(self.settings.timeout)]
    async fn live(&self) -> Result<Data, Error> {
        let text = steadfast_examples::get(&self.client, &format!("{}/data", self.settings.upstream)).await?;
        Ok(Data { source: "upstream", text })
    }

    /// The same, with a default. "Too many requests" is passed on: a client that got the default would go on asking.
    #[fallback(Ok(Data::default_answer()), ignore(Err(error) if matches!(error.class(), Class::Throttled { .. })))]
    async fn data(&self) -> Result<Data, Error> {
        self.live().await
    }
}

struct Data {
    source: &'static str,
    text: String,
}

impl Data {
    fn default_answer() -> Self {
        Self { source: "default", text: "nothing new".to_owned() }
    }
}

async fn data(State(service): State<Arc<Service>>) -> Result<Data, Failed> {
    Ok(service.data().await?)
}

async fn live(State(service): State<Arc<Service>>) -> Result<Data, Failed> {
    Ok(service.live().await?)
}

/// Not ready while calls would be rejected. When the time of an open breaker is over it is ready again: somebody has to
/// send it the call that finds out.
async fn readiness(State(service): State<Arc<Service>>) -> Response {
    let open = service.upstream.is_open();
    let (status, text) = if open { (StatusCode::SERVICE_UNAVAILABLE, "degraded") } else { (StatusCode::OK, "ready") };
    let breaker = format!("{:?}", service.upstream.state());
    (status, Json(json!({ "status": text, "breakers": { service.upstream.policy(): breaker } }))).into_response()
}

impl IntoResponse for Data {
    fn into_response(self) -> Response {
        Json(json!({ "source": self.source, "data": self.text })).into_response()
    }
}

/// An error as an answer.
struct Failed(Error);

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let (status, retry_after) = match error {
            // 503 for the open breaker, with the time it has left; 504 for a timeout.
            Error::Rejected(rejection) => (rejection.http_status(), rejection.retry_after()),
            Error::Status { status: StatusCode::TOO_MANY_REQUESTS, retry_after } => (429, retry_after),
            Error::Status { .. } | Error::Http(_) => (502, None),
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        let mut response = (status, Json(json!({ "error": error.to_string() }))).into_response();
        if let Some(wait) = retry_after {
            // The header is in whole seconds, and a client that comes too early has come for nothing.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
