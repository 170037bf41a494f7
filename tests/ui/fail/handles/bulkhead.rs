use std::io;
use steadfast::{bulkhead, Bulkhead};

static PLACES: Bulkhead = Bulkhead::new(3);

#[bulkhead(PLACES, max_concurrent = 3, adaptive, max_wait = "1s", max_queue = 3, max_keys = 3, name = "places")]
fn settings() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = settings();
}
