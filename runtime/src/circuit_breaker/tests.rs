//! The cases of the breaker, by their numbers.

#[cfg(feature = "registry")]
mod changes;
mod conformance;
mod pitfalls;
mod stress;

use std::time::Duration;

use crate::{Class, Classify, Rejection};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Error {
    Of(Class),
    Rejected,
}

impl Classify for Error {
    fn class(&self) -> Class {
        match self {
            Self::Of(class) => *class,
            Self::Rejected => Class::Neutral,
        }
    }
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        assert!(rejection.is_circuit_open());
        Self::Rejected
    }
}

const FAILED: Error = Error::Of(Class::Transient { retry_after: None });
const THROTTLED: Error = Error::Of(Class::Throttled { retry_after: None });
const NEUTRAL: Error = Error::Of(Class::Neutral);
const PERMANENT: Error = Error::Of(Class::Permanent);

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
