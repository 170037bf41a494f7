use std::io;
use steadfast::{circuit_breaker, retry};

#[retry(attempts(3))]
fn attempts() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = none, attempts(3))]
fn not_the_first() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(key(id))]
fn key(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[circuit_breaker(name("payments"))]
fn name() -> io::Result<u32> {
    Ok(1)
}

#[retry(when(|_| true))]
fn when() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (attempts(), not_the_first(), key(1), name(), when());
}
