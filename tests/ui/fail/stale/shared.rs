use std::io;
use std::time::Duration;
use steadfast::{fallback, StaleFallback};

static ANSWERS: StaleFallback = StaleFallback::new(Duration::from_secs(600));
const SECONDS: u64 = 600;
const MAX_AGE: Duration = Duration::from_secs(SECONDS);

#[fallback(stale = ANSWERS)]
async fn shared() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale = SECONDS)]
async fn a_number() -> io::Result<u32> {
    Ok(1)
}

// This one works.
#[fallback(stale = crate::MAX_AGE)]
async fn a_constant() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (shared(), a_number(), a_constant());
}
