//! The guard of a call under way, reported exactly once.

use core::fmt;
use core::mem;

use crate::{Class, Rejection, scope};

use super::core::{Ticket, Verdict};
use super::word::Period;
use super::{Abandoned, CircuitBreaker};

/// A call's place in a breaker, from before its admission until after its report.
///
/// One word says how far it is, so that the usual way through is a store or two.
pub(super) struct Guard<'b> {
    breaker: &'b CircuitBreaker,
    ticket: Ticket,
    abandoned: Abandoned,
}

impl<'b> Guard<'b> {
    /// Of a call that has not begun, and holds nothing.
    #[inline]
    pub(super) const fn new(breaker: &'b CircuitBreaker, abandoned: Abandoned) -> Self {
        Self { breaker, ticket: Ticket { period: Period::AHEAD, probe: 0, began: 0 }, abandoned }
    }

    #[inline]
    pub(super) fn is_ahead(&self) -> bool {
        self.ticket.period == Period::AHEAD
    }

    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.ticket.period == Period::OVER
    }

    #[inline]
    pub(super) fn is_running(&self) -> bool {
        !self.is_ahead() && !self.is_over()
    }

    /// Asks the breaker; a call that is rejected is over.
    #[inline]
    pub(super) fn begin(&mut self) -> Result<(), Rejection> {
        match self.breaker.admit_untimed() {
            Some(period) => {
                self.ticket.period = period;
                Ok(())
            }
            None => self.begin_timed(),
        }
    }

    #[inline(never)]
    fn begin_timed(&mut self) -> Result<(), Rejection> {
        self.ticket.period = Period::OVER;
        self.ticket = self.breaker.admit_timed()?;
        Ok(())
    }

    #[inline]
    pub(super) fn end(&mut self, verdict: Verdict) {
        let period = mem::replace(&mut self.ticket.period, Period::OVER);
        if verdict != Verdict::Success || !self.breaker.is_quiet(period) {
            self.settle(period, verdict);
        }
    }

    #[inline(never)]
    fn settle(&self, period: Period, verdict: Verdict) {
        self.breaker.settle(&Ticket { period, ..self.ticket }, verdict);
    }

    /// The call was dropped.
    #[cold]
    fn abandon(&mut self) {
        let abandoned = if scope::timing_out() { Abandoned::Failure } else { self.abandoned };
        self.breaker.settle_abandoned(&self.ticket, abandoned);
    }
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.is_running() {
            self.abandon();
        }
    }
}

impl fmt::Debug for Guard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("breaker", self.breaker)
            .field("running", &self.is_running())
            .finish_non_exhaustive()
    }
}

/// Leave to make one call, from [`CircuitBreaker::try_acquire`]: say how it ended.
///
/// Dropped without a word, it counts as the breaker's `abandoned` setting says, and a probe's place is free again.
#[derive(Debug)]
#[must_use = "a permit that is dropped says that the call was abandoned"]
pub struct Permit<'b>(Guard<'b>);

impl<'b> Permit<'b> {
    #[inline]
    pub(super) fn new(breaker: &'b CircuitBreaker) -> Result<Self, Rejection> {
        let mut guard = Guard::new(breaker, breaker.settings.abandoned);
        guard.begin()?;
        Ok(Self(guard))
    }

    /// The call succeeded, or the dependency answered.
    #[inline]
    pub fn success(mut self) {
        self.0.end(Verdict::Success);
    }

    /// The call failed.
    #[inline]
    pub fn failure(mut self) {
        self.0.end(Verdict::Failure);
    }

    /// The call says nothing of the dependency: it counts neither way.
    #[inline]
    pub fn ignore(mut self) {
        self.0.end(Verdict::Neutral);
    }

    /// The call ended with an outcome of this class; `None` is a success.
    #[inline]
    pub fn report(mut self, class: Option<Class>) {
        self.0.end(Verdict::of(class));
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
