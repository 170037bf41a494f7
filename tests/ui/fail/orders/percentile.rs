use std::io;
use steadfast::{retry, timeout};

#[timeout("1s")]
#[timeout(percentile(0.99, min = "1s", max = "5s"))]
async fn never_shorter() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(0.99, max = "5s"))]
#[timeout("5s")]
async fn never_shorter_than_max() -> io::Result<u32> {
    Ok(1)
}

// It may be shorter.
#[timeout("1s")]
#[timeout(percentile(0.99, min = "999ms", max = "5s"))]
async fn sometimes_shorter() -> io::Result<u32> {
    Ok(1)
}

// Each attempt has its own.
#[timeout("1s")]
#[retry]
#[timeout(percentile(0.99, min = "1s", max = "5s"))]
async fn anew() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(0.99, max = "5s"))]
fn blocking() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (never_shorter(), never_shorter_than_max(), sometimes_shorter(), anew(), blocking());
}
