use std::io;
use steadfast::{outcome, retry};

#[outcome(on(Err(_)))]
#[retry]
#[outcome(ignore(Ok(0)))]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
