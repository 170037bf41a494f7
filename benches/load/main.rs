//! The API server of the examples under load, with its attributes and without them, over an upstream that is well and
//! one that fails: what the policies cost, and what they save.
//!
//! ```text
//! cargo run --release -p steadfast-load                       three rounds of four seconds
//! cargo run --release -p steadfast-load -- 5 10               five rounds of ten seconds
//! ```
//!
//! Client, server and upstream are processes of their own, with real sockets between them.

mod bare;
mod client;
mod process;
mod report;
#[path = "../../examples/api_server/service.rs"]
pub mod service;
mod upstream;

use std::process::ExitCode;
use std::{env, io};

use axum::Router;
use client::Seen;
use process::Process;
use steadfast::config::Config;
use tokio::net::TcpListener;
use upstream::Mood;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match *words {
        // How the processes start, each by this program.
        ["upstream"] => upstream::run(),
        ["client", url, seconds] => client::run(url, seconds),
        ["server", "with", upstream] => with_policies(upstream),
        ["server", "without", upstream] => serve(bare::router(upstream.to_owned())),
        ref numbers => {
            let number = |index: usize| numbers.get(index).and_then(|text| text.parse().ok());
            measure(number(0).unwrap_or(3), number(1).unwrap_or(4))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Of a service that is quick when all is well, and asks an upstream that is down again after a second. Without the
/// bulkhead, which would have a place for every connection of the client.
const SETTINGS: &str = r#"
    [upstream]
    retry.backoff = "exponential(50ms)"
    circuit_breaker.reset_timeout = "1s"
    bulkhead.enabled = false
    timeout.limit = "250ms"
"#;

fn with_policies(upstream: &str) -> io::Result<()> {
    Config::new().toml(SETTINGS).load().map_err(io::Error::other)?;
    serve(service::router(upstream))
}

#[tokio::main]
async fn serve(router: Router) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await
}

fn measure(rounds: u32, seconds: u32) -> io::Result<()> {
    let mut table = report::Table::new();
    for round in 1..=rounds {
        for mood in Mood::ALL {
            // Next to each other, and each of them first every other time.
            let mut kinds = ["without", "with"];
            kinds.rotate_left((round % 2) as usize);
            for kind in kinds {
                let seen = one(kind, mood, seconds)?;
                eprintln!("round {round}: {}, {kind}: {:.0} answers a second", mood.name(), seen.per_second);
                table.add(mood, kind, seen);
            }
        }
    }
    let (connections, patience) = (client::CONNECTIONS, client::PATIENCE.as_secs());
    println!("{rounds} rounds of {seconds} s, {connections} connections, the client waits {patience} s\n");
    table.print();
    Ok(())
}

/// A server under load: a second in which all is well, then the upstream takes on its mood.
fn one(kind: &str, mood: Mood, seconds: u32) -> io::Result<Seen> {
    let mut upstream = Process::start(&["upstream"])?;
    let server = Process::start(&["server", kind, upstream.first_line()])?;
    let url = format!("{}/api/data", server.first_line());
    client::load(&url, 1)?;
    upstream.ask(mood.name())?;
    let mut upstream = (mood != Mood::Gone).then_some(upstream);
    let before = server.cpu()?;
    let mut seen = client::load(&url, seconds)?;
    let answers = seen.per_second * f64::from(seconds);
    seen.cpu = (answers > 0.0).then_some((server.cpu()? - before) * 1e3 / answers);
    let Some(upstream) = &mut upstream else { return Ok(seen) };
    let asked: f64 = upstream.ask(mood.name())?.parse().map_err(io::Error::other)?;
    seen.asked = Some(asked / f64::from(seconds));
    Ok(seen)
}
