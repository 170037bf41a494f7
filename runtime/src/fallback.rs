//! Which outcomes a `#[fallback]` handles, and the error that it names. The last success as an answer: [`stale`].

pub(crate) mod stale;

use core::convert::Infallible;

use crate::absorb::{ErrorFromRejection, FromError};
use crate::event::{Decision, PolicyKind, announce};
use crate::name::Name;
use crate::{Failure, Flow, Rejection};

/// What is known of a `#[fallback]` whose answer is an expression: how it is called in events.
#[derive(Debug)]
pub struct Fallback {
    name: Name,
}

impl Fallback {
    /// Without a name.
    #[expect(clippy::new_without_default, reason = "for expansions, where it is a constant")]
    pub const fn new() -> Self {
        Self { name: Name::UNNAMED }
    }

    /// The name in events.
    pub const fn name(self, name: &'static str) -> Self {
        Self { name: Name::given(name) }
    }

    /// Named after the function in which `closure` stands.
    pub const fn inside<F: Fn()>(self, closure: &F) -> Self {
        Self { name: Name::inside(closure) }
    }

    /// It answers for a value, if that is an error.
    #[cold]
    fn answers_for<R: Fails<E>, E>(&self, value: R) -> Result<R, E> {
        let error = value.into_error();
        if error.is_err() {
            self.tell(None);
        }
        error
    }

    #[cold]
    #[inline(never)]
    fn tell(&self, rejection: Option<Rejection>) {
        announce(self.name, PolicyKind::Fallback, || Decision::FellBack { rejection, age: None });
    }
}

/// `Err` where the fallback answers: a rejection, or a value of which `handles` says so.
///
/// # Errors
/// The failure that is to be handled.
#[inline]
pub fn fallback<R>(policy: &Fallback, outcome: Flow<R>, handles: impl Fn(&R) -> bool) -> Result<R, Failure<R>> {
    match outcome {
        Flow::Returned(value) if !handles(&value) => Ok(value),
        failure => {
            policy.tell(failure.rejection());
            Err(failure)
        }
    }
}

/// As [`fallback`], for one that names the error: a rejection becomes one as at the outer end.
///
/// # Errors
/// The error that is to be handled.
#[inline]
pub fn fallback_error<R: Fails<E>, E: ErrorFromRejection>(
    policy: &Fallback,
    outcome: Flow<R>,
    handles: impl Fn(&R) -> bool,
) -> Result<R, E> {
    match outcome {
        Flow::Returned(value) if !handles(&value) => Ok(value),
        Flow::Returned(value) => policy.answers_for(value),
        Flow::Rejected(rejection) => {
            policy.tell(Some(rejection));
            Err(E::from_rejection(rejection))
        }
    }
}

/// As [`fallback_error`], where `error = F` makes the error of a rejection.
///
/// # Errors
/// The error that is to be handled.
#[inline]
pub fn fallback_error_with<R: Fails<E> + FromError<X>, E, X>(
    policy: &Fallback,
    outcome: Flow<R>,
    handles: impl Fn(&R) -> bool,
    error: impl FnOnce(Rejection) -> X,
) -> Result<R, E> {
    match outcome {
        Flow::Returned(value) if !handles(&value) => Ok(value),
        Flow::Returned(value) => policy.answers_for(value),
        Flow::Rejected(rejection) => {
            policy.tell(Some(rejection));
            R::from_error(error(rejection)).into_error()
        }
    }
}

/// As [`fallback_error`], where nothing beneath can reject: no conversion is needed.
///
/// # Errors
/// The error that is to be handled.
#[inline]
pub fn fallback_returned_error<R: Fails<E>, E>(
    policy: &Fallback,
    outcome: Flow<R, Infallible>,
    handles: impl Fn(&R) -> bool,
) -> Result<R, E> {
    match outcome {
        Flow::Returned(value) if !handles(&value) => Ok(value),
        Flow::Returned(value) => policy.answers_for(value),
        Flow::Rejected(never) => match never {},
    }
}

/// A return type with an error to name. The error is a parameter, since the compiler would report one that cannot be
/// found a second time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no error that a `#[fallback]` could name",
    label = "not a `Result`",
    note = "write `|failure: steadfast::Failure<R>|`, where R is the return type"
)]
pub trait Fails<E>: Sized {
    /// The error, or the value itself where there is none.
    ///
    /// # Errors
    /// The error that it holds.
    fn into_error(self) -> Result<Self, E>;
}

#[diagnostic::do_not_recommend]
impl<T, E> Fails<E> for Result<T, E> {
    fn into_error(self) -> Result<Self, E> {
        self.map(Ok)
    }
}
