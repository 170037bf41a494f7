use std::io;
use steadfast::retry;

#[retry(attempts = 3 +, jitter = 2.0, on(Err(_) +), unknown = 1)]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
