use std::io;
use steadfast::circuit_breaker;

#[circuit_breaker(slow_call_rate = 0.5)]
fn slower_than_what() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = slower_than_what();
}
