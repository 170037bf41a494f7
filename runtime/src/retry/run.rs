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
use crate::{Class, Flow, Rejection, RejectionKind, clock, scope, time};

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
    let prepares = policy.prepares() || G::PREPARES;
    let place = if prepares { prepared(policy, budget.of(policy)) } else { Place::FIRST };
    Run { state: State { policy, place }, backoff: OfPolicy, budget }
}

/// What must be done before the first attempt.
#[inline(never)]
fn prepared(policy: &Retry, budget: Option<&RetryBudget>) -> Place {
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
    place: Place,
}

/// How far it is. Two words, which a function can give back in registers: what is given back in memory, a call that
/// succeeds at once would write and read as well.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// When the first attempt began, in nanoseconds; 0 where that does not matter.
    start: u64,
    /// The attempt that runs, from 1, or that of the retry around, where it is left to that; and the flags.
    attempt: u64,
}

/// The retries are left to a retry around.
const PASSES: u64 = 1 << 32;
/// The policy was switched off when the attempt began.
const OFF: u64 = 1 << 33;

impl Place {
    const FIRST: Self = Self { start: 0, attempt: 1 };

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the flags are cut off")]
    const fn attempt(self) -> u32 {
        self.attempt as u32
    }

    #[inline]
    const fn passes(self) -> bool {
        self.attempt & PASSES != 0
    }

    #[inline]
    const fn is_off(self) -> bool {
        self.attempt & OFF != 0
    }

    fn go_on(&mut self) {
        self.attempt = (self.attempt & !u64::from(u32::MAX)) | u64::from(self.attempt().saturating_add(1));
    }

    /// Whether an attempt has failed before this one.
    const fn was_retried(self) -> bool {
        self.attempt() > 1 && !self.passes() && !self.is_off()
    }

    fn start(&mut self) {
        if self.start == 0 {
            self.start = time::nanos().max(1);
        }
    }
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
    #[inline]
    fn succeeded(&self) {
        if cfg!(feature = "metrics") {
            self.policy.count_success(self.place.was_retried());
        }
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

    fn delay(
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
