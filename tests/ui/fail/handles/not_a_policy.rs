use std::io;
use std::sync::Mutex;
use steadfast::{circuit_breaker, retry, CircuitBreaker};

static NAME: &str = "payments";
static LOCKED: Mutex<CircuitBreaker> = Mutex::new(CircuitBreaker::new());

#[circuit_breaker(NAME)]
fn text() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(LOCKED)]
async fn locked() -> io::Result<u32> {
    Ok(1)
}

#[retry(attempt_limit())]
fn number() -> io::Result<u32> {
    Ok(1)
}

fn attempt_limit() -> u32 {
    3
}

fn main() {
    let _ = (text(), locked(), number());
}
