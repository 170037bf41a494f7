use std::io;
use std::time::Duration;
use steadfast::circuit_breaker;

fn configured() -> Duration {
    Duration::from_secs(1)
}

#[circuit_breaker(reset_timeout = configured())]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (fetch(), configured());
}
