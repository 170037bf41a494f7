//! What a function returns, and the answer of a fallback within a stack.

use crate::Flow;

/// The answer of a fallback beneath other policies.
#[inline]
pub fn answer<R, X>(answer: impl FnOnce() -> R) -> Flow<R, X> {
    Flow::Returned(answer())
}

/// What a blocking function returns, where its type may turn out to be a future: `(&&Returns(outcome)).check()` compiles
/// unless it is one, since method lookup tries fewer references later.
#[derive(Debug)]
pub struct Returns<'a, R>(pub &'a R);

/// A future: its body runs where no policy sees it.
pub trait IsFuture {
    /// Never compiles.
    fn check(&self)
    where
        Self: Seen,
    {
    }
}

impl<R: Future> IsFuture for &Returns<'_, R> {}

/// Anything else.
pub trait IsValue {
    /// Always compiles.
    #[inline]
    fn check(&self) {}
}

impl<R> IsValue for Returns<'_, R> {}

/// Implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "this function returns a future whose body the attributes cannot see",
    label = "a future",
    note = "make it an `async fn`, or end it with an `async move` block, in `Box::pin(..)` or not, and spell its type \
            `Pin<Box<dyn Future<Output = R>>>` or `impl Future<Output = R>`"
)]
pub trait Seen {}

/// A value that a fallback let pass.
#[inline]
pub fn answered<R, X>(value: R) -> Flow<R, X> {
    Flow::Returned(value)
}
