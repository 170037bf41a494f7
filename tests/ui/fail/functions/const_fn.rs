use std::io;
use steadfast::{circuit_breaker, retry};

#[retry]
#[circuit_breaker]
const fn fetch() -> io::Result<u32> {
    Ok(1)
}

const FETCHED: io::Result<u32> = fetch();

fn main() {
    let _ = (FETCHED, fetch());
}
