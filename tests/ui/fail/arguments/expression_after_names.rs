use std::io;
use steadfast::{circuit_breaker, fallback, timeout, CircuitBreaker};

static SHARED: CircuitBreaker = CircuitBreaker::new();

#[fallback(docs = false, Ok(0))]
fn answer() -> io::Result<u32> {
    Ok(1)
}

#[timeout(docs = false, "1s")]
async fn limit() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(docs = false, SHARED)]
fn handle() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (answer(), limit(), handle());
}
