use std::io;
use steadfast::{retry, timeout};

#[retry(nested = "once")]
fn quoted() -> io::Result<u32> {
    Ok(1)
}

#[retry(nested = never)]
fn another_word() -> io::Result<u32> {
    Ok(1)
}

#[retry(nested)]
fn no_word() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1s", nested = once)]
async fn elsewhere() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (quoted(), another_word(), no_word(), elsewhere());
}
