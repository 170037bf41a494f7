//! The policies against references that are plain, slow and written from the rules alone.
//!
//! Each test makes up settings and a long history, lets the policy and its reference live through it under a paused
//! clock, and compares all that can be seen after each step. Where the rules leave something open the reference says
//! so, and what the policy does.
//!
//! ```sh
//! cargo test -p steadfast-tests --test models                          # the same 256 histories each time
//! PROPTEST_CASES=20000 cargo test -p steadfast-tests --test models     # these and many more
//! PROPTEST_RNG_SEED=7 cargo test -p steadfast-tests --test models      # others
//! ```
//!
//! A failure prints the shortest history that shows it. What it was goes into a test of its own beside the code that
//! was wrong, and not into a file of seeds.

#![allow(clippy::unchecked_time_subtraction, reason = "a panic is as good as any other failure of a test")]

mod models {
    mod bulkhead;
    mod circuit_breaker;
    mod common;
    mod rate_limit;
    mod retry;
    mod retry_budget;
    mod stacks;
}
