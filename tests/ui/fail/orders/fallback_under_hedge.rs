use std::io;
use steadfast::{fallback, hedge};

#[hedge(after = "50ms")]
#[fallback(Ok(0))]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
