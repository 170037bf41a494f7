//! Who classifies the outcomes of a policy that is used as a value.

use crate::{Class, Classify};

/// Who says what an outcome says of the dependency.
pub trait Judge<R> {
    /// The class of an outcome; `None` for a success.
    fn class(&self, outcome: &R) -> Option<Class>;
}

/// A judge by the error's own classification.
#[derive(Debug, Clone, Copy)]
pub struct ByClass;

/// A judge by a predicate over errors: true is transient, false is permanent.
#[derive(Debug, Clone, Copy)]
pub struct When<P>(pub(crate) P);

/// A judge by a function of the outcome.
#[derive(Debug, Clone, Copy)]
pub struct By<C>(pub(crate) C);

impl<T, E: Classify> Judge<Result<T, E>> for ByClass {
    #[inline]
    fn class(&self, outcome: &Result<T, E>) -> Option<Class> {
        outcome.as_ref().err().map(Classify::class)
    }
}

impl<T, E, P: Fn(&E) -> bool> Judge<Result<T, E>> for When<P> {
    #[inline]
    fn class(&self, outcome: &Result<T, E>) -> Option<Class> {
        let error = outcome.as_ref().err()?;
        Some(if self.0(error) { Class::TRANSIENT } else { Class::Permanent })
    }
}

impl<R, C: Fn(&R) -> Option<Class>> Judge<R> for By<C> {
    #[inline]
    fn class(&self, outcome: &R) -> Option<Class> {
        self.0(outcome)
    }
}
