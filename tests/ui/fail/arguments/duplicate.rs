use std::io;
use steadfast::{circuit_breaker, fallback, outcome, retry, timeout};

#[retry(attempts = 3, attempts = 4)]
fn in_retry() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(window = 10, failure_rate = 0.5, window = "10s")]
fn in_circuit_breaker() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1s", docs = false, docs = true)]
async fn in_timeout() -> io::Result<u32> {
    Ok(1)
}

#[fallback(Ok(0), when = |_| true, when = |_| false)]
fn in_fallback() -> io::Result<u32> {
    Ok(1)
}

#[retry]
#[outcome(on(Err(_)), on(Ok(0)))]
fn in_outcome() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (in_retry(), in_circuit_breaker(), in_timeout(), in_fallback(), in_outcome());
}
