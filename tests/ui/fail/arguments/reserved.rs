use std::io;
use steadfast::{circuit_breaker, retry, timeout};

#[timeout("5s", nested = own, budget = BUDGET)]
#[retry(enabled = true)]
#[circuit_breaker(shadow = true, critical = true)]
async fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
