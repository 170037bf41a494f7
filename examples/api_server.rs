//! A service in front of an upstream that can't be relied on. The policies are in `api_server/service.rs`, and what those
//! who run it need in `api_server/operations.rs`: metrics, health, and settings that change while it runs.
//!
//! ```sh
//! cargo run --example api_server
//! LISTEN=0.0.0.0:80 UPSTREAM=http://data.internal:8080 STEADFAST_CONFIG=steadfast.toml cargo run --example api_server
//! ```

#[path = "api_server/operations.rs"]
pub mod operations;
#[path = "api_server/service.rs"]
pub mod service;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::put;
use steadfast::config::Config;
use steadfast::page::Page;
use steadfast_examples::{Reply, Upstream};
use tokio::net::TcpListener;
use tokio::time::sleep;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/api_server/steadfast.toml");

#[tokio::main]
async fn main() -> ExitCode {
    // `RUST_LOG=info,steadfast=debug` shows the rejections, too.
    let filter = env::var("RUST_LOG").ok().and_then(|filter| filter.parse().ok());
    let filter: Targets = filter.unwrap_or_else(|| Targets::new().with_default(tracing::Level::INFO));
    tracing_subscriber::registry().with(fmt::layer().with_writer(io::stderr)).with(filter).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let metrics = operations::recorder()?;
    let upkeep = metrics.clone();
    tokio::spawn(async move {
        // Durations are kept one by one until now, also where nobody asks for metrics.
        loop {
            sleep(Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });

    let path = env::var("STEADFAST_CONFIG").unwrap_or_else(|_| CONFIG.to_owned());
    let config = Config::new().file(&path).env();
    let _watch = config.clone().watch(|loaded| operations::log(&loaded))?;
    tracing::info!("settings of {path} are in force");

    let listen = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&listen).await?;
    let here = format!("http://{}", listener.local_addr()?);
    let operations = operations::router(metrics, config);
    // Who may force a breaker open is for you to say: whoever reaches the page, or nobody.
    let controls = env::var("PAGE_CONTROLS").is_ok_and(|controls| controls == "true");
    let page = Page::new().title("API server").controls(controls).router();
    let operations = operations.nest("/steadfast", page);
    if let Ok(upstream) = env::var("UPSTREAM") {
        println!("{here}/api/data asks {upstream}");
        axum::serve(listener, service::router(upstream).merge(operations)).await?;
    } else {
        let upstream = Upstream::start(mood("well")).await?;
        println!("{}", hints(&here, &path));
        let service = service::router(upstream.url(""));
        axum::serve(listener, service.merge(operations).merge(moods(upstream))).await?;
    }
    Ok(())
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

fn hints(here: &str, config: &str) -> String {
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
    curl -i {here}/health/readiness             # 503, down, and why
    curl -i {here}/health/liveness              # 200: no reason to restart it
    curl -X PUT {here}/upstream/well
    sleep 60; curl -i {here}/api/live           # the breaker lets one call through, and closes

An upstream can also be `hanging` and `resetting`. For those who run it:

    {here}/steadfast                            # all policies in a browser; PAGE_CONTROLS=true to steer them
    curl {here}/metrics                         # for Prometheus; grafana.json shows them
    curl {here}/policies                        # how each policy is set and stands
    $EDITOR {config}
    curl -i -X POST {here}/config/reload        # at once, and says what has changed; or wait a moment"
    )
}
