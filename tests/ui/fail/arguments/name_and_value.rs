use std::io;
use steadfast::{fallback, retry, timeout};

#[timeout = "1s"]
async fn outermost() -> io::Result<u32> {
    Ok(1)
}

#[retry]
#[fallback = "Ok(0)"]
async fn beneath() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (outermost(), beneath());
}
