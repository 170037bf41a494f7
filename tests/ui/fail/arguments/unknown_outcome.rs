use std::io;
use steadfast::{outcome, retry};

#[retry]
#[outcome(ingore(Err(_)))]
fn near() -> io::Result<u32> {
    Ok(1)
}

#[retry]
#[outcome(ignor = 1)]
fn near_with_a_value() -> io::Result<u32> {
    Ok(1)
}

#[retry]
#[outcome(attempts = 3)]
fn of_a_policy() -> io::Result<u32> {
    Ok(1)
}

// It is no policy, so there is nothing to name.
#[retry]
#[outcome(name = "fetch")]
fn name() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (near(), near_with_a_value(), of_a_policy(), name());
}
