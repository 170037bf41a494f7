use std::io;
use steadfast::{circuit_breaker, retry, timeout};

#[timeout("")]
async fn empty() -> io::Result<u32> {
    Ok(1)
}

#[timeout("s")]
async fn no_number() -> io::Result<u32> {
    Ok(1)
}

#[timeout("-1s")]
async fn negative() -> io::Result<u32> {
    Ok(1)
}

#[timeout(-1)]
async fn negative_number() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1..5s")]
async fn two_points() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1,5s")]
async fn comma() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = fixed("0.0000000001s"))]
fn too_fine() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(reset_timeout = "300000000000000d")]
fn overflow() -> io::Result<u32> {
    Ok(1)
}

#[retry(max_duration = "99999999999999999999999999999999999999999999s")]
fn overflow_of_the_number() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (empty(), no_number(), negative(), negative_number(), two_points(), comma());
    let _ = (too_fine(), overflow(), overflow_of_the_number());
}
