//! Sets that are not written as sets are, each with one message.

use steadfast::{CircuitBreaker, policies, resilient as r, retry};

static X: CircuitBreaker = CircuitBreaker::new();

policies! {
    attribute: [#[cfg(any())] retry, circuit_breaker];
    own_handle: [own circuit_breaker(crate::X, ignore(Err(_)))];
    one: [retry];
    one: [retry(attempts = 2)];
    static S: [retry];
    "quoted": [retry];
    : [retry];
    equals = [retry];
}

policies! { pub }

policies! { #[doc = "nothing"] }

policies! { crate = 5; five: [retry] }

policies! { crate = fn; keyword: [retry] }

policies! { crate = ::steadfast no_semicolon: [retry] }

policies! { crate = steadfast<T>; generic: [retry] }

policies! { #![allow(unused)] inner: [retry] }

// The set is blamed, not what stands in it.
#[retry]
#[r(no_semicolon)]
fn renamed() -> std::io::Result<u32> {
    Ok(1)
}

// There all the same.
#[steadfast::resilient(one)]
#[steadfast::resilient(no_semicolon)]
#[steadfast::resilient(five)]
#[steadfast::resilient(generic)]
#[steadfast::resilient(inner)]
fn found() -> std::io::Result<u32> {
    Ok(1)
}

fn main() {}
