use std::io;
use steadfast::{fallback, retry};

#[retry(error = io::Error::other)]
fn of_a_retry() -> io::Result<u32> {
    Ok(1)
}

#[fallback(Ok(0), error = io::Error::other)]
fn of_a_fallback() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (of_a_retry(), of_a_fallback());
}
