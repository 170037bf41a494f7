use std::io;
use steadfast::fallback;

#[fallback(Ok(0), wen = |_| true)]
fn near() -> io::Result<u32> {
    Ok(1)
}

#[fallback(Ok(0), default = 1)]
fn far() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (near(), far());
}
