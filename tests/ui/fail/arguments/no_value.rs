use std::io;
use steadfast::{circuit_breaker, retry};

#[retry(attempts =)]
fn at_the_end() -> io::Result<u32> {
    Ok(1)
}

#[retry(attempts = , backoff = none)]
fn in_the_middle() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = none, attempts)]
fn no_equals() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(key)]
fn first(key: &str) -> io::Result<u32> {
    Ok(key.len() as u32)
}

#[circuit_breaker(failure_threshold, key = id)]
fn first_of_several(id: u32) -> io::Result<u32> {
    Ok(id)
}

fn main() {
    let _ = (at_the_end(), in_the_middle(), no_equals(), first(""), first_of_several(1));
}
