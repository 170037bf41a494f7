use std::io;
use steadfast::{circuit_breaker, fallback, rate_limit};

#[circuit_breaker(key = host, port)]
fn two(host: &str, port: u16) -> io::Result<usize> {
    Ok(host.len() + usize::from(port))
}

#[rate_limit(permits = 3, key = host.len(), port + 1, self::one(host), per = "1s")]
fn three(host: &str, port: u16) -> io::Result<usize> {
    Ok(host.len() + usize::from(port))
}

#[fallback(stale = "1s", key = host, port, clone)]
async fn stale(host: &str, port: u16) -> io::Result<usize> {
    Ok(host.len() + usize::from(port))
}

// A setting that has no value.
#[circuit_breaker(key = host, window)]
fn one(host: &str) -> io::Result<usize> {
    Ok(host.len())
}

fn main() {
    let _ = (two("", 1), three("", 1), stale("", 1), one(""));
}
