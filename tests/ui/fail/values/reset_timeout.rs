use std::io;
use steadfast::circuit_breaker;

#[circuit_breaker(reset_timeout = "1m", max_reset_timeout = "30s")]
fn min_above_max() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(max_reset_timeout = "10s")]
fn default_above_max() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (min_above_max(), default_above_max());
}
