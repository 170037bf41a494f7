//! The user's functions in `when`, `retry_after` and `error`. They are called through these, since a closure that is
//! called where it is written does not learn the types of its arguments.

use core::time::Duration;

use crate::outcome::IntoHint;
use crate::{Class, Rejection};

/// The class of an error by `when = F`: true is transient, false is permanent.
#[inline]
pub fn when<E>(error: &E, transient: impl FnOnce(&E) -> bool) -> Option<Class> {
    Some(if transient(error) { Class::TRANSIENT } else { Class::Permanent })
}

/// Whether `when = F` of a fallback says so.
#[inline]
pub fn holds<E>(error: &E, handled: impl FnOnce(&E) -> bool) -> bool {
    handled(error)
}

/// The value of an arm of `retry_after(ARM => value)`.
#[inline]
pub fn hint(value: impl IntoHint) -> Option<Duration> {
    value.into_hint()
}

/// The value of `retry_after = F`.
#[inline]
pub fn hint_of<E, H: IntoHint>(error: &E, hint: impl FnOnce(&E) -> H) -> Option<Duration> {
    hint(error).into_hint()
}

/// Puts the hint of `retry_after` into a class that is retried. It wins over the hint of the class; where it has none,
/// that stays.
#[inline]
pub fn hinted(class: Option<Class>, hint: impl FnOnce() -> Option<Duration>) -> Option<Class> {
    let class = class?;
    Some(hint().map_or(class, |hint| class.with_retry_after(hint)))
}

/// What `error = F` makes of a rejection.
#[inline]
pub fn convert<X>(rejection: Rejection, error: impl FnOnce(Rejection) -> X) -> X {
    error(rejection)
}

/// Which policy of the stack rejected.
#[inline]
pub const fn tag(rejection: &Rejection) -> u32 {
    rejection.tag()
}
