//! What the feature `tracing` makes of decisions and of attempts. Without it there is nothing here.

#[cfg(feature = "tracing")]
mod event;

#[cfg(feature = "tracing")]
pub(crate) use self::event::{event, is_enabled};
use crate::name::Name;

/// The target of all events and spans.
#[cfg(feature = "tracing")]
const TARGET: &str = "steadfast";

/// The span of one attempt of a retry, or of one call of a hedge.
#[derive(Debug)]
pub(crate) struct Span {
    #[cfg(feature = "tracing")]
    span: tracing::Span,
}

#[cfg(feature = "tracing")]
impl Span {
    #[inline]
    pub(crate) fn attempt(policy: Name, attempt: u32) -> Self {
        Self { span: tracing::debug_span!(target: TARGET, "attempt", policy = policy.as_str(), attempt) }
    }

    #[inline]
    pub(crate) fn call(policy: Name, call: u32) -> Self {
        Self { span: tracing::debug_span!(target: TARGET, "call", policy = policy.as_str(), call) }
    }

    /// Whatever is traced until the guard is dropped belongs to it.
    #[inline]
    pub(crate) fn enter(&self) -> impl Drop + '_ {
        self.span.enter()
    }
}

#[cfg(not(feature = "tracing"))]
impl Span {
    #[inline]
    pub(crate) const fn attempt(_: Name, _: u32) -> Self {
        Self {}
    }

    #[inline]
    pub(crate) const fn call(_: Name, _: u32) -> Self {
        Self {}
    }

    #[inline]
    #[expect(clippy::unused_self, reason = "there is nothing to enter")]
    pub(crate) const fn enter(&self) -> Nothing {
        Nothing
    }
}

/// A guard of nothing.
#[cfg(not(feature = "tracing"))]
#[must_use]
pub(crate) struct Nothing;
