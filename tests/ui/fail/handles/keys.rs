use std::io;
use steadfast::{circuit_breaker, CircuitBreaker, Keyed};

static ONE: CircuitBreaker = CircuitBreaker::new();
static HOSTS: Keyed<CircuitBreaker> = CircuitBreaker::new().keyed();

#[circuit_breaker(ONE, key = host)]
fn key_of_one(host: &str) -> io::Result<usize> {
    Ok(host.len())
}

#[circuit_breaker(HOSTS)]
fn no_key(host: &str) -> io::Result<usize> {
    Ok(host.len())
}

fn main() {
    let _ = (key_of_one(""), no_key(""));
}
