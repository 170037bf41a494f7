//! What policies decide, for whoever watches.

pub(crate) mod observe;

use core::fmt;
use core::time::Duration;

use crate::name::Name;
use crate::{Class, Counts, GiveUp, Reason, Rejection, State};

/// A decision of a policy, told to all who [`observe`](crate::observe).
///
/// A call that succeeds at once makes none. What an event says is copied, so that it can be kept; the values and errors
/// of functions are not in it.
///
/// ```
/// use steadfast::{Backoff, Decision, Event, Retry};
///
/// let _observer = steadfast::observe(|event: &Event| match event.decision {
///     Decision::Retrying { attempt, delay, .. } => println!("{}: attempt {attempt} failed, next in {delay:?}", event.policy),
///     _ => println!("{event}"),
/// });
/// let retry = Retry::new().name("payments").attempts(2).backoff(Backoff::NONE);
/// let paid = retry.call_blocking(|| Err::<(), _>(std::io::Error::other("connection lost")));
/// // payments: attempt 1 failed, next in 0ns
/// // retry `payments` gave up after 2 attempts: attempts
/// # assert!(paid.is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The name of the policy: the one given, or the path of the function that the attribute stands on.
    pub policy: &'static str,
    /// What kind of policy it is.
    pub kind: PolicyKind,
    /// What it has decided.
    pub decision: Decision,
}

/// The kinds of policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PolicyKind {
    /// A [`Retry`](crate::Retry).
    Retry,
    /// A [`RetryBudget`](crate::RetryBudget).
    RetryBudget,
    /// A [`CircuitBreaker`](crate::CircuitBreaker).
    CircuitBreaker,
    /// A [`Bulkhead`](crate::Bulkhead).
    Bulkhead,
    /// A [`RateLimit`](crate::RateLimit).
    RateLimit,
    /// A [`Timeout`](crate::Timeout) or [`PercentileTimeout`](crate::PercentileTimeout).
    Timeout,
    /// A [`Hedge`](crate::Hedge).
    Hedge,
    /// A `#[fallback]`, or a [`StaleFallback`](crate::StaleFallback).
    Fallback,
}

impl PolicyKind {
    /// As the attribute is called: `circuit_breaker`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::RetryBudget => "retry_budget",
            Self::CircuitBreaker => "circuit_breaker",
            Self::Bulkhead => "bulkhead",
            Self::RateLimit => "rate_limit",
            Self::Timeout => "timeout",
            Self::Hedge => "hedge",
            Self::Fallback => "fallback",
        }
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a policy has decided.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Decision {
    /// A retry: an attempt failed, and another follows.
    #[non_exhaustive]
    Retrying {
        /// The attempt that failed, from 1.
        attempt: u32,
        /// How long it is until the next.
        delay: Duration,
        /// Why it failed.
        failure: Cause,
    },
    /// A retry: an attempt failed, and no other follows.
    #[non_exhaustive]
    GaveUp {
        /// How many attempts there were.
        attempts: u32,
        /// Why no other follows.
        reason: GiveUp,
        /// Why the last one failed.
        failure: Cause,
    },
    /// A circuit breaker, bulkhead or rate limit: a call was not made.
    Rejected(Rejection),
    /// A circuit breaker, bulkhead or rate limit in shadow: a call was let pass that it would have rejected.
    WouldReject(Rejection),
    /// A timeout: a call was dropped before its end.
    #[non_exhaustive]
    TimedOut {
        /// How long it was allowed to take. Where a given [`Deadline`](crate::Deadline) came first it had less.
        limit: Duration,
    },
    /// A circuit breaker: its state is another one.
    #[non_exhaustive]
    StateChanged {
        /// The state it left.
        from: State,
        /// The state it is in now.
        to: State,
        /// Why.
        reason: Reason,
        /// What it had counted until then.
        counts: Counts,
    },
    /// A hedge: another call starts beside those under way.
    #[non_exhaustive]
    Hedged {
        /// Which one it is; 2 is the first that is added.
        call: u32,
    },
    /// A hedge: a call that was added has won.
    #[non_exhaustive]
    HedgeWon {
        /// How many calls had been started by then.
        calls: u32,
    },
    /// A fallback: its answer takes the place of a failure.
    #[non_exhaustive]
    FellBack {
        /// The rejection that it answers for; `None` for a value of the function.
        rejection: Option<Rejection>,
        /// How old the answer is, where it is the last success.
        age: Option<Duration>,
    },
    /// A retry budget: a retry, or another call of a hedge, was refused.
    BudgetExhausted,
}

impl Decision {
    /// What kind of decision it is, in one word: `gave_up`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Retrying { .. } => "retrying",
            Self::GaveUp { .. } => "gave_up",
            Self::Rejected(_) => "rejected",
            Self::WouldReject(_) => "would_reject",
            Self::TimedOut { .. } => "timed_out",
            Self::StateChanged { .. } => "state_changed",
            Self::Hedged { .. } => "hedged",
            Self::HedgeWon { .. } => "hedge_won",
            Self::FellBack { .. } => "fell_back",
            Self::BudgetExhausted => "budget_exhausted",
        }
    }
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The function returned a value of this class.
    Returned(Class),
    /// A policy beneath answered.
    Rejected(Rejection),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Decision::Rejected(rejection) = self.decision {
            return rejection.fmt(f);
        }
        write!(f, "{} `{}` ", self.kind, self.policy)?;
        match self.decision {
            Decision::Retrying { attempt, delay, .. } => {
                write!(f, "follows attempt {attempt} with another in {delay:.3?}")
            }
            Decision::GaveUp { attempts: 1, reason, .. } => write!(f, "gave up after 1 attempt: {}", reason.as_str()),
            Decision::GaveUp { attempts, reason, .. } => {
                write!(f, "gave up after {attempts} attempts: {}", reason.as_str())
            }
            Decision::Rejected(rejection) => rejection.fmt(f),
            Decision::WouldReject(rejection) => write!(f, "would have rejected a call: {rejection}"),
            Decision::TimedOut { limit } => write!(f, "ended a call after {limit:.3?}"),
            Decision::StateChanged { from, to, reason, .. } => {
                write!(f, "went from {} to {}: {}", from.as_str(), to.as_str(), reason.as_str())
            }
            Decision::Hedged { call } => write!(f, "started call {call}"),
            Decision::HedgeWon { calls } => write!(f, "won by an added call, of {calls}"),
            Decision::FellBack { age: Some(age), .. } => write!(f, "answered with a success {age:.3?} old"),
            Decision::FellBack { .. } => f.write_str("answered"),
            Decision::BudgetExhausted => f.write_str("is exhausted"),
        }
    }
}

/// Tells a decision to all who watch. Never under a lock of a policy: they may call back.
#[inline]
pub(crate) fn announce(name: Name, kind: PolicyKind, decision: impl FnOnce() -> Decision) {
    if observe::is_observed() {
        observe::tell(&Event { policy: name.as_str(), kind, decision: decision() });
    }
}

/// Tells a rejection, and gives it back.
#[inline]
pub(crate) fn announce_rejection(name: Name, kind: PolicyKind, rejection: Rejection) -> Rejection {
    announce(name, kind, || Decision::Rejected(rejection));
    rejection
}
