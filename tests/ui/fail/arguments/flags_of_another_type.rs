use std::io;
use steadfast::{circuit_breaker, retry};

const ON: u32 = 1;

#[circuit_breaker(shadow = ON)]
fn constant() -> io::Result<u32> {
    Ok(7)
}

#[retry(enabled = limit)]
fn of_the_call(limit: u32) -> io::Result<u32> {
    Ok(limit)
}

fn main() {
    let _ = (constant(), of_the_call(1));
}
