use std::io;
use steadfast::timeout;

mod spans {
    pub use tracing::instrument as retry;
}

// What it is given is not understood, since it is taken for steadfast's.
#[timeout("1s")]
#[spans::retry(level = "debug")]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
