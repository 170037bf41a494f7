//! What can be seen of a breaker: its state, its counts, its changes.

use core::time::Duration;

/// The state of a circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Calls pass.
    Closed = 0,
    /// Calls are rejected. It stays so when its time is over, until the next call asks.
    Open = 1,
    /// A few calls pass as probes.
    HalfOpen = 2,
    /// Calls are rejected until somebody says otherwise.
    ForcedOpen = 3,
    /// Calls pass, and their outcomes are not looked at, until somebody says otherwise.
    ForcedClosed = 4,
}

impl State {
    /// As events and metrics name it: `half_open`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::ForcedClosed => "forced_closed",
        }
    }
}

/// What a circuit breaker has counted, read at one moment.
///
/// ```
/// use steadfast::CircuitBreaker;
///
/// let breaker = CircuitBreaker::new();
/// breaker.try_acquire().unwrap().failure();
/// assert_eq!(breaker.counts().consecutive_failures, 1);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Outcomes in the window; 0 where the breaker judges consecutive failures alone and keeps none.
    pub calls: u64,
    /// How many of them were failures.
    pub failures: u64,
    /// How many of them were slow.
    pub slow: u64,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Probes that hold a place, while half-open.
    pub probes: u32,
    /// Probes that have succeeded, while half-open.
    pub probe_successes: u32,
    /// How often the circuit has opened by itself.
    pub opened: u64,
    /// How many calls have been rejected.
    pub rejected: u64,
}

impl Counts {
    /// Outcomes in the window that were no failures.
    pub const fn successes(&self) -> u64 {
        self.calls.saturating_sub(self.failures)
    }
}

/// Why a circuit breaker changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// So many calls in a row failed.
    ConsecutiveFailures,
    /// The share of failures in the window is too high.
    FailureRate,
    /// The share of slow calls in the window is too high.
    SlowCallRate,
    /// It has been open for this long, and a call may try again.
    ResetTimeout(Duration),
    /// A probe failed or was slow.
    ProbeFailed,
    /// Enough probes succeeded.
    ProbesSucceeded,
    /// `force_open`, `force_closed` or `reset` was called, or it was switched off or on.
    Manual,
}

impl Reason {
    /// As events and metrics name it: `failure_rate`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::FailureRate => "failure_rate",
            Self::SlowCallRate => "slow_call_rate",
            Self::ResetTimeout(_) => "reset_timeout",
            Self::ProbeFailed => "probe_failed",
            Self::ProbesSucceeded => "probes_succeeded",
            Self::Manual => "manual",
        }
    }
}

/// A change of state, told to `on_state_change`.
///
/// Listeners run after the change and outside of any lock, so that two changes close upon each other may be told by two
/// threads at once.
///
/// ```
/// use steadfast::{CircuitBreaker, StateChange};
///
/// fn log(change: &StateChange) {
///     eprintln!("{}: {:?} -> {:?} ({:?})", change.name, change.from, change.to, change.reason);
/// }
/// static PAYMENTS: CircuitBreaker = CircuitBreaker::new().name("payments").on_state_change(log);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StateChange {
    /// The breaker's name.
    pub name: &'static str,
    /// The state it left.
    pub from: State,
    /// The state it is in now.
    pub to: State,
    /// Why.
    pub reason: Reason,
    /// What it had counted until then.
    pub counts: Counts,
}
