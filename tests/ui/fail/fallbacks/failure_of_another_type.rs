use std::io;
use steadfast::{fallback, timeout, Failure};

#[fallback(|failure: Failure<Option<u32>>| Ok(failure.rejection().is_some() as u32))]
#[timeout("1s")]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
