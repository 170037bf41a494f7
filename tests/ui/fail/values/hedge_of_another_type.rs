use std::io;
use std::time::Duration;
use steadfast::{CircuitBreaker, hedge};

static BREAKER: CircuitBreaker = CircuitBreaker::new();

#[hedge(after = millis())]
async fn after() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = Duration::from_millis(50), attempts = "two".len())]
async fn attempts() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = "50ms", budget = BREAKER)]
async fn budget() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = "50ms", retry_after = |_| 5)]
async fn hint() -> io::Result<u32> {
    Ok(1)
}

fn millis() -> u64 {
    50
}

fn main() {
    let _ = (after(), attempts(), budget(), hint());
}
