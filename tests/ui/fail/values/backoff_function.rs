use std::io;
use std::time::Duration;
use steadfast::retry;

#[retry(backoff = |attempt: u32| attempt * 2)]
fn no_duration() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = || Duration::from_secs(1))]
fn no_argument() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = exponental("1s"))]
fn misspelt() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (no_duration(), no_argument(), misspelt());
}
