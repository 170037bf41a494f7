use std::io;
use steadfast::{circuit_breaker, retry, CircuitBreaker, Retry};

static BREAKER: CircuitBreaker = CircuitBreaker::new();
static RETRY: Retry = Retry::new();

#[retry(BREAKER)]
fn breaker_for_retry() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(RETRY)]
async fn retry_for_breaker() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (breaker_for_retry(), retry_for_breaker());
}
