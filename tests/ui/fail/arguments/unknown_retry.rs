use std::io;
use steadfast::retry;

#[retry(attemps = 3)]
fn near() -> io::Result<u32> {
    Ok(1)
}

#[retry(tries = 3)]
fn far() -> io::Result<u32> {
    Ok(1)
}

#[retry(SHARED, retry_afer = |_| None)]
fn beside_a_shared_policy() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (near(), far(), beside_a_shared_policy());
}
