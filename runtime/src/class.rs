//! What an outcome says of the dependency, once for all policies.

use core::time::Duration;

/// What a failed outcome says of the dependency, and so what the policies do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// It may pass: retried, and a failure for a circuit breaker.
    Transient {
        /// How long the server asks to wait, where it says so.
        retry_after: Option<Duration>,
    },
    /// The server is well and asks for less: retried no sooner than it asks, neutral for a circuit breaker.
    Throttled {
        /// How long the server asks to wait, where it says so.
        retry_after: Option<Duration>,
    },
    /// An answer that another try will not change: not retried, a success for a circuit breaker.
    Permanent,
    /// It says nothing of the dependency, which was not asked: not retried, neutral for a circuit breaker.
    Neutral,
}

/// What an error says of itself.
pub trait Classify {
    /// The class of this error.
    fn class(&self) -> Class {
        Class::Transient { retry_after: None }
    }
}
