use std::io;
use steadfast::{circuit_breaker, retry};

#[retry(3)]
fn attempts() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker("30s")]
fn reset_timeout() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(-1)]
fn negative() -> io::Result<u32> {
    Ok(1)
}

#[retry(exponential("100ms"))]
fn backoff() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (attempts(), reset_timeout(), negative(), backoff());
}
