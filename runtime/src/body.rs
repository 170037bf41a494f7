//! The innermost end of a blocking stack, and the answer of a fallback within one.

use crate::Flow;

/// A body that runs once. Its closure is seen by the compiler as one that may give away what it captures.
#[inline]
pub fn once<R, X>(body: impl FnOnce() -> R) -> impl FnOnce() -> Flow<R, X> {
    || Flow::Returned(body())
}

/// A body that runs once an attempt. A closure that gives away what it captured is refused by the compiler here, at
/// the variable.
#[inline]
pub fn repeatable<R, X>(mut body: impl FnMut() -> R) -> impl FnMut() -> Flow<R, X> {
    move || Flow::Returned(body())
}

/// A value that a fallback let pass.
#[inline]
pub fn answered<R, X>(value: R) -> Flow<R, X> {
    Flow::Returned(value)
}
