//! Which outcomes a `#[fallback]` handles, and the error that it names. The last success as an answer: [`stale`].

#[cfg(feature = "registry")]
mod managed;
pub(crate) mod stale;

use core::convert::Infallible;

use crate::absorb::{ErrorFromRejection, FromError};
use crate::control::Common;
use crate::event::{Decision, PolicyKind, announce};
use crate::name::Name;
use crate::{Failure, Flow, Rejection};

/// What is known of a `#[fallback]` whose answer is an expression: how it is called in events, and whether it answers.
#[derive(Debug)]
pub struct Fallback {
    name: Name,
    common: Common,
    #[cfg(feature = "registry")]
    control: crate::control::Control<Common>,
    #[cfg(feature = "registry")]
    totals: crate::tally::Totals<2>,
}

impl Fallback {
    /// Without a name.
    #[expect(clippy::new_without_default, reason = "for expansions, where it is a constant")]
    pub const fn new() -> Self {
        Self {
            name: Name::UNNAMED,
            common: Common::DEFAULT,
            #[cfg(feature = "registry")]
            control: crate::control::Control::new(),
            #[cfg(feature = "registry")]
            totals: crate::tally::Totals::new(),
        }
    }

    /// The name in events.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.name = Name::given(name);
        self
    }

    /// Whether it answers for what the function returns. Switched off it answers for rejections alone, without an event:
    /// there may be no value of the function's type to return otherwise.
    pub const fn enabled(mut self, enabled: bool) -> Self {
        self.common = Common { enabled, ..self.common };
        self
    }

    /// Whether the program cannot do without what it guards.
    pub const fn critical(mut self, critical: bool) -> Self {
        self.common = Common { critical, ..self.common };
        self
    }

    /// Named after the function in which `closure` stands.
    pub const fn inside<F: Fn()>(mut self, closure: &F) -> Self {
        self.name = Name::inside(closure);
        self
    }

    /// It answers for a value, if that is an error.
    #[cold]
    fn answers_for<R: Fails<E>, E>(&self, value: R) -> Result<R, E> {
        let outcome = if self.common().enabled { value.into_error() } else { Ok(value) };
        match outcome {
            Ok(_) => self.count_passed(),
            Err(_) => self.tell(None),
        }
        outcome
    }

    /// It answers for a failure of any kind.
    #[cold]
    fn answers_for_all<R>(&self, failure: Flow<R>) -> Result<R, Failure<R>> {
        match failure {
            Flow::Returned(value) if !self.common().enabled => {
                self.count_passed();
                Ok(value)
            }
            failure => {
                self.tell(failure.rejection());
                Err(failure)
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn tell(&self, rejection: Option<Rejection>) {
        if !self.common().enabled {
            return;
        }
        self.count();
        announce(self.name, PolicyKind::Fallback, || Decision::FellBack { rejection, age: None });
    }
}

/// Where nothing can be put over the settings.
#[cfg(not(feature = "registry"))]
impl Fallback {
    const fn common(&self) -> Common {
        self.common
    }

    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count(&self) {}

    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_passed(&self) {}
}

/// `Err` where the fallback answers: a rejection, or a value of which `handles` says so.
///
/// # Errors
/// The failure that is to be handled.
#[inline]
pub fn fallback<R>(policy: &Fallback, outcome: Flow<R>, handles: impl Fn(&R) -> bool) -> Result<R, Failure<R>> {
    match outcome {
        Flow::Returned(value) if !handles(&value) => {
            policy.count_passed();
            Ok(value)
        }
        failure => policy.answers_for_all(failure),
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
        Flow::Returned(value) if !handles(&value) => {
            policy.count_passed();
            Ok(value)
        }
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
        Flow::Returned(value) if !handles(&value) => {
            policy.count_passed();
            Ok(value)
        }
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
        Flow::Returned(value) if !handles(&value) => {
            policy.count_passed();
            Ok(value)
        }
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
