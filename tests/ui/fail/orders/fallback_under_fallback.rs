use std::io;
use steadfast::fallback;

#[fallback(Ok(0))]
#[fallback(Ok(1))]
fn fetch() -> io::Result<u32> {
    Ok(2)
}

fn main() {
    let _ = fetch();
}
