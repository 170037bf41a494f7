//! What a function lacks that the set needs.

use std::io;

steadfast::policies! {
    per_host: [circuit_breaker(key = host, ignore(Err(e) if is_mine(e)))];
    shared: [circuit_breaker];
}

// An argument, and a function that was found where the set stands only.
mod elsewhere {
    #[steadfast::resilient(super::per_host)]
    async fn other(url: &str) -> std::io::Result<usize> {
        Ok(url.len())
    }
}

fn is_mine(_: &io::Error) -> bool {
    true
}

// An error that takes rejections in.
#[steadfast::resilient(shared)]
async fn no_conversion() -> Result<u32, u8> {
    Ok(1)
}

fn main() {}
