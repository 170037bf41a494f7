use std::io;
use steadfast::circuit_breaker;

#[circuit_breaker(PAYMENTS)]
fn pay() -> io::Result<u32> {
    Ok(7)
}

#[circuit_breaker(gone::PAYMENTS)]
fn pay_back() -> io::Result<u32> {
    Ok(7)
}

fn main() {
    let _ = (pay(), pay_back());
}
