use std::io;
use steadfast::{circuit_breaker, fallback, timeout};

#[circuit_breaker]
#[fallback(Ok(0))]
#[timeout("1s")]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
