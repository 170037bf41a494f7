//! Attributes that make a function resilient.

mod circuit_breaker;
mod class;
mod clock;
mod flow;
mod key;
mod keyed;
mod name;
mod rejection;
mod scope;

pub use circuit_breaker::{Abandoned, Calls, CircuitBreaker, Counts, Permit, Reason, State, StateChange, Window};
pub use class::{Class, Classify};
pub use flow::{Failure, Flow};
pub use key::{Key, KeyBytes};
pub use keyed::{Keyed, Policy};
pub use rejection::{Rejection, RejectionKind};
pub use scope::attempt;

/// What expansions use.
#[doc(hidden)]
pub mod __private {
    pub use crate::circuit_breaker::layer::{Around, By, ByClass, Judge, Layer, When, circuit_breaker};
}
