#![doc = include_str!("../docs/testing.md")]

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
mod turn;

pub use self::fault::{Fault, Reached};
pub use self::forced::{Forced, Steered, force_closed, force_open, fresh};
pub use self::injection::{Injection, chaos, inject, script};
pub use self::record::{Recorded, record};
pub use self::relaxed::{Relaxed, attempts, no_delays};
pub use self::scope::Scope;
pub use self::turn::{Turn, turn};
pub use crate::random::{Seed, seed};
pub use crate::sleeper::{Sleeper, Sleeps, advance_on_sleep, record_sleeps, sleeper};
