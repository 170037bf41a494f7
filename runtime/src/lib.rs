//! Attributes that make a function resilient.

mod class;
mod clock;
mod flow;
mod name;
mod rejection;
mod scope;

pub use class::{Class, Classify};
pub use flow::{Failure, Flow};
pub use rejection::{Rejection, RejectionKind};
pub use scope::attempt;
