use std::io;
use steadfast::{retry, timeout};

#[retry(attempts = 0)]
#[timeout("1s")]
async fn with_a_mistake_of_both_kinds() -> io::Result<u32> {
    let wrong: u32 = "text";
    Ok(wrong)
}

#[retry]
async fn with_a_mistake_in_the_body() -> io::Result<u32> {
    let wrong: u32 = "text";
    Ok(wrong)
}

#[retry]
#[timeout("1s")]
async fn with_the_wrong_type() -> io::Result<u32> {
    "text"
}

#[retry]
fn blocking_with_the_wrong_type() -> io::Result<u32> {
    "text"
}

fn main() {
    let _ = (with_a_mistake_of_both_kinds(), with_a_mistake_in_the_body(), with_the_wrong_type());
    let _ = blocking_with_the_wrong_type();
}
