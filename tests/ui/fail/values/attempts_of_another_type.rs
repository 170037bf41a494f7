use std::io;
use steadfast::retry;

const ATTEMPTS: u64 = 3;

#[retry(attempts = ATTEMPTS)]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
