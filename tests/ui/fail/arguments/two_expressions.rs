use std::io;
use steadfast::{fallback, timeout};

#[timeout("1s", "2s")]
async fn limits() -> io::Result<u32> {
    Ok(1)
}

#[fallback(cached(), Ok(0))]
fn answers() -> io::Result<u32> {
    Ok(1)
}

fn cached() -> io::Result<u32> {
    Ok(2)
}

fn main() {
    let _ = (limits(), answers(), cached());
}
