use std::io;
use steadfast::circuit_breaker;

#[circuit_breaker(failure_threshold = 5, failure_rate = 0.5)]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
