//! What `#[fallback]` takes.

#![deny(warnings)]

use std::io;
use steadfast::{Failure, circuit_breaker, fallback, outcome, retry, timeout};

#[fallback(Ok(0))]
fn value() -> io::Result<u32> {
    Err(io::Error::other("down"))
}

#[fallback(|error| if error.to_string() == "down" { Ok(0) } else { Err(error) })]
fn named() -> io::Result<u32> {
    Err(io::Error::other("down"))
}

#[fallback(|_error: io::Error| Ok(0))]
fn typed() -> io::Result<u32> {
    Err(io::Error::other("down"))
}

#[fallback(|failure: Failure<Option<u32>>| failure.rejection().map(|_| 1), on(None))]
fn failure() -> Option<u32> {
    None
}

#[fallback(Ok(other().await? * 2))]
async fn waits() -> io::Result<u32> {
    Err(io::Error::other("down"))
}

async fn other() -> io::Result<u32> {
    Ok(0)
}

// An answer of `Ok` is reached, and not the last word, where something else can fail around it.
#[fallback(Ok(7))]
#[timeout("1s")]
#[fallback(Ok(0))]
async fn around_a_timeout() -> io::Result<u32> {
    Err(io::Error::other("down"))
}

#[circuit_breaker(slow_call = "1s")]
#[fallback(Ok(0))]
async fn around_slow_calls() -> io::Result<u32> {
    Err(io::Error::other("down"))
}

#[retry(attempts = 2, on(Ok(1)))]
#[fallback(Ok(0))]
fn around_values() -> io::Result<u32> {
    Err(io::Error::other("down"))
}

#[fallback(Ok(9), when = |_| false)]
#[fallback(Ok(0), on(Err(_)))]
#[outcome(on(Err(_)), error = io::Error::other)]
fn narrowed() -> io::Result<u32> {
    Err(io::Error::other("down"))
}

#[fallback(0)]
#[timeout("0s")]
async fn plain_value() -> u32 {
    std::future::pending().await
}

// No statement of its own, though it begins like one.
#[fallback(match 1 { 1 => 2, other => other } - 2)]
#[timeout("0s")]
async fn begins_like_a_statement() -> u32 {
    std::future::pending().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for fetch in [value, named, typed, around_values, narrowed] {
        assert_eq!(fetch().unwrap(), 0);
    }
    assert_eq!(failure(), None);
    assert_eq!(waits().await.unwrap(), 0);
    assert_eq!(around_a_timeout().await.unwrap(), 0);
    assert_eq!(around_slow_calls().await.unwrap(), 0);
    assert_eq!(plain_value().await, 0);
    assert_eq!(begins_like_a_statement().await, 0);
}
