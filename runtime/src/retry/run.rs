//! The decision after each attempt. The loop itself stands in the expansion: no closure could lend the body what it
//! borrows mutably, attempt after attempt.

use core::time::Duration;

use tokio::time::Instant;

use super::backoff::OfPolicy;
use super::event::tell;
use super::{Attempt, Curve, Delay, GiveUp, GiveUpEvent, Rejections, Retry, RetryEvent};
use crate::{Class, Flow, Rejection, RejectionKind, clock, scope};

const DEFAULT_MAX_DELAY: Duration = Duration::from_secs(10);

/// Begins the attempts of one call.
#[inline]
pub fn retry(policy: &Retry) -> Run<'_> {
    let run = Run { state: State { policy, start: None, attempt: 1 }, backoff: OfPolicy };
    if policy.timed { run.observed() } else { run }
}

/// The attempts of one call.
#[derive(Debug)]
pub struct Run<'p, B = OfPolicy> {
    state: State<'p>,
    backoff: B,
}

/// What follows an attempt.
#[derive(Debug)]
pub enum Next<R, X = Rejection> {
    /// This is the outcome of the call.
    Done(Flow<R, X>),
    /// Another attempt, after the delay.
    Again(Delay),
}

impl<'p, B: Curve> Run<'p, B> {
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
    pub fn backoff<C: Curve>(self, backoff: C) -> Run<'p, impl Curve> {
        Run { state: self.state, backoff }
    }

    /// As [`backoff`](Self::backoff), for a closure that does not say what it takes.
    #[inline]
    pub fn backoff_fn<F: Fn(u32) -> Duration>(self, backoff: F) -> Run<'p, impl Curve> {
        self.backoff(backoff)
    }

    /// Lets a call know which attempt it is.
    #[inline]
    pub const fn attempt<F: Future>(&self, call: F) -> Attempt<F> {
        Attempt::new(self.state.attempt, call)
    }

    /// Makes a call that knows which attempt it is.
    #[inline]
    pub fn run<T>(&self, call: impl FnOnce() -> T) -> T {
        scope::in_attempt(self.state.attempt, call)
    }

    /// Whether that was the last attempt. `class` is `None` for a success.
    #[inline]
    pub fn next<R, X>(&mut self, outcome: Flow<R, X>, class: impl Fn(&R) -> Option<Class>) -> Next<R, X>
    where
        X: Copy + Into<Rejection>,
    {
        let Some(failed) = Failed::from(&outcome, class) else { return Next::Done(outcome) };
        match self.state.judge(failed, &self.backoff).verdict {
            Ok(delay) => Next::Again(Delay::new(delay)),
            Err(_) => Next::Done(outcome),
        }
    }

    /// As [`next`](Self::next), with the hooks of the function.
    #[inline]
    pub fn next_observed<R, X>(
        &mut self,
        outcome: Flow<R, X>,
        class: impl Fn(&R) -> Option<Class>,
        on_retry: impl FnOnce(&RetryEvent<'_, R>),
        on_give_up: impl FnOnce(&GiveUpEvent<'_, R>),
    ) -> Next<R, X>
    where
        X: Copy + Into<Rejection>,
    {
        let Some(failed) = Failed::from(&outcome, class) else { return Next::Done(outcome) };
        let judged = self.state.judge(failed, &self.backoff);
        let told = match &outcome {
            Flow::Returned(value) => Flow::Returned(value),
            Flow::Rejected(rejection) => Flow::Rejected((*rejection).into()),
        };
        match judged.verdict {
            Ok(delay) => {
                tell(on_retry, &judged.retry_event(delay, told));
                Next::Again(Delay::new(delay))
            }
            Err(reason) => {
                tell(on_give_up, &judged.give_up_event(reason, told));
                Next::Done(outcome)
            }
        }
    }
}

/// Why an attempt is not a success.
#[derive(Debug, Clone, Copy)]
enum Failed {
    Returned(Class),
    Rejected(Rejection),
}

impl Failed {
    #[inline]
    fn from<R, X>(outcome: &Flow<R, X>, class: impl Fn(&R) -> Option<Class>) -> Option<Self>
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
    /// The attempt that runs, from 1.
    attempt: u32,
}

/// What has been decided, and what the hooks of the function may be told of it.
struct Judged<'p> {
    policy: &'p Retry,
    verdict: Result<Duration, GiveUp>,
    attempt: u32,
    elapsed: Duration,
}

impl<'p> State<'p> {
    /// Everything that follows a failure, outlined: it takes no room in the future of a call that succeeds at once.
    #[cold]
    #[inline(never)]
    fn judge(&mut self, failed: Failed, backoff: &dyn Curve) -> Judged<'p> {
        let now = self.start.map(|_| clock::now());
        let elapsed = now.zip(self.start).map_or(Duration::ZERO, |(now, start)| now.saturating_duration_since(start));
        let verdict = self.verdict(failed, backoff, now, elapsed);
        let judged = Judged { policy: self.policy, verdict, attempt: self.attempt, elapsed };
        let told = match failed {
            Failed::Returned(_) => Flow::Returned(&()),
            Failed::Rejected(rejection) => Flow::Rejected(rejection),
        };
        match verdict {
            Ok(delay) => {
                self.attempt = self.attempt.saturating_add(1);
                if let Some(hook) = self.policy.on_retry {
                    tell(hook, &judged.retry_event(delay, told));
                }
            }
            Err(reason) => {
                if let Some(hook) = self.policy.on_give_up {
                    tell(hook, &judged.give_up_event(reason, told));
                }
            }
        }
        judged
    }

    fn verdict(
        &self,
        failed: Failed,
        backoff: &dyn Curve,
        now: Option<Instant>,
        elapsed: Duration,
    ) -> Result<Duration, GiveUp> {
        let policy = self.policy;
        let hint = failed.hint(policy.rejections.unwrap_or_default()).ok_or(GiveUp::NotRetryable)?;
        if policy.attempts != u32::MAX && self.attempt >= policy.attempts {
            return Err(GiveUp::Attempts);
        }
        let max_delay = policy.max_delay.unwrap_or_else(|| backoff.base(&policy.backoff).max(DEFAULT_MAX_DELAY));
        if hint > max_delay {
            return Err(GiveUp::HintTooLong);
        }
        let computed = backoff.delay(&policy.backoff, self.attempt).min(max_delay);
        let delay = hint.saturating_add(policy.jitter.spread(computed));
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

impl Judged<'_> {
    fn retry_event<'a, R>(&self, delay: Duration, outcome: Flow<&'a R>) -> RetryEvent<'a, R> {
        RetryEvent { attempt: self.attempt, delay, elapsed: self.elapsed, outcome, policy: self.policy.name.as_str() }
    }

    fn give_up_event<'a, R>(&self, reason: GiveUp, outcome: Flow<&'a R>) -> GiveUpEvent<'a, R> {
        GiveUpEvent {
            attempts: self.attempt,
            elapsed: self.elapsed,
            outcome,
            reason,
            policy: self.policy.name.as_str(),
        }
    }
}
