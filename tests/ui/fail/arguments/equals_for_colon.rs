use std::io;
use steadfast::{circuit_breaker, retry};

#[retry(attempts: 3)]
fn colon() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(failure_threshold => 3)]
fn arrow() -> io::Result<u32> {
    Ok(1)
}

#[retry(attempts == 3)]
fn twice() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (colon(), arrow(), twice());
}
