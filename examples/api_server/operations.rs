//! What an operator asks for and does: metrics, policies, health, and settings that are loaded again. Elsewhere they may
//! stand at an address of their own, which only operators reach.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};
use steadfast::config::{Applied, Changed, Config, ConfigError, Mistake};
use steadfast::{health, registry};

/// The routes. The configuration is loaded again by `POST /config/reload`.
pub fn router(metrics: PrometheusHandle, config: Config) -> Router {
    Router::new()
        .route("/metrics", get(exposition).with_state(metrics))
        .route("/policies", get(async || Json(registry::snapshot())))
        .route("/health/liveness", get(async || Json(json!({ "status": "alive" }))))
        .route("/health/readiness", get(readiness))
        .route("/config/reload", post(reload).with_state(config))
}

/// Takes the metrics of the program, and keeps them until they are asked for.
///
/// # Errors
/// Where the program has a recorder already.
pub fn recorder() -> Result<PrometheusHandle, BuildError> {
    // Without limits the exporter makes a summary of it, and quantiles of many processes can't be added up.
    let limits = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    let durations = Matcher::Full("steadfast_timeout_duration_seconds".to_owned());
    PrometheusBuilder::new().set_buckets_for_metric(durations, &limits)?.install_recorder()
}

/// Prometheus asks for this every few seconds.
async fn exposition(State(metrics): State<PrometheusHandle>) -> impl IntoResponse {
    steadfast::metrics::collect();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
}

/// Not ready while calls would be rejected that the program cannot do without. When the time of an open breaker is over it
/// is ready again: somebody has to send it the call that finds out.
async fn readiness() -> Response {
    let health = health();
    (status(health.http_status()), Json(health)).into_response()
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// What has changed, or what is wrong: an object a line.
async fn reload(State(config): State<Config>) -> Response {
    // It reads files, which would hold up the other requests of this thread.
    let loaded = tokio::task::block_in_place(|| config.load());
    log(&loaded);
    match loaded {
        Ok(applied) => {
            let left_out = applied.left_out.iter().map(mistake);
            lines(StatusCode::OK, applied.changes.iter().map(changed).chain(left_out))
        }
        Err(error) => lines(StatusCode::UNPROCESSABLE_ENTITY, error.mistakes().iter().map(mistake)),
    }
}

/// A line of the log for each load, whoever asked for it.
pub fn log(loaded: &Result<Applied, ConfigError>) {
    let one_line = |text: String| text.replace('\n', "; ");
    match loaded {
        Ok(applied) if applied.changes.is_empty() => tracing::info!("settings loaded: they are the same"),
        Ok(applied) => tracing::info!("settings loaded: {}", one_line(applied.to_string())),
        Err(error) => tracing::error!("settings refused, and those in force stay: {}", one_line(error.to_string())),
    }
}

fn changed(Changed { policy, kind, key, before, after, .. }: &Changed) -> Value {
    json!({ "policy": policy, "kind": kind, "key": key, "before": before, "after": after })
}

fn mistake(Mistake { key, origin, message, .. }: &Mistake) -> Value {
    json!({ "key": key, "origin": origin, "message": message })
}

fn lines(status: StatusCode, objects: impl Iterator<Item = Value>) -> Response {
    let text: Vec<String> = objects.map(|object| object.to_string() + "\n").collect();
    (status, [(header::CONTENT_TYPE, "application/x-ndjson")], text.concat()).into_response()
}
