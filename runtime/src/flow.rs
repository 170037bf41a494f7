//! What comes out of a call inside a stack.

use crate::Rejection;

/// What comes out of a call inside a stack of policies: the function's own value, or a policy's refusal.
///
/// `try_call` of each policy returns it, and a `#[fallback(|failure: Failure<R>| ..)]` is given it.
///
/// ```
/// use steadfast::{Failure, Rejection};
///
/// fn explain(failure: Failure<Result<u32, String>>) -> String {
///     match failure {
///         Failure::Returned(Ok(value)) => format!("an unwanted value: {value}"),
///         Failure::Returned(Err(error)) => format!("the body failed: {error}"),
///         Failure::Rejected(rejection) => format!("not answered: {rejection}"),
///     }
/// }
/// assert_eq!(explain(Failure::Returned(Err("reset".into()))), "the body failed: reset");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow<R> {
    /// The function returned this value, whatever it says.
    Returned(R),
    /// A policy answered instead of the function.
    Rejected(Rejection),
}

/// A [`Flow`] that a policy took for a failure.
pub type Failure<R> = Flow<R>;

impl<R> Flow<R> {
    /// The same flow with a borrowed value.
    pub const fn as_ref(&self) -> Flow<&R> {
        match self {
            Self::Returned(value) => Flow::Returned(value),
            Self::Rejected(rejection) => Flow::Rejected(*rejection),
        }
    }

    /// The rejection, if it is one.
    pub const fn rejection(&self) -> Option<Rejection> {
        match self {
            Self::Returned(_) => None,
            Self::Rejected(rejection) => Some(*rejection),
        }
    }
}

impl<T, E> Flow<Result<T, E>> {
    /// The function's own result, a rejection converted with `E: From<Rejection>`.
    ///
    /// # Errors
    /// The function's own error, or the rejection as one.
    pub fn into_result(self) -> Result<T, E>
    where
        E: From<Rejection>,
    {
        match self {
            Self::Returned(result) => result,
            Self::Rejected(rejection) => Err(rejection.into()),
        }
    }
}
