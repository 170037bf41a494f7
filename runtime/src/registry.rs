//! Every policy of the program: what it is, how it stands, and how it is steered.

mod duration;
pub(crate) mod keys;
mod managed;
mod value;

pub use self::managed::{Change, Count, Managed, Refusal, Setting, Steer};
pub use self::value::Value;
