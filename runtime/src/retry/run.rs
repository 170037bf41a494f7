//! The decision after each attempt. The loop itself stands in the expansion: no closure could lend the body what it
//! borrows mutably, attempt after attempt.

use core::time::Duration;

use tokio::time::Instant;

use super::backoff::OfPolicy;
use super::{Attempt, Curve, Delay, GiveUp, GiveUpEvent, Nested, Rejections, Retry, RetryBudget, RetryEvent, Token};
use crate::event::{Cause, Decision, PolicyKind, announce};
use crate::hook::tell;
#[cfg(feature = "testing")]
use crate::testing::relaxed;
use crate::trace::Span;
use crate::{Class, Flow, Rejection, RejectionKind, clock, scope};

pub(super) const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(10);

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
    let mut state = State { policy, start: None, attempt: 1, passes: false, is_off: false };
    if policy.prepares() || G::PREPARES {
        state.prepare(budget.of(policy));
    }
    Run { state, backoff: OfPolicy, budget }
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
        self.state.start.get_or_insert_with(clock::now);
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
        Attempt::new(self.state.policy.name, self.state.attempt, call)
    }

    /// Makes a call that knows which attempt it is.
    #[inline]
    pub fn run<T>(&self, call: impl FnOnce() -> T) -> T {
        let _attempt = scope::in_attempt(self.state.attempt);
        let span = Span::attempt(self.state.policy.name, self.state.attempt);
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

    /// How long to wait at least, where somebody says so; `None` where it is not to be retried.
    fn hint(self, rejections: Rejections) -> Option<Duration> {
        match self {
            Self::Returned(class) => class.is_retryable().then(|| class.retry_after().unwrap_or_default()),
            Self::Rejected(rejection) => rejections.contains(rejection.kind()).then(|| match rejection.kind() {
                RejectionKind::RateLimited | RejectionKind::CircuitOpen => rejection.retry_after().unwrap_or_default(),
                RejectionKind::Timeout | RejectionKind::BulkheadFull => Duration::ZERO,
            }),
        }
    }
}

#[derive(Debug)]
struct State<'p> {
    policy: &'p Retry,
    /// When the first attempt began, where that matters.
    start: Option<Instant>,
    /// The attempt that runs, from 1; that of the retry around, where it is left to that.
    attempt: u32,
    /// Whether the retries are left to a retry around.
    passes: bool,
    /// Whether the policy was switched off when the attempt began.
    is_off: bool,
}

/// What has been decided, and what the hooks of the function may be told of it.
struct Judged<'p> {
    verdict: Result<Again<'p>, GiveUp>,
    event: Event<'p>,
}

/// Another attempt.
struct Again<'p> {
    after: Duration,
    /// Its part of the budget, if there is one.
    token: Option<Token<'p>>,
}

impl<'p> Again<'p> {
    fn delay(self) -> Delay<'p> {
        Delay::new(self.after, self.token)
    }
}

/// What all hooks are told.
struct Event<'p> {
    policy: &'p Retry,
    attempt: u32,
    elapsed: Duration,
}

impl<'p> State<'p> {
    /// What must be done before the first attempt.
    #[inline(never)]
    fn prepare(&mut self, budget: Option<&'p RetryBudget>) {
        let (policy, _) = self.policy.in_force(&OfPolicy);
        if !policy.common.enabled {
            self.is_off = true;
            self.attempt = scope::same_attempt();
            return;
        }
        if policy.is_timed() {
            self.start = Some(clock::now());
        }
        if policy.nested == Nested::Once && scope::is_in_retry() {
            self.passes = true;
            self.attempt = scope::attempt();
        } else if let Some(budget) = budget {
            budget.count();
        }
    }

    /// Whether an attempt has failed before this one.
    #[inline]
    fn was_retried(&self) -> bool {
        self.attempt > 1 && !self.passes && !self.is_off
    }

    #[inline]
    fn succeeded(&self) {
        self.policy.count_success(self.was_retried());
    }

    /// Everything that follows a failure, outlined: it takes no room in the future of a call that succeeds at once.
    #[cold]
    #[inline(never)]
    fn judge(&mut self, failure: Cause, backoff: &dyn Curve, budget: Option<&'p RetryBudget>) -> Option<Judged<'p>> {
        let (policy, backoff) = self.policy.in_force(backoff);
        if !policy.common.enabled {
            return None;
        }
        // What was not in force before counts from now on.
        if self.is_off {
            (self.is_off, self.attempt) = (false, 1);
            self.prepare(budget);
        } else if self.start.is_none() && policy.is_timed() {
            self.start = Some(clock::now());
        }
        let now = self.start.map(|_| clock::now());
        let elapsed = now.zip(self.start).map_or(Duration::ZERO, |(now, start)| now.saturating_duration_since(start));
        let delay = self.delay(&policy, failure, backoff, now, elapsed);
        // Last of all, so that nothing is taken for a retry that does not follow.
        let verdict = delay.and_then(|after| match budget.map(RetryBudget::take) {
            Some(None) => Err(GiveUp::Budget),
            token => Ok(Again { after, token: token.flatten() }),
        });
        let attempt = if self.passes { 1 } else { self.attempt };
        let event = Event { policy: self.policy, attempt, elapsed };
        let told = match failure {
            Cause::Returned(_) => Flow::Returned(&()),
            Cause::Rejected(rejection) => Flow::Rejected(rejection),
        };
        let name = self.policy.name;
        match verdict {
            Ok(Again { after: delay, .. }) => {
                self.attempt = self.attempt.saturating_add(1);
                self.policy.count_retry(delay);
                if let Some(hook) = self.policy.on_retry {
                    tell(hook, &event.retry(delay, told));
                }
                announce(name, PolicyKind::Retry, || Decision::Retrying { attempt, delay, failure });
            }
            Err(reason) => {
                self.policy.count_give_up(reason, self.was_retried());
                if let Some(hook) = self.policy.on_give_up {
                    tell(hook, &event.give_up(reason, told));
                }
                announce(name, PolicyKind::Retry, || Decision::GaveUp { attempts: attempt, reason, failure });
            }
        }
        Some(Judged { verdict, event })
    }

    fn delay(
        &self,
        policy: &Retry,
        failure: Cause,
        backoff: &dyn Curve,
        now: Option<Instant>,
        elapsed: Duration,
    ) -> Result<Duration, GiveUp> {
        let hint = failure.hint(policy.rejections.unwrap_or_default()).ok_or(GiveUp::NotRetryable)?;
        if self.passes {
            return Err(GiveUp::Nested);
        }
        #[cfg(feature = "testing")]
        let attempts = relaxed::capped(policy.attempts);
        #[cfg(not(feature = "testing"))]
        let attempts = policy.attempts;
        if attempts != u32::MAX && self.attempt >= attempts {
            return Err(GiveUp::Attempts);
        }
        let max_delay = policy.max_delay.unwrap_or_else(|| backoff.base(&policy.backoff).max(DEFAULT_MAX_DELAY));
        if hint > max_delay {
            return Err(GiveUp::HintTooLong);
        }
        let computed = backoff.delay(&policy.backoff, self.attempt).min(max_delay);
        let delay = hint.saturating_add(policy.jitter.spread(computed));
        #[cfg(feature = "testing")]
        let delay = relaxed::delay(delay);
        if policy.max_duration.is_some_and(|limit| elapsed.saturating_add(delay) >= limit) {
            return Err(GiveUp::MaxDuration);
        }
        if let Some(deadline) = scope::deadline() {
            let end = clock::after(now.unwrap_or_else(clock::now), delay);
            if end.is_none_or(|end| end >= deadline) {
                return Err(GiveUp::Deadline);
            }
        }
        Ok(delay)
    }
}

impl Event<'_> {
    fn retry<'a, R>(&self, delay: Duration, outcome: Flow<&'a R>) -> RetryEvent<'a, R> {
        RetryEvent { attempt: self.attempt, delay, elapsed: self.elapsed, outcome, policy: self.policy.name.as_str() }
    }

    fn give_up<'a, R>(&self, reason: GiveUp, outcome: Flow<&'a R>) -> GiveUpEvent<'a, R> {
        GiveUpEvent {
            attempts: self.attempt,
            elapsed: self.elapsed,
            outcome,
            reason,
            policy: self.policy.name.as_str(),
        }
    }
}
