//! What all answers have in common.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// What is true now is not kept by anybody on the way, nor taken for anything but what it is.
pub(super) fn fresh(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let headers = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (status, headers, body).into_response()
}

pub(super) fn json(status: StatusCode, body: &Value) -> Response {
    fresh(status, "application/json", body.to_string())
}
