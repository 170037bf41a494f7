//! Settings of a shared policy are constants of the place where the set is declared.

use std::io;

steadfast::policies! {
    per_host: [circuit_breaker(failure_threshold = limit, key = host)]
}

#[steadfast::resilient(per_host)]
async fn fetch(host: &str, limit: u32) -> io::Result<u32> {
    Ok(limit)
}

fn main() {}
