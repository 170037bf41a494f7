use std::io;
use steadfast::timeout;
use tracing::instrument as retry;

#[timeout("1s")]
#[retry]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
