use std::io;
use steadfast::fallback;

#[fallback(cached().await)]
fn fetch() -> io::Result<u32> {
    Ok(1)
}

async fn cached() -> io::Result<u32> {
    Ok(2)
}

fn main() {
    let _ = (fetch(), cached());
}
