//! What an outcome says of the dependency, once for all policies.

mod chain;
mod io;
mod status;

use core::convert::Infallible;
use core::time::Duration;
use std::rc::Rc;
use std::sync::Arc;

use crate::{Rejection, RejectionKind};

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

impl Class {
    /// [`Class::Transient`] without a hint.
    pub const TRANSIENT: Self = Self::Transient { retry_after: None };

    /// [`Class::Throttled`] without a hint.
    pub const THROTTLED: Self = Self::Throttled { retry_after: None };

    /// The same class with the server's hint; what is not retried has no use for one and stays as it is.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::Class;
    ///
    /// let class = Class::from_http_status(503).with_retry_after(Duration::from_secs(5));
    /// assert_eq!(class.retry_after(), Some(Duration::from_secs(5)));
    /// assert_eq!(Class::Permanent.with_retry_after(Duration::from_secs(5)), Class::Permanent);
    /// ```
    pub const fn with_retry_after(self, retry_after: Duration) -> Self {
        match self {
            Self::Transient { .. } => Self::Transient { retry_after: Some(retry_after) },
            Self::Throttled { .. } => Self::Throttled { retry_after: Some(retry_after) },
            Self::Permanent | Self::Neutral => self,
        }
    }

    /// How long the server asks to wait, where it says so.
    pub const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Transient { retry_after } | Self::Throttled { retry_after } => retry_after,
            Self::Permanent | Self::Neutral => None,
        }
    }

    /// As events and metrics name it: `transient`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient { .. } => "transient",
            Self::Throttled { .. } => "throttled",
            Self::Permanent => "permanent",
            Self::Neutral => "neutral",
        }
    }

    /// Whether another try may help: transient or throttled.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Transient { .. } | Self::Throttled { .. })
    }
}

/// What an error says of itself.
///
/// An empty `impl` says transient, as does a type without one in an attribute.
///
/// ```
/// use steadfast::{Class, Classify};
///
/// #[derive(Debug)]
/// enum Error {
///     NotFound,
///     Status(u16),
/// }
///
/// impl Classify for Error {
///     fn class(&self) -> Class {
///         match self {
///             Error::NotFound => Class::Permanent,
///             Error::Status(status) => Class::from_http_status(*status),
///         }
///     }
/// }
/// assert!(Error::Status(503).class().is_retryable());
/// assert!(!Error::NotFound.class().is_retryable());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what kind of failure it is",
    label = "not `Classify`",
    note = "derive `steadfast::Classify`, write an empty `impl Classify for ..`, which says transient, or let \
            `.when(|error| ..)` decide; the attributes need none of this"
)]
pub trait Classify {
    /// The class of this error.
    fn class(&self) -> Class {
        Class::TRANSIENT
    }
}

/// A timeout is transient; a spent rate is throttled with the time that is left, a full bulkhead without a hint; an
/// open circuit is neutral, since the dependency was not asked.
impl Classify for Rejection {
    fn class(&self) -> Class {
        match self.kind() {
            RejectionKind::Timeout => Class::TRANSIENT,
            RejectionKind::RateLimited => Class::Throttled { retry_after: self.retry_after() },
            RejectionKind::BulkheadFull => Class::THROTTLED,
            RejectionKind::CircuitOpen => Class::Neutral,
        }
    }
}

impl Classify for Infallible {
    fn class(&self) -> Class {
        match *self {}
    }
}

/// Text says nothing: transient.
impl Classify for str {}

/// Text says nothing: transient.
impl Classify for String {}

/// The class of an outcome by its error's own word.
#[inline]
pub(crate) fn class<T, E: Classify>(outcome: &Result<T, E>) -> Option<Class> {
    outcome.as_ref().err().map(Classify::class)
}

/// The class of an outcome by a predicate over errors.
#[inline]
pub(crate) fn class_when<T, E>(outcome: &Result<T, E>, when: impl Fn(&E) -> bool) -> Option<Class> {
    let error = outcome.as_ref().err()?;
    Some(if when(error) { Class::TRANSIENT } else { Class::Permanent })
}

macro_rules! through {
    ($($pointer:ty),*) => {$(
        impl<E: Classify + ?Sized> Classify for $pointer {
            fn class(&self) -> Class {
                (**self).class()
            }
        }
    )*};
}

through!(&E, &mut E, Box<E>, Rc<E>, Arc<E>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;

    #[test]
    fn a_rejection_is_classified_as_in_a_stack() {
        let wait = Duration::from_secs(3);
        let class = |kind| Rejection::new(kind, Name::UNNAMED).with_retry_after(wait).class();
        assert_eq!(class(RejectionKind::Timeout), Class::TRANSIENT);
        assert_eq!(class(RejectionKind::RateLimited), Class::THROTTLED.with_retry_after(wait));
        assert_eq!(class(RejectionKind::BulkheadFull), Class::THROTTLED);
        assert_eq!(class(RejectionKind::CircuitOpen), Class::Neutral);
    }
}
