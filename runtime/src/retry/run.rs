//! The decision after each attempt. The loop itself stands in the expansion: no closure could lend the body what it
//! borrows mutably, attempt after attempt.

use core::time::Duration;

use super::backoff::OfPolicy;
use super::decide::{Again, State, prepared};
use super::place::Place;
use super::{Attempt, Curve, Delay, GiveUpEvent, Retry, RetryBudget, RetryEvent};
use crate::event::Cause;
use crate::hook::tell;
use crate::trace::Span;
use crate::{Class, Flow, Rejection, scope};

/// Begins the attempts of one call.
#[inline]
pub fn retry(policy: &Retry) -> Run<'_> {
    begin(policy, OfPolicy)
}

/// As [`retry`], with a budget in the place of the policy's.
#[inline]
pub fn retry_within<'p>(policy: &'p Retry, budget: &'p RetryBudget) -> Run<'p, OfPolicy, &'p RetryBudget> {
    begin(policy, budget)
}

#[inline]
fn begin<'p, G: Budget<'p>>(policy: &'p Retry, budget: G) -> Run<'p, OfPolicy, G> {
    let prepares = policy.prepares() || G::PREPARES;
    let place = if prepares { prepared(policy, budget.of(policy)) } else { Place::FIRST };
    Run { state: State { policy, place }, backoff: OfPolicy, budget }
}

/// The attempts of one call.
#[derive(Debug)]
pub struct Run<'p, B = OfPolicy, G = OfPolicy> {
    state: State<'p>,
    backoff: B,
    budget: G,
}

/// Where the budget comes from. A type, so that a run without one has no room for it.
pub trait Budget<'p>: Copy {
    #[doc(hidden)]
    const PREPARES: bool;

    #[doc(hidden)]
    fn of(self, policy: &'p Retry) -> Option<&'p RetryBudget>;
}

impl<'p> Budget<'p> for OfPolicy {
    const PREPARES: bool = false;

    #[inline]
    fn of(self, policy: &'p Retry) -> Option<&'p RetryBudget> {
        policy.budget
    }
}

impl<'p> Budget<'p> for &'p RetryBudget {
    const PREPARES: bool = true;

    #[inline]
    fn of(self, _policy: &'p Retry) -> Option<&'p RetryBudget> {
        Some(self)
    }
}

impl<'p, B: Curve, G: Budget<'p>> Run<'p, B, G> {
    /// Somebody will be told how long it took.
    #[must_use]
    #[cold]
    pub fn observed(mut self) -> Self {
        self.state.place.start();
        self
    }

    /// Takes another backoff than the policy's. Its type is not told: the compiler would report what is not right with
    /// it at each use.
    #[inline]
    pub fn backoff<C: Curve>(self, backoff: C) -> Run<'p, impl Curve, G> {
        Run { state: self.state, backoff, budget: self.budget }
    }

    /// As [`backoff`](Self::backoff), for a closure that does not say what it takes.
    #[inline]
    pub fn backoff_fn<F: Fn(u32) -> Duration>(self, backoff: F) -> Run<'p, impl Curve, G> {
        self.backoff(backoff)
    }

    /// Lets a call know which attempt it is.
    #[inline]
    pub fn attempt<F: Future>(&self, call: F) -> Attempt<F> {
        Attempt::new(self.state.policy.name, self.state.place.attempt(), call)
    }

    /// Makes a call that knows which attempt it is.
    #[inline]
    pub fn run<T>(&self, call: impl FnOnce() -> T) -> T {
        let _attempt = scope::in_attempt(self.state.place.attempt());
        let span = Span::attempt(self.state.policy.name, self.state.place.attempt());
        let _span = span.enter();
        call()
    }

    /// The delay before another attempt; `None` where that was the last one. `class` is `None` for a success.
    #[inline]
    pub fn next<R, X>(&mut self, outcome: &Flow<R, X>, class: impl Fn(&R) -> Option<Class>) -> Option<Delay<'p>>
    where
        X: Copy + Into<Rejection>,
    {
        let Some(failure) = Cause::of(outcome, class) else {
            self.state.succeeded();
            return None;
        };
        let judged = self.state.judge(failure, &self.backoff, self.budget.of(self.state.policy))?;
        judged.verdict.ok().map(Again::delay)
    }

    /// As [`next`](Self::next), with the hooks of the function.
    #[inline]
    pub fn next_observed<R, X>(
        &mut self,
        outcome: &Flow<R, X>,
        class: impl Fn(&R) -> Option<Class>,
        on_retry: impl FnOnce(&RetryEvent<'_, R>),
        on_give_up: impl FnOnce(&GiveUpEvent<'_, R>),
    ) -> Option<Delay<'p>>
    where
        X: Copy + Into<Rejection>,
    {
        let Some(failure) = Cause::of(outcome, class) else {
            self.state.succeeded();
            return None;
        };
        let judged = self.state.judge(failure, &self.backoff, self.budget.of(self.state.policy))?;
        let told = match outcome {
            Flow::Returned(value) => Flow::Returned(value),
            Flow::Rejected(rejection) => Flow::Rejected((*rejection).into()),
        };
        match judged.verdict {
            Ok(again) => {
                tell(on_retry, &judged.event.retry(again.after, told));
                Some(again.delay())
            }
            Err(reason) => {
                tell(on_give_up, &judged.event.give_up(reason, told));
                None
            }
        }
    }
}

impl Cause {
    /// Why an attempt is not a success; `None` where it is one.
    #[inline]
    fn of<R, X>(outcome: &Flow<R, X>, class: impl Fn(&R) -> Option<Class>) -> Option<Self>
    where
        X: Copy + Into<Rejection>,
    {
        match outcome {
            Flow::Returned(value) => class(value).map(Self::Returned),
            Flow::Rejected(rejection) => Some(Self::Rejected((*rejection).into())),
        }
    }
}
