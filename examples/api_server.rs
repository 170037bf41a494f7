//! A service in front of an upstream that can't be relied on. The policies are in `api_server/service.rs`.
//!
//! ```sh
//! cargo run --example api_server
//! LISTEN=0.0.0.0:80 UPSTREAM=http://data.internal:8080 cargo run --example api_server
//! ```

#[path = "api_server/service.rs"]
pub mod service;

use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::put;
use service::{Settings, router};
use steadfast_examples::{Reply, Upstream};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> io::Result<()> {
    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&listen).await?;
    let here = listener.local_addr()?;

    let Ok(upstream) = env::var("UPSTREAM") else {
        let upstream = Upstream::start(mood("well")).await?;
        let service = router(Settings::new(upstream.url("")));
        println!("{}", hints(&format!("http://{here}")));
        return axum::serve(listener, service.merge(moods(upstream))).await;
    };
    println!("http://{here}/api/data asks {upstream}");
    axum::serve(listener, router(Settings::new(upstream))).await
}

/// Tells our own upstream how to be.
fn moods(upstream: Upstream) -> Router {
    let upstream = Arc::new(upstream);
    let set = async move |Path(name): Path<String>| {
        mood(&name).map(|reply| upstream.set([reply])).ok_or(StatusCode::NOT_FOUND)
    };
    Router::new().route("/upstream/{mood}", put(set))
}

fn mood(name: &str) -> Option<Reply> {
    Some(match name {
        "well" => Reply::ok("all is well"),
        "down" => Reply::status(503),
        "hanging" => Reply::Hang,
        "resetting" => Reply::Reset,
        // Longer than we are ready to wait, so it is passed on.
        "throttling" => Reply::throttled(Duration::from_secs(30)),
        _ => return None,
    })
}

fn hints(here: &str) -> String {
    format!(
        "\
An upstream that does as it is told has been started. In another terminal:

    curl -i {here}/api/data                     # what the upstream says
    curl -X PUT {here}/upstream/throttling
    curl -i {here}/api/data                     # 429 and Retry-After, as the upstream says
    curl -X PUT {here}/upstream/down
    curl -i {here}/api/data                     # three attempts, then the default answer
    curl -i {here}/api/data                     # the default at once: the breaker is open
    curl -i {here}/api/live                     # without a default: 503 and Retry-After
    curl -i {here}/health/readiness             # 503, degraded
    curl -i {here}/health/liveness              # 200: no reason to restart it
    curl -X PUT {here}/upstream/well
    sleep 60; curl -i {here}/api/live           # the breaker lets one call through, and closes

An upstream can also be `hanging` and `resetting`."
    )
}
