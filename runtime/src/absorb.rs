//! The outer end of a stack: a rejection that nobody handled becomes the function's return type.

use crate::{Flow, Rejection};

/// The function's own value, a rejection converted.
#[inline]
pub fn absorb<R: FromRejection>(flow: Flow<R>) -> R {
    match flow {
        Flow::Returned(value) => value,
        Flow::Rejected(rejection) => R::from_rejection(rejection),
    }
}

/// The function's own value, a rejection converted by `error = F`.
#[inline]
pub fn absorb_with<R: FromError<X>, X>(flow: Flow<R>, error: impl FnOnce(Rejection) -> X) -> R {
    match flow {
        Flow::Returned(value) => value,
        Flow::Rejected(rejection) => R::from_error(error(rejection)),
    }
}

/// The rejection of a policy without `error = F`, beside one that has it.
#[inline]
pub fn error<E: ErrorFromRejection>(rejection: Rejection) -> E {
    E::from_rejection(rejection)
}

/// A return type that has a place for a rejection.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot take in a rejection",
    label = "a policy may answer instead of the function, and this type cannot say so",
    note = "return a `Result` whose error has a variant `#[from] steadfast::Rejection` (in a generic function, add the \
            bound `E: From<steadfast::Rejection>`), or say `error = ..` in the attribute, or put a `#[fallback]` on top"
)]
pub trait FromRejection {
    /// The rejection as a value of this type.
    fn from_rejection(rejection: Rejection) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E: From<Rejection>> FromRejection for Result<T, E> {
    #[cold]
    fn from_rejection(rejection: Rejection) -> Self {
        Err(rejection.into())
    }
}

/// An error that has a place for a rejection.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot take in a rejection",
    label = "a policy may answer instead of the function, and this error cannot say so",
    note = "add a variant `#[from] steadfast::Rejection` (in a generic function, the bound \
            `E: From<steadfast::Rejection>`), or say `error = ..` in the attribute"
)]
pub trait ErrorFromRejection {
    /// The rejection as a value of this type.
    fn from_rejection(rejection: Rejection) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Rejection>> ErrorFromRejection for E {
    #[cold]
    fn from_rejection(rejection: Rejection) -> Self {
        rejection.into()
    }
}

/// A return type that has a place for what `error = F` makes of a rejection.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot take in what `error = ..` makes of a rejection",
    label = "no place for it in this type",
    note = "`error` gives the `E` of a `Result<T, E>`; for an `Option` it gives an `Option`, or `()` for `None`"
)]
pub trait FromError<X> {
    /// The error as a value of this type.
    fn from_error(error: X) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T, E> FromError<E> for Result<T, E> {
    fn from_error(error: E) -> Self {
        Err(error)
    }
}

#[diagnostic::do_not_recommend]
impl<T> FromError<Self> for Option<T> {
    fn from_error(error: Self) -> Self {
        error
    }
}

#[diagnostic::do_not_recommend]
impl<T> FromError<()> for Option<T> {
    fn from_error((): ()) -> Self {
        None
    }
}
