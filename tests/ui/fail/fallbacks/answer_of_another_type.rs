use std::io;
use steadfast::{fallback, retry, timeout};

#[fallback(0)]
fn not_wrapped() -> io::Result<u32> {
    Ok(1)
}

#[fallback("none")]
#[timeout("1s")]
async fn of_another_type() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1s")]
#[fallback("none")]
#[timeout("500ms")]
async fn beneath_others() -> io::Result<u32> {
    Ok(1)
}

#[retry]
#[fallback(0)]
fn beneath_a_retry() -> io::Result<u32> {
    Ok(1)
}

#[fallback(String::from)]
fn a_function() -> io::Result<String> {
    Ok(String::new())
}

fn main() {
    let _ = (not_wrapped(), of_another_type(), beneath_others(), beneath_a_retry(), a_function());
}
