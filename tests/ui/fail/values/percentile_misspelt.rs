use std::io;
use steadfast::{hedge, timeout};

#[timeout(percentil(0.99, max = "1s"))]
async fn limit() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = percentile_of(0.95, min = "5ms"))]
async fn late() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(99.9, max = "1s"))]
async fn percent() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(99.0, max = "1s"))]
async fn whole_percent() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(1.5, max = "1s"))]
async fn above() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (limit(), late(), percent(), whole_percent(), above());
}
