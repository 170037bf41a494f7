//! The service: what it asks the upstream, with which policies, and what it answers.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use reqwest::Client;
use serde_json::json;
use steadfast::{Class, Classify, bulkhead, circuit_breaker, fallback, retry, timeout};
use steadfast_examples::{Error, client};

/// The routes, and what they share; the upstream is an address without a path.
pub fn router(upstream: impl Into<String>) -> Router {
    let service = Service { client: client(), upstream: upstream.into() };
    Router::new().route("/api/data", get(data)).route("/api/live", get(live)).with_state(Arc::new(service))
}

struct Service {
    client: Client,
    upstream: String,
}

impl Service {
    /// What the upstream says now.
    ///
    /// These settings suit most services. What an operator sets goes over them, by the name: see `steadfast.toml`.
    #[retry(name = "upstream", attempts = 3, backoff = exponential("1s"), max_delay = "10s")]
    #[circuit_breaker(name = "upstream", critical = true, failure_threshold = 3, reset_timeout = "60s")]
    #[bulkhead(name = "upstream", max_concurrent = 64)]
    #[timeout("3s", name = "upstream")]
    async fn live(&self) -> Result<Data, Error> {
        let text = steadfast_examples::get(&self.client, &format!("{}/data", self.upstream)).await?;
        Ok(Data { source: "upstream", text })
    }

    /// The same, with a default. "Too many requests" is passed on: a client that got the default would go on asking.
    #[fallback(
        Ok(Data::default_answer()),
        ignore(Err(error) if matches!(error.class(), Class::Throttled { .. })),
        name = "data"
    )]
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
            // 503 for the open breaker, with the time it has left, and for the full bulkhead; 504 for a timeout.
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
