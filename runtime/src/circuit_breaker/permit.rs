//! The guard of a call under way, reported exactly once.

use core::fmt;

use crate::scope::{self, Dropping};
use crate::{Class, Rejection};

use super::core::{Ticket, UNTIMED, Verdict};
use super::word::Period;
use super::{Abandoned, CircuitBreaker};

/// A call's place in a breaker, from before its admission until after its report.
///
/// One word says how far it is. Whatever is outlined takes values and not the guard: one whose address is never given
/// away can be kept in registers, and what is known of it holds until the end.
pub(super) struct Guard<'b> {
    breaker: &'b CircuitBreaker,
    ticket: Ticket,
    /// In place of the breaker's own setting.
    abandoned: Option<Abandoned>,
    /// Marks the rejection.
    tag: u8,
}

impl<'b> Guard<'b> {
    /// Of a call that has not begun, and holds nothing.
    #[inline]
    pub(super) const fn new(breaker: &'b CircuitBreaker, abandoned: Option<Abandoned>, tag: u8) -> Self {
        Self { breaker, ticket: Ticket { period: Period::AHEAD, probe: 0, began: UNTIMED }, abandoned, tag }
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
        if let Some(period) = self.breaker.admit_untimed() {
            self.ticket.period = period;
            return Ok(());
        }
        self.ticket.period = Period::OVER;
        self.ticket = self.breaker.admit_timed().map_err(|rejection| rejection.with_tag(self.tag))?;
        Ok(())
    }

    #[inline]
    pub(super) fn end(&mut self, verdict: Verdict) {
        let period = self.ticket.period;
        // Before the store: the compiler takes no value over an atomic load.
        let quiet = self.breaker.is_quiet(period);
        self.ticket.period = Period::OVER;
        if verdict == Verdict::Success && quiet {
            self.breaker.count_success();
        } else {
            self.breaker.settle(period, self.ticket.probe, self.ticket.began, verdict);
        }
    }
}

impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.is_running() {
            let Ticket { period, probe, began } = self.ticket;
            abandon(self.breaker, period, probe, began, self.abandoned);
        }
    }
}

#[cold]
#[inline(never)]
fn abandon(breaker: &CircuitBreaker, period: Period, probe: u64, began: u64, abandoned: Option<Abandoned>) {
    let abandoned = match scope::dropping() {
        Some(Dropping::TimedOut) => Some(Abandoned::Failure),
        Some(Dropping::Lost) => Some(Abandoned::Neutral),
        None => abandoned,
    };
    breaker.settle_abandoned(&Ticket { period, probe, began }, abandoned);
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
        let mut guard = Guard::new(breaker, None, 0);
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
