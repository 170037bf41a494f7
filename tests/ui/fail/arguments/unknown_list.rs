use std::io;
use steadfast::{circuit_breaker, retry};

#[retry(attempts = 3, inore(Err(_)))]
fn near() -> io::Result<u32> {
    Ok(1)
}

#[retry(attempts = 3, except(Err(_)))]
fn far() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(rejections(timeout))]
fn of_another_policy() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (near(), far(), of_another_policy());
}
