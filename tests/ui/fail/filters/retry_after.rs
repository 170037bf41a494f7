use std::io;
use steadfast::retry;

#[retry(retry_after = |_| 5)]
fn a_number() -> io::Result<u32> {
    Ok(1)
}

#[retry(retry_after(Ok(seconds) => seconds))]
fn a_number_by_pattern() -> io::Result<u64> {
    Ok(1)
}

#[retry(retry_after = "5s")]
fn a_duration() -> io::Result<u32> {
    Ok(1)
}

#[retry(retry_after(Err(_) => "5"))]
fn a_duration_by_pattern() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (a_number(), a_number_by_pattern(), a_duration(), a_duration_by_pattern());
}
