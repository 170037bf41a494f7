use std::io;
use steadfast::{circuit_breaker, retry};

#[retry(name = 5, docs = 3, crate = "steadfast")]
fn wrong_types() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(name = "", docs = off)]
fn wrong_values() -> io::Result<u32> {
    Ok(1)
}

const NAME: &str = "payments";

// The name stands in a list of names that is known before the program runs.
#[circuit_breaker(name = NAME)]
fn not_a_literal() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (wrong_types(), wrong_values(), not_a_literal());
}
