use std::io;
use steadfast::{circuit_breaker, CircuitBreaker};

#[circuit_breaker(breaker)]
async fn fetch(breaker: CircuitBreaker) -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch(CircuitBreaker::new());
}
