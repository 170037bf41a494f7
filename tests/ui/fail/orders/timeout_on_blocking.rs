use std::io;
use steadfast::{retry, timeout};

#[timeout("1s")]
fn alone() -> io::Result<u32> {
    Ok(1)
}

#[retry]
#[timeout("1s")]
fn in_a_stack() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (alone(), in_a_stack());
}
