use std::io;
use steadfast::circuit_breaker;

struct Host;

#[circuit_breaker(key = host)]
fn a_type_of_ours(host: &Host) -> io::Result<u32> {
    let _ = host;
    Ok(1)
}

#[circuit_breaker(key = rate)]
fn a_float(rate: f64) -> io::Result<f64> {
    Ok(rate)
}

fn main() {
    let _ = (a_type_of_ours(&Host), a_float(1.0));
}
