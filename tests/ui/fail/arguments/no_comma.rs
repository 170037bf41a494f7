use std::io;
use steadfast::{circuit_breaker, retry};

#[retry(attempts = 3 backoff = none)]
fn between() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_threshold = 3; reset_timeout = "1s")]
fn another_sign() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (between(), another_sign());
}
