use std::io;
use steadfast::{circuit_breaker, retry};

#[circuit_breaker(failure_rate = 1.5)]
fn above_one() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = -0.5)]
fn negative() -> io::Result<u32> {
    Ok(1)
}

// It would be open from the first call on.
#[circuit_breaker(failure_rate = 0.0)]
fn zero() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 50)]
fn percent() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = "50%")]
fn text() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(slow_call = "1s", slow_call_rate = 2)]
fn slow_calls() -> io::Result<u32> {
    Ok(1)
}

#[retry(jitter = 1.1)]
fn jitter() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (above_one(), negative(), zero(), percent(), text(), slow_calls(), jitter());
}
