use std::io;
use steadfast::{retry, timeout as deadline};

#[retry]
#[deadline("1s")]
async fn beneath() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = beneath();
}
