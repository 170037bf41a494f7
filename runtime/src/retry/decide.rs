//! What follows an attempt that failed: another one, after a delay, or the end.

use core::time::Duration;

use tokio::time::Instant;

use super::backoff::OfPolicy;
use super::place::{OFF, PASSES, Place};
use super::{Curve, Delay, GiveUp, GiveUpEvent, Nested, Rejections, Retry, RetryBudget, RetryEvent, Token};
use crate::event::{Cause, Decision, PolicyKind, announce};
use crate::hook::tell;
#[cfg(feature = "testing")]
use crate::testing::relaxed;
use crate::{Flow, RejectionKind, clock, scope, time};

pub(super) const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct State<'p> {
    pub(super) policy: &'p Retry,
    pub(super) place: Place,
}

/// What must be done before the first attempt.
#[inline(never)]
pub(super) fn prepared(policy: &Retry, budget: Option<&RetryBudget>) -> Place {
    let mut place = Place::FIRST;
    let (policy, _) = policy.in_force(&OfPolicy);
    if !policy.common.enabled {
        place.attempt = u64::from(scope::same_attempt()) | OFF;
        return place;
    }
    if policy.is_timed() {
        place.start();
    }
    if policy.nested == Nested::Once && scope::is_in_retry() {
        place.attempt = u64::from(scope::attempt()) | PASSES;
    } else if let Some(budget) = budget {
        budget.count();
    }
    place
}

/// What has been decided, and what the hooks of the function may be told of it.
pub(super) struct Judged<'p> {
    pub(super) verdict: Result<Again<'p>, GiveUp>,
    pub(super) event: Event<'p>,
}

/// Another attempt.
pub(super) struct Again<'p> {
    pub(super) after: Duration,
    /// Its part of the budget, if there is one.
    token: Option<Token<'p>>,
}

impl<'p> Again<'p> {
    pub(super) fn delay(self) -> Delay<'p> {
        Delay::new(self.after, self.token)
    }
}

/// What all hooks are told.
pub(super) struct Event<'p> {
    policy: &'p Retry,
    attempt: u32,
    elapsed: Duration,
}

impl<'p> State<'p> {
    #[inline]
    pub(super) fn succeeded(&self) {
        if cfg!(feature = "metrics") {
            self.policy.count_success(self.place.was_retried());
        }
    }

    /// Everything that follows a failure, outlined: it takes no room in the future of a call that succeeds at once.
    #[cold]
    #[inline(never)]
    pub(super) fn judge(
        &mut self,
        failure: Cause,
        backoff: &dyn Curve,
        budget: Option<&'p RetryBudget>,
    ) -> Option<Judged<'p>> {
        let (policy, backoff) = self.policy.in_force(backoff);
        if !policy.common.enabled {
            return None;
        }
        // What was not in force before counts from now on.
        if self.place.is_off() {
            self.place = prepared(self.policy, budget);
        } else if policy.is_timed() {
            self.place.start();
        }
        let now = (self.place.start != 0).then(clock::now);
        let elapsed = Duration::from_nanos(now.map_or(0, |now| time::of(now).saturating_sub(self.place.start)));
        let delay = self.delay(&policy, failure, backoff, now, elapsed);
        // Last of all, so that nothing is taken for a retry that does not follow.
        let verdict = delay.and_then(|after| match budget.map(RetryBudget::take) {
            Some(None) => Err(GiveUp::Budget),
            token => Ok(Again { after, token: token.flatten() }),
        });
        let attempt = if self.place.passes() { 1 } else { self.place.attempt() };
        let event = Event { policy: self.policy, attempt, elapsed };
        let told = match failure {
            Cause::Returned(_) => Flow::Returned(&()),
            Cause::Rejected(rejection) => Flow::Rejected(rejection),
        };
        let name = self.policy.name;
        match verdict {
            Ok(Again { after: delay, .. }) => {
                self.place.go_on();
                self.policy.count_retry(delay);
                if let Some(hook) = self.policy.on_retry {
                    tell(hook, &event.retry(delay, told));
                }
                announce(name, PolicyKind::Retry, || Decision::Retrying { attempt, delay, failure });
            }
            Err(reason) => {
                self.policy.count_give_up(reason, self.place.was_retried());
                if let Some(hook) = self.policy.on_give_up {
                    tell(hook, &event.give_up(reason, told));
                }
                announce(name, PolicyKind::Retry, || Decision::GaveUp { attempts: attempt, reason, failure });
            }
        }
        Some(Judged { verdict, event })
    }

    pub(super) fn delay(
        &self,
        policy: &Retry,
        failure: Cause,
        backoff: &dyn Curve,
        now: Option<Instant>,
        elapsed: Duration,
    ) -> Result<Duration, GiveUp> {
        let hint = failure.hint(policy.rejections.unwrap_or_default()).ok_or(GiveUp::NotRetryable)?;
        if self.place.passes() {
            return Err(GiveUp::Nested);
        }
        #[cfg(feature = "testing")]
        let attempts = relaxed::capped(policy.attempts);
        #[cfg(not(feature = "testing"))]
        let attempts = policy.attempts;
        if attempts != u32::MAX && self.place.attempt() >= attempts {
            return Err(GiveUp::Attempts);
        }
        let max_delay = policy.max_delay.unwrap_or_else(|| backoff.base(&policy.backoff).max(DEFAULT_MAX_DELAY));
        if hint > max_delay {
            return Err(GiveUp::HintTooLong);
        }
        let computed = backoff.delay(&policy.backoff, self.place.attempt()).min(max_delay);
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
    pub(super) fn retry<'a, R>(&self, delay: Duration, outcome: Flow<&'a R>) -> RetryEvent<'a, R> {
        RetryEvent { attempt: self.attempt, delay, elapsed: self.elapsed, outcome, policy: self.policy.name.as_str() }
    }

    pub(super) fn give_up<'a, R>(&self, reason: GiveUp, outcome: Flow<&'a R>) -> GiveUpEvent<'a, R> {
        GiveUpEvent {
            attempts: self.attempt,
            elapsed: self.elapsed,
            outcome,
            reason,
            policy: self.policy.name.as_str(),
        }
    }
}

impl Cause {
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
