use std::io;
use steadfast::timeout;

#[timeout("1s")]
#[timeout("2s")]
async fn longer() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1s")]
#[timeout("1000ms")]
async fn equal() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (longer(), equal());
}
