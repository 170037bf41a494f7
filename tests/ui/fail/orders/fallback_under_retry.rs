use std::io;
use steadfast::{fallback, retry};

#[retry]
#[fallback(Ok(0))]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
