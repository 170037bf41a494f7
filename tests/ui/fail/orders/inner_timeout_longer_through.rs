use std::io;
use steadfast::{circuit_breaker, fallback, retry, timeout};

#[timeout("1s")]
#[circuit_breaker]
#[fallback(other().await)]
#[timeout("2s")]
async fn through_others() -> io::Result<u32> {
    Ok(1)
}

// Judged against the nearest one, and each attempt starts anew.
#[timeout("10s")]
#[retry]
#[timeout("1s")]
#[timeout("3s")]
async fn beneath_a_retry() -> io::Result<u32> {
    Ok(1)
}

async fn other() -> io::Result<u32> {
    Ok(2)
}

fn main() {
    let _ = (through_others(), beneath_a_retry());
}
