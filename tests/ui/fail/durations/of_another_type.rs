use std::io;
use steadfast::{circuit_breaker, retry, timeout};

const SECONDS: u64 = 5;

#[timeout(SECONDS)]
async fn of_a_timeout() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = fixed(SECONDS))]
fn of_a_curve() -> io::Result<u32> {
    Ok(1)
}

#[retry(max_delay = SECONDS)]
fn of_a_retry() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset_timeout = SECONDS)]
fn of_a_circuit_breaker() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (of_a_timeout(), of_a_curve(), of_a_retry(), of_a_circuit_breaker());
}
