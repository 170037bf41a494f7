//! The client: `oha`, which sends the next request on each of its connections when the last one is answered.

use std::env;
use std::ffi::OsString;
use std::io;
use std::process::Command;

use serde_json::Value;

/// Connections, each with one request at a time.
pub(crate) const CONNECTIONS: u32 = 32;
/// How long the client waits for an answer.
pub(crate) const PATIENCE: &str = "2s";

/// What the client has seen.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Answers a second.
    pub(crate) per_second: f64,
    /// The share of them that are 200.
    pub(crate) good: f64,
    /// In seconds, of answers only; `None` without any.
    pub(crate) p50: Option<f64>,
    pub(crate) p99: Option<f64>,
    /// How often the upstream was asked meanwhile.
    pub(crate) asked: Option<u64>,
    pub(crate) seconds: u32,
}

fn oha() -> OsString {
    env::var_os("OHA").unwrap_or_else(|| "oha".into())
}

pub(crate) fn version() -> io::Result<String> {
    let missing = |error| io::Error::other(format!("no `oha` ({error}): `cargo install oha --locked` brings it"));
    let output = Command::new(oha()).arg("--version").output().map_err(missing)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Asks for so long, as fast as answers come.
pub(crate) fn load(url: &str, seconds: u32) -> io::Result<Seen> {
    let output = Command::new(oha())
        .args(["--no-tui", "--output-format", "json", "-t", PATIENCE])
        .args(["-c", &CONNECTIONS.to_string(), "-z", &format!("{seconds}s"), url])
        .output()?;
    let failed = || io::Error::other(format!("oha: {}", String::from_utf8_lossy(&output.stderr)));
    let json: Value = serde_json::from_slice(&output.stdout).map_err(|_| failed())?;
    let counts = json["statusCodeDistribution"].as_object().ok_or_else(failed)?;
    let count = |statuses: &dyn Fn(&str) -> bool| {
        let counts = counts.iter().filter(|(status, _)| statuses(status));
        counts.filter_map(|(_, count)| count.as_f64()).sum::<f64>()
    };
    let (all, good) = (count(&|_| true), count(&|status| status == "200"));
    let per_second = all / f64::from(seconds);
    let percentile = |name| json["latencyPercentiles"][name].as_f64().filter(|_| all > 0.0);
    let (p50, p99) = (percentile("p50"), percentile("p99"));
    Ok(Seen { per_second, good: if all > 0.0 { good / all } else { 0.0 }, p50, p99, asked: None, seconds })
}
