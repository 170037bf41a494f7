use steadfast::{fallback, outcome, retry, timeout};

#[retry]
static CALLS: u32 = 1;

#[retry(attempts = 2)]
const LIMIT: u32 = 1;

#[timeout("1s")]
type Calls = u32;

#[fallback(0)]
use std::io;

#[outcome]
macro_rules! call {
    () => {};
}

#[retry]
extern crate core;

fn main() {
    call!();
    let _ = (CALLS, LIMIT, Calls::MAX, io::empty(), core::mem::size_of::<u32>());
}
