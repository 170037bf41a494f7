use std::io;
use steadfast::{circuit_breaker, fallback, outcome, retry, timeout};

#[fallback]
#[timeout("10")]
#[retry(attempts = 0)]
#[circuit_breaker(failure_rate = 2.0)]
#[timeout]
#[outcome(attempts = 3)]
const fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
