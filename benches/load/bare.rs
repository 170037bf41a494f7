//! The API server without any policy: one attempt, and what comes of it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use reqwest::Client;
use serde_json::json;
use steadfast_examples::{Error, client};

struct Service {
    client: Client,
    upstream: String,
}

pub(crate) fn router(upstream: String) -> Router {
    Router::new().route("/api/data", get(data)).with_state(Arc::new(Service { client: client(), upstream }))
}

async fn data(State(service): State<Arc<Service>>) -> Response {
    match live(&service).await {
        Ok(text) => Json(json!({ "source": "upstream", "data": text })).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, Json(json!({ "error": error.to_string() }))).into_response(),
    }
}

async fn live(service: &Service) -> Result<String, Error> {
    steadfast_examples::get(&service.client, &format!("{}/data", service.upstream)).await
}
