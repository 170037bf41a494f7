use std::io;
use steadfast::{circuit_breaker, fallback, retry};

// The retry is fine; the breaker outside of both never hears of a failure.
#[circuit_breaker]
#[fallback(Ok(0))]
#[retry]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
