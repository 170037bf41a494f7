use std::io;
use steadfast::{circuit_breaker, timeout};

#[timeout(true)]
async fn boolean() -> io::Result<u32> {
    Ok(1)
}

#[timeout('s')]
async fn character() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset_timeout = b"1s")]
fn bytes() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (boolean(), character(), bytes());
}
