//! What a retry tells its hooks.

use core::time::Duration;

use crate::Failure;

/// An attempt has failed and another follows, after a delay.
///
/// `R` is what the function returns. A hook that is stored in the policy, which serves functions of any type, is not
/// told the value: there it is `()`.
///
/// ```
/// use steadfast::{Retry, RetryEvent};
///
/// fn log(event: &RetryEvent<'_>) {
///     eprintln!("{}: attempt {} failed, the next in {:?}", event.policy, event.attempt, event.delay);
/// }
/// static RETRY: Retry = Retry::new().on_retry(log);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RetryEvent<'a, R = ()> {
    /// The attempt that failed, from 1.
    pub attempt: u32,
    /// How long it is until the next.
    pub delay: Duration,
    /// The time since the first attempt began.
    pub elapsed: Duration,
    /// What came out of the attempt.
    pub outcome: Failure<&'a R>,
    /// The name of the policy.
    pub policy: &'static str,
}

/// An attempt has failed and no other follows.
///
/// ```
/// use steadfast::{GiveUpEvent, Retry};
///
/// fn log(event: &GiveUpEvent<'_>) {
///     eprintln!("{}: gave up after {} attempts: {:?}", event.policy, event.attempts, event.reason);
/// }
/// static RETRY: Retry = Retry::new().on_give_up(log);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct GiveUpEvent<'a, R = ()> {
    /// How many attempts there were.
    pub attempts: u32,
    /// The time since the first attempt began.
    pub elapsed: Duration,
    /// What came out of the last attempt.
    pub outcome: Failure<&'a R>,
    /// Why no other follows.
    pub reason: GiveUp,
    /// The name of the policy.
    pub policy: &'static str,
}

/// Why a retry gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GiveUp {
    /// There were as many attempts as allowed.
    Attempts,
    /// The delay would have ended at or after `max_duration`.
    MaxDuration,
    /// The delay would have ended at or after the deadline around the retry: of a timeout, or a [`Deadline`](crate::Deadline).
    Deadline,
    /// The server asked for a longer wait than `max_delay`.
    HintTooLong,
    /// There was none left in the [`RetryBudget`](crate::RetryBudget).
    Budget,
    /// Another retry around this one is at work, to which it is left: [`Nested::Once`](crate::Nested::Once).
    Nested,
    /// The outcome is not one to retry: permanent, neutral, or a rejection that is not asked for.
    NotRetryable,
}

impl GiveUp {
    /// As events and metrics name it: `max_duration`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::MaxDuration => "max_duration",
            Self::Deadline => "deadline",
            Self::HintTooLong => "hint_too_long",
            Self::Budget => "budget",
            Self::Nested => "nested",
            Self::NotRetryable => "not_retryable",
        }
    }
}
