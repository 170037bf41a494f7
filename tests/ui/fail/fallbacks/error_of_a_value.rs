use std::io;
use steadfast::{fallback, outcome};

#[fallback(|error| Err(error), on(Ok(0), Err(_)))]
fn picks_a_value() -> io::Result<u32> {
    Ok(1)
}

#[fallback(|error| Err(error))]
#[outcome(on(Ok(0)))]
fn by_the_outcome() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (picks_a_value(), by_the_outcome());
}
