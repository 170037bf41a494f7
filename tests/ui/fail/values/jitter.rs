use std::io;
use steadfast::retry;

#[retry(jitter = "full")]
fn text() -> io::Result<u32> {
    Ok(1)
}

#[retry(jitter = true)]
fn boolean() -> io::Result<u32> {
    Ok(1)
}

#[retry(jitter = 0.0)]
fn zero() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (text(), boolean(), zero());
}
