use std::io;
use steadfast::{hedge, timeout};

#[timeout("1s")]
#[hedge(after = "50ms")]
#[timeout("1s")]
async fn not_shorter() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = not_shorter();
}
