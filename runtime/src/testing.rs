//! For tests of code that uses this crate: seeded randomness, and sync delays that take no time.
//!
//! Async delays need nothing of this: `tokio::time::pause` and `advance` drive them.

mod fault;
mod forced;
mod injection;
pub(crate) mod parts;
mod path;
mod plan;
mod record;
pub(crate) mod relaxed;
mod scope;
pub(crate) mod site;

pub use self::fault::{Fault, Reached};
pub use self::forced::{Forced, Steered, force_closed, force_open, fresh};
pub use self::injection::{Injection, chaos, inject, script};
pub use self::record::{Recorded, record};
pub use self::relaxed::{Relaxed, attempts, no_delays};
pub use self::scope::Scope;
pub use crate::random::{Seed, seed};
pub use crate::sleeper::{Sleeper, Sleeps, advance_on_sleep, record_sleeps, sleeper};
