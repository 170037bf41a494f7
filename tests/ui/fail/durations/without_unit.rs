use std::io;
use steadfast::{retry, timeout};

#[timeout("5")]
async fn text() -> io::Result<u32> {
    Ok(1)
}

#[timeout(5)]
async fn number() -> io::Result<u32> {
    Ok(1)
}

#[retry(max_delay = 0.5)]
fn fraction() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (text(), number(), fraction());
}
