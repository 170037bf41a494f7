use std::io;
use steadfast::{circuit_breaker, outcome, retry, timeout, Rejection};

fn text(rejection: Rejection) -> String {
    rejection.to_string()
}

#[timeout("1s", error = text)]
async fn by_a_function() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(error = |rejection| rejection.to_string())]
fn by_a_closure() -> io::Result<u32> {
    Ok(1)
}

#[outcome(error = text)]
#[retry]
#[timeout("1s")]
async fn for_the_stack() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1s", error = text)]
async fn of_an_option() -> Option<u32> {
    Some(1)
}

#[timeout("1s", error = text)]
async fn of_a_plain_value() -> u32 {
    1
}

fn main() {
    let _ = (by_a_function(), by_a_closure(), for_the_stack(), of_an_option(), of_a_plain_value());
}
