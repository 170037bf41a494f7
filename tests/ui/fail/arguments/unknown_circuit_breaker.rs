use std::io;
use steadfast::circuit_breaker;

#[circuit_breaker(failure_treshold = 3)]
fn near() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(half_open = 3)]
fn far() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (near(), far());
}
