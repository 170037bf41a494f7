use std::io;
use steadfast::retry;

#[retry(crate = ::reliable)]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = fetch();
}
