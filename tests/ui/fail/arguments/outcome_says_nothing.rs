use std::io;
use steadfast::{outcome, retry};

#[retry]
#[outcome]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
