use std::io;
use steadfast::{circuit_breaker as breaker, retry};

#[retry]
#[breaker]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
