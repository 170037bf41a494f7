//! The guard of a call under way, reported exactly once.

use core::fmt;
use core::mem;

use crate::{Class, scope};

use super::core::{Ticket, Verdict};
use super::{Abandoned, CircuitBreaker};

/// Leave to make one call, from [`CircuitBreaker::try_acquire`]: say how it ended.
///
/// Dropped without a word, it counts as the breaker's `abandoned` setting says, and a probe's place is free again.
#[must_use = "a permit that is dropped says that the call was abandoned"]
pub struct Permit<'b> {
    breaker: &'b CircuitBreaker,
    ticket: Ticket,
    abandoned: Abandoned,
}

impl<'b> Permit<'b> {
    #[inline]
    pub(super) const fn new(breaker: &'b CircuitBreaker, ticket: Ticket, abandoned: Abandoned) -> Self {
        Self { breaker, ticket, abandoned }
    }

    /// The call succeeded, or the dependency answered.
    #[inline]
    pub fn success(self) {
        self.end(Verdict::Success);
    }

    /// The call failed.
    #[inline]
    pub fn failure(self) {
        self.end(Verdict::Failure);
    }

    /// The call says nothing of the dependency: it counts neither way.
    #[inline]
    pub fn ignore(self) {
        self.end(Verdict::Neutral);
    }

    /// The call ended with an outcome of this class; `None` is a success.
    #[inline]
    pub fn report(self, class: Option<Class>) {
        self.end(Verdict::of(class));
    }

    #[inline]
    pub(super) fn end(self, verdict: Verdict) {
        self.breaker.settle(&self.ticket, verdict);
        mem::forget(self);
    }
}

impl Verdict {
    #[inline]
    pub(super) const fn of(class: Option<Class>) -> Self {
        match class {
            None | Some(Class::Permanent) => Self::Success,
            Some(Class::Transient { .. }) => Self::Failure,
            Some(Class::Throttled { .. } | Class::Neutral) => Self::Neutral,
        }
    }
}

impl Drop for Permit<'_> {
    #[cold]
    fn drop(&mut self) {
        let abandoned = if scope::timing_out() { Abandoned::Failure } else { self.abandoned };
        self.breaker.settle_abandoned(&self.ticket, abandoned);
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("breaker", self.breaker).finish_non_exhaustive()
    }
}
