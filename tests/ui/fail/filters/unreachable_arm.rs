#![deny(unreachable_patterns)]

use std::io;
use steadfast::retry;

#[retry(on(Err(_), Ok(0), Err(_)))]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
