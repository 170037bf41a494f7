use std::io;
use steadfast::{bulkhead, CircuitBreaker};

static BREAKER: CircuitBreaker = CircuitBreaker::new();

#[bulkhead(BREAKER)]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
