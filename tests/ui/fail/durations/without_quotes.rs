use std::io;
use steadfast::timeout;

#[timeout(5s)]
async fn seconds() -> io::Result<u32> {
    Ok(1)
}

#[timeout(250ms)]
async fn milliseconds() -> io::Result<u32> {
    Ok(1)
}

#[timeout(1h30m)]
async fn parts() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (seconds(), milliseconds(), parts());
}
