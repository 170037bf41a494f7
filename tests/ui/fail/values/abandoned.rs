use std::io;
use steadfast::circuit_breaker;

#[circuit_breaker(abandoned = success)]
fn another_word() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(abandoned = steadfast::Abandoned::Failure)]
fn a_value() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (another_word(), a_value());
}
