use std::io;
use steadfast::retry;

#[retry(attempts = unlimited)]
fn without_an_end() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = without_an_end();
}
