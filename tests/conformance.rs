//! The conformance cases, each under its number. Cases of the same rule share the number and have a letter.
//!
//! What the letters of a script mean is said at [`steadfast_tests::Script`].

#[path = "conformance/circuit_breaker.rs"]
mod circuit_breaker;
#[path = "conformance/half_open.rs"]
mod half_open;
#[path = "conformance/retry.rs"]
mod retry;
#[path = "conformance/shared_breakers.rs"]
mod shared_breakers;
