//! Attributes that make a function resilient.
//!
//! Each policy is also a plain value that can be constructed in a `const`: [`Retry`], [`Timeout`]. What an error says
//! of itself, [`Classify`], tells all of them what to do with it; where a policy answers instead of the function, the
//! error is a [`Rejection`].
//!
//! What waits in an async function needs a tokio runtime with time enabled; tokio panics without one.

mod absorb;
mod body;
mod cause;
mod circuit_breaker;
mod class;
mod clock;
mod fallback;
mod filter;
mod flow;
mod handle;
mod key;
mod keyed;
mod name;
mod outcome;
mod random;
mod rejection;
mod retry;
mod retry_after;
mod scope;
mod sleeper;
mod timeout;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "testing")]
pub mod testing;

pub use circuit_breaker::{Abandoned, Calls, CircuitBreaker, Counts, Permit, Reason, State, StateChange, Window};
pub use class::{Class, Classify};
pub use flow::{Failure, Flow};
pub use key::{Key, KeyBytes};
pub use keyed::{Keyed, Policy};
pub use rejection::{Rejection, RejectionKind};
pub use retry::{Backoff, GiveUp, GiveUpEvent, Jitter, Rejections, Retry, RetryEvent, RetryWhen};
pub use retry_after::parse_retry_after;
pub use scope::{attempt, deadline, remaining};
pub use steadfast_macros::{Classify, circuit_breaker, fallback, outcome, retry, timeout};
pub use timeout::Timeout;
