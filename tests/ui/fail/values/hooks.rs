use std::io;
use steadfast::{circuit_breaker, retry, RetryEvent, StateChange};

#[retry(on_retry = "log")]
fn text() -> io::Result<u32> {
    Ok(1)
}

#[retry(on_retry = |event: &RetryEvent<'_, u64>| drop(event.attempt))]
fn of_another_type() -> io::Result<u32> {
    Ok(1)
}

#[circuit_breaker(on_state_change = |change: &StateChange, _: u32| drop(change))]
fn two_arguments() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (text(), of_another_type(), two_arguments());
}
