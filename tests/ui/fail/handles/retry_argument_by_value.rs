use std::io;
use steadfast::{Retry, retry};

#[retry(policy)]
fn fetch(policy: Retry) -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch(Retry::new());
}
