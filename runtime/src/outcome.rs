//! The class of whatever a function returns, found by the shape of its type.
//!
//! `(&&&Outcome(value)).class()` picks the first rung that fits, since method lookup tries fewer references later. This
//! is how an attribute sees a class without asking every return type to have one.

use core::ops::Deref;
use core::time::Duration;

use crate::{Class, Classify};

/// What a function returned.
#[derive(Debug)]
pub struct Outcome<'a, R>(pub &'a R);

impl<R> Clone for Outcome<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Outcome<'_, R> {}

/// A rung for `Result`s whose errors meet a bound.
macro_rules! result_rung {
    ($(#[$doc:meta])* $rung:ident, $outcome:ty where [$($bound:tt)*], $error:pat => $class:expr) => {
        $(#[$doc])*
        pub trait $rung {
            /// The class; `None` for a success.
            fn class(&self) -> Option<Class>;

            /// The class where the arms of `on` have named the errors that are failures, and this is none of them.
            fn narrowed(&self) -> Option<Class>;

            /// Whether it is an error.
            fn is_error(&self) -> bool;

            /// Whether it is an error that is no answer.
            #[inline]
            fn failed(&self) -> bool {
                !matches!(self.class(), None | Some(Class::Permanent))
            }
        }

        impl<T, E $($bound)*> $rung for $outcome {
            #[inline]
            fn class(&self) -> Option<Class> {
                match self.0 {
                    Ok(_) => None,
                    Err($error) => Some($class),
                }
            }

            #[inline]
            fn narrowed(&self) -> Option<Class> {
                self.0.is_err().then_some(Class::Permanent)
            }

            #[inline]
            fn is_error(&self) -> bool {
                self.0.is_err()
            }
        }
    };
}

result_rung!(
    /// A `Result` whose error says what it is.
    ByItself, &&Outcome<'_, Result<T, E>> where [: Classify], error => error.class()
);
result_rung!(
    /// A `Result` whose error leads to one that does: the pointers of `anyhow` and `eyre`.
    ByTarget, &Outcome<'_, Result<T, E>> where [: Deref<Target: Classify>], error => error.deref().class()
);
result_rung!(
    /// Any other `Result`.
    ByVariant, Outcome<'_, Result<T, E>> where [], _ => Class::TRANSIENT
);

/// Any other type: whatever it holds is a success.
#[expect(clippy::wrong_self_convention, reason = "by value is what makes it the last rung")]
pub trait ByDefault: Sized {
    /// The class; `None` for a success.
    fn class(self) -> Option<Class> {
        None
    }

    /// The class where the arms of `on` have named the errors that are failures, and this is none of them.
    fn narrowed(self) -> Option<Class> {
        None
    }

    /// Whether it is an error.
    fn is_error(self) -> bool {
        false
    }

    /// Whether it is an error that is no answer.
    fn failed(self) -> bool {
        false
    }
}

impl<R> ByDefault for Outcome<'_, R> {}

/// What `retry_after = ..` may give.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how long to wait",
    label = "expected `Duration` or `Option<Duration>`"
)]
pub trait IntoHint {
    /// How long to wait, if it says so.
    fn into_hint(self) -> Option<Duration>;
}

#[diagnostic::do_not_recommend]
impl IntoHint for Duration {
    fn into_hint(self) -> Option<Duration> {
        Some(self)
    }
}

/// For no other `Option`, so that a mere `None` has a type.
#[diagnostic::do_not_recommend]
impl IntoHint for Option<Duration> {
    fn into_hint(self) -> Option<Duration> {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<H: IntoHint + Copy> IntoHint for &H {
    fn into_hint(self) -> Option<Duration> {
        (*self).into_hint()
    }
}

#[cfg(test)]
mod tests {
    #[allow(unused_imports, reason = "as in an expansion")]
    use super::{ByDefault as _, ByItself as _, ByTarget as _, ByVariant as _};
    use super::{Duration, IntoHint, Outcome};
    use crate::{Class, Classify};
    use std::error::Error;
    use std::io;

    struct Silent;

    struct Answer;
    impl Classify for Answer {
        fn class(&self) -> Class {
            Class::Permanent
        }
    }

    /// As `anyhow::Error`: no error itself, but it leads to one.
    struct Leads(Box<dyn Error + Send + Sync>);
    impl std::ops::Deref for Leads {
        type Target = dyn Error + Send + Sync;
        fn deref(&self) -> &Self::Target {
            &*self.0
        }
    }

    macro_rules! assert_rung {
        ($outcome:expr, $class:expr, error: $error:expr, failed: $failed:expr) => {{
            let outcome = &$outcome;
            assert_eq!((&&&Outcome(outcome)).class(), $class);
            assert_eq!((&&&Outcome(outcome)).is_error(), $error);
            assert_eq!((&&&Outcome(outcome)).failed(), $failed);
            assert_eq!((&&&Outcome(outcome)).narrowed(), $error.then_some(Class::Permanent));
        }};
    }

    #[test]
    fn each_type_finds_its_rung() {
        let not_found = || io::Error::from(io::ErrorKind::NotFound);
        let transient = Some(Class::TRANSIENT);
        assert_rung!(Ok::<_, Answer>(1), None, error: false, failed: false);
        assert_rung!(Err::<(), _>(Answer), Some(Class::Permanent), error: true, failed: false);
        assert_rung!(Err::<(), _>(&Answer), Some(Class::Permanent), error: true, failed: false);
        assert_rung!(Err::<(), _>(Leads(not_found().into())), Some(Class::Permanent), error: true, failed: false);
        assert_rung!(Err::<(), _>(Leads("?".into())), transient, error: true, failed: true);
        assert_rung!(Err::<(), Box<dyn Error>>(not_found().into()), Some(Class::Permanent), error: true, failed: false);
        assert_rung!(Err::<(), _>(Silent), transient, error: true, failed: true);
        assert_rung!(Ok::<_, Silent>(1), None, error: false, failed: false);
        assert_rung!(None::<u32>, None, error: false, failed: false);
        assert_rung!(Silent, None, error: false, failed: false);
    }

    /// `retry_after(Err(Busy { wait }) => wait)`: a binding is a reference.
    #[test]
    fn a_hint_is_a_duration_or_none_or_a_reference_to_it() {
        let wait = Duration::from_secs(7);
        assert_eq!([wait.into_hint(), Some(wait).into_hint(), None.into_hint()], [Some(wait), Some(wait), None]);
        assert_eq!(
            [(&wait).into_hint(), (&Some(wait)).into_hint(), (&None).into_hint()],
            [Some(wait), Some(wait), None]
        );
    }

    #[test]
    fn a_bound_is_seen_in_a_generic_function() {
        fn bound<E: Classify>(error: E) -> Option<Class> {
            (&&&Outcome(&Err::<(), E>(error))).class()
        }
        #[expect(clippy::needless_borrow, reason = "as in an expansion, where the bounds are not known")]
        fn unbound<E>(error: E) -> Option<Class> {
            (&&&Outcome(&Err::<(), E>(error))).class()
        }
        assert_eq!(bound(Answer), Some(Class::Permanent));
        assert_eq!(unbound(Answer), Some(Class::TRANSIENT));
    }
}
