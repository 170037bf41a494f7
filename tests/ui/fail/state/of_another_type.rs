use std::io;
use steadfast::circuit_breaker;

const FAILURES: u64 = 5;
const RATE: f32 = 0.5;

#[circuit_breaker(failure_threshold = FAILURES)]
fn threshold() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = RATE)]
fn rate() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_rate = 0.5, window = FAILURES)]
fn window() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (threshold(), rate(), window());
}
