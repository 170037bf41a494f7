use std::io;
use steadfast::{circuit_breaker, retry, CircuitBreaker, Retry};

static BREAKER: CircuitBreaker = CircuitBreaker::new();
static RETRY: Retry = Retry::new();

#[circuit_breaker(BREAKER, failure_threshold = 3, reset_timeout = "1s", max_keys = 3, on_state_change = |_| ())]
fn of_a_circuit_breaker() -> io::Result<u32> {
    Ok(1)
}

#[retry(RETRY, attempts = 3, backoff = none)]
fn of_a_retry() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(BREAKER, name = "payments")]
fn name() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (of_a_circuit_breaker(), of_a_retry(), name());
}
