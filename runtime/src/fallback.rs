//! Which outcomes a `#[fallback]` handles, and the error that it names.

use core::convert::Infallible;

use crate::absorb::{FromError, FromRejection};
use crate::{Failure, Flow, Rejection};

/// `Err` where the fallback answers: a rejection, or a value of which `handles` says so.
///
/// # Errors
/// The failure that is to be handled.
#[inline]
pub fn fallback<R>(outcome: Flow<R>, handles: impl Fn(&R) -> bool) -> Result<R, Failure<R>> {
    match outcome {
        Flow::Returned(value) if !handles(&value) => Ok(value),
        failure => Err(failure),
    }
}

/// As [`fallback`], for one that names the error: a rejection becomes one as at the outer end.
///
/// # Errors
/// The error that is to be handled.
#[inline]
pub fn fallback_error<R>(outcome: Flow<R>, handles: impl Fn(&R) -> bool) -> Result<R, R::Error>
where
    R: Fails + FromRejection,
{
    match outcome {
        Flow::Returned(value) if !handles(&value) => Ok(value),
        Flow::Returned(value) => value.into_error(),
        Flow::Rejected(rejection) => R::from_rejection(rejection).into_error(),
    }
}

/// As [`fallback_error`], where `error = F` makes the error of a rejection.
///
/// # Errors
/// The error that is to be handled.
#[inline]
pub fn fallback_error_with<R, X>(
    outcome: Flow<R>,
    handles: impl Fn(&R) -> bool,
    error: impl FnOnce(Rejection) -> X,
) -> Result<R, R::Error>
where
    R: Fails + FromError<X>,
{
    match outcome {
        Flow::Returned(value) if !handles(&value) => Ok(value),
        Flow::Returned(value) => value.into_error(),
        Flow::Rejected(rejection) => R::from_error(error(rejection)).into_error(),
    }
}

/// As [`fallback_error`], where nothing beneath can reject: no conversion is needed.
///
/// # Errors
/// The error that is to be handled.
#[inline]
pub fn fallback_returned_error<R: Fails>(
    outcome: Flow<R, Infallible>,
    handles: impl Fn(&R) -> bool,
) -> Result<R, R::Error> {
    match outcome {
        Flow::Returned(value) if !handles(&value) => Ok(value),
        Flow::Returned(value) => value.into_error(),
        Flow::Rejected(never) => match never {},
    }
}

/// A return type with an error to name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no error that a `#[fallback]` could name",
    label = "not a `Result`",
    note = "write `|failure: steadfast::Failure<R>|`, where R is the return type"
)]
pub trait Fails: Sized {
    /// The error.
    type Error;

    /// The error, or the value itself where there is none.
    ///
    /// # Errors
    /// The error that it holds.
    fn into_error(self) -> Result<Self, Self::Error>;
}

impl<T, E> Fails for Result<T, E> {
    type Error = E;

    fn into_error(self) -> Result<Self, E> {
        self.map(Ok)
    }
}
