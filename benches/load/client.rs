//! The client: a process that sends the next request on each of its connections when the last one is answered.

use std::io;
use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use tokio::task::JoinSet;

use crate::process::Process;

/// Connections, each with one request at a time.
pub(crate) const CONNECTIONS: u32 = 32;
/// How long the client waits for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// What the client has seen.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Answers a second.
    pub(crate) per_second: f64,
    /// The share of requests that were answered by 200.
    pub(crate) good: f64,
    /// In milliseconds, of answers only; `None` without any.
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    /// How often the upstream was asked a second meanwhile.
    pub(crate) asked: Option<f64>,
    /// Processor milliseconds of the server to an answer.
    pub(crate) cpu: Option<f64>,
}

/// Asks for so long, as fast as answers come, and says what has come.
#[tokio::main]
pub(crate) async fn run(url: &str, seconds: &str) -> io::Result<()> {
    let seconds = Duration::from_secs(seconds.parse().map_err(io::Error::other)?);
    let end = Instant::now() + seconds;
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let client = Client::builder().no_proxy().timeout(PATIENCE).build().map_err(io::Error::other)?;
        connections.spawn(converse(client, url.to_owned(), end));
    }
    let (mut latencies, mut good, mut failed) = (Vec::new(), 0_u32, 0_u32);
    for of in connections.join_all().await {
        latencies.extend(of.latencies);
        good += of.good;
        failed += of.failed;
    }
    latencies.sort_unstable();
    let answered = u32::try_from(latencies.len()).map_or(f64::MAX, f64::from);
    // The place in the order of all answers.
    let percentile = |hundredths: usize| {
        let latency = latencies.get(latencies.len() * hundredths / 100);
        latency.map_or_else(String::new, |latency| (latency.as_secs_f64() * 1e3).to_string())
    };
    let share = f64::from(good) / (answered + f64::from(failed)).max(1.0);
    println!("{};{share};{};{}", answered / seconds.as_secs_f64(), percentile(50), percentile(99));
    Ok(())
}

#[derive(Default)]
struct Answers {
    latencies: Vec<Duration>,
    good: u32,
    /// Requests for whose answer nobody waited any more.
    failed: u32,
}

/// One connection. What is under way at the end is waited for.
async fn converse(client: Client, url: String, end: Instant) -> Answers {
    let mut answers = Answers::default();
    while Instant::now() < end {
        let start = Instant::now();
        let answer = async { client.get(&url).send().await?.error_for_status()?.bytes().await };
        match answer.await {
            Ok(_) => answers.good += 1,
            Err(error) if error.status().is_some_and(|status| status != StatusCode::OK) => {}
            Err(_) => {
                answers.failed += 1;
                continue;
            }
        }
        answers.latencies.push(start.elapsed());
    }
    answers
}

/// Starts the client, and gives what it says.
pub(crate) fn load(url: &str, seconds: u32) -> io::Result<Seen> {
    let client = Process::start(&["client", url, &seconds.to_string()])?;
    let said: Vec<Option<f64>> = client.first_line().split(';').map(|number| number.parse().ok()).collect();
    match *said {
        [Some(per_second), Some(good), p50, p99] => Ok(Seen { per_second, good, p50, p99, asked: None, cpu: None }),
        _ => Err(io::Error::other("the client has failed")),
    }
}
