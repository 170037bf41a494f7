use std::io;
use steadfast::retry;

#[retry(retry_after = |_| None, retry_after(Ok(_) => None))]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
