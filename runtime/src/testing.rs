//! For tests of code that uses this crate: seeded randomness, and sync delays that take no time.
//!
//! Async delays need nothing of this: `tokio::time::pause` and `advance` drive them.

pub use crate::random::{Seed, seed};
pub use crate::sleeper::{Sleeper, Sleeps, advance_on_sleep, record_sleeps, sleeper};
