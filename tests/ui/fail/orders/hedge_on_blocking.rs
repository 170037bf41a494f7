use std::io;
use steadfast::{fallback, hedge, retry};

#[hedge(after = "50ms")]
fn blocks() -> io::Result<u32> {
    Ok(1)
}

#[fallback(Ok(1))]
#[retry]
#[hedge(after = "50ms")]
#[hedge(after = "10ms")]
fn beneath_others() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (blocks(), beneath_others());
}
