//! Calling again what failed.

mod attempt;
mod backoff;
mod budget;
mod call;
mod decide;
mod delay;
mod event;
mod jitter;
#[cfg(feature = "registry")]
pub(crate) mod managed;
mod nested;
mod place;
mod rejections;
mod run;

use core::time::Duration;
#[cfg(not(feature = "registry"))]
use std::borrow::Cow;

use crate::control::Common;
use crate::name::Name;

pub use attempt::Attempt;
pub use backoff::{Backoff, Curve};
pub(crate) use budget::Token;
pub use budget::{BudgetCounts, RetryBudget};
pub use call::RetryWhen;
pub use delay::Delay;
pub use event::{GiveUp, GiveUpEvent, RetryEvent};
pub use jitter::Jitter;
pub use nested::Nested;
pub use rejections::Rejections;
pub use run::{Run, retry, retry_within};

/// Calls again what failed: `#[retry]` as a value.
///
/// When attempts or time end, the last outcome is the outcome, as it is.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use steadfast::{Backoff, Retry};
///
/// static RETRY: Retry = Retry::new().attempts(4).backoff(Backoff::exponential(Duration::from_millis(1)));
///
/// async fn read() -> io::Result<String> {
///     # if steadfast::attempt() < 3 { return Err(io::Error::other("not yet")) }
///     Ok("done".to_owned())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// assert_eq!(RETRY.call(|| read()).await?, "done");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "`on_retry` is the name of the setting")]
pub struct Retry {
    /// `u32::MAX` for no limit.
    attempts: u32,
    backoff: Backoff,
    jitter: Jitter,
    max_delay: Option<Duration>,
    max_duration: Option<Duration>,
    rejections: Option<Rejections>,
    budget: Option<&'static RetryBudget>,
    nested: Nested,
    on_retry: Option<fn(&RetryEvent<'_>)>,
    on_give_up: Option<fn(&GiveUpEvent<'_>)>,
    /// Whether there is something to do before the first attempt. One look tells those that have nothing to do.
    prepares: bool,
    common: Common,
    name: Name,
    #[cfg(feature = "registry")]
    control: Option<&'static crate::registry::RetryControl>,
}

impl Default for Retry {
    fn default() -> Self {
        Self::new()
    }
}

impl Retry {
    /// Three attempts, exponential delays from 100 ms with full jitter, none above 10 s.
    pub const fn new() -> Self {
        Self {
            attempts: 3,
            backoff: Backoff::DEFAULT,
            jitter: Jitter::Full,
            max_delay: None,
            max_duration: None,
            rejections: None,
            budget: None,
            nested: Nested::Multiply,
            on_retry: None,
            on_give_up: None,
            prepares: false,
            common: Common::DEFAULT,
            name: Name::UNNAMED,
            #[cfg(feature = "registry")]
            control: None,
        }
    }

    /// How often the function is called in all, the first time included; 3 by default. 0 means 1.
    pub const fn attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    /// No limit to the attempts; give a [`max_duration`](Self::max_duration) beside it.
    pub const fn unlimited(self) -> Self {
        self.attempts(u32::MAX)
    }

    /// How the delays grow; by default exponential from 100 ms with a factor of 2.
    pub const fn backoff(self, backoff: Backoff) -> Self {
        Self { backoff, ..self }
    }

    /// How the delays are spread; fully by default.
    pub const fn jitter(self, jitter: Jitter) -> Self {
        Self { jitter, ..self }
    }

    /// Caps every computed delay; a server's hint beyond it ends the retries. By default 10 s, or the base of the
    /// backoff where that is longer.
    pub const fn max_delay(self, max_delay: Duration) -> Self {
        Self { max_delay: Some(max_delay), ..self }
    }

    /// The whole time allowed, attempts and delays together; no limit by default. It is looked at between attempts and
    /// cuts none: a delay that would end at or after it is not begun.
    pub const fn max_duration(self, max_duration: Duration) -> Self {
        Self { max_duration: Some(max_duration), prepares: true, ..self }
    }

    /// Which rejections are retried. By default all but those of an open circuit, and none under
    /// [`when`](Self::when).
    pub const fn rejections(self, rejections: Rejections) -> Self {
        Self { rejections: Some(rejections), ..self }
    }

    /// Retries no rejection, unless it was said which: the calls are narrowed by a filter that this value does not know.
    #[doc(hidden)]
    pub const fn narrowed(self) -> Self {
        if self.rejections.is_some() { self } else { self.rejections(Rejections::NONE) }
    }

    /// A limit to the retries that this policy shares with others; none by default. Where it is spent, the outcome is that
    /// of the last attempt.
    ///
    /// ```
    /// use steadfast::{Backoff, Retry, RetryBudget};
    ///
    /// static UPSTREAM: RetryBudget = RetryBudget::new().ratio(1.0).min_per_second(0);
    /// static RETRY: Retry = Retry::new().attempts(5).backoff(Backoff::NONE).budget(&UPSTREAM);
    ///
    /// let mut calls = 0;
    /// let outcome: Result<(), String> = RETRY.call_blocking(|| {
    ///     calls += 1;
    ///     Err(format!("attempt {calls} failed"))
    /// });
    /// // One retry for one call.
    /// assert_eq!(outcome, Err("attempt 2 failed".to_owned()));
    /// ```
    pub const fn budget(self, budget: &'static RetryBudget) -> Self {
        Self { budget: Some(budget), prepares: true, ..self }
    }

    /// What this retry does beneath another one; by default each has all its attempts.
    pub const fn nested(self, nested: Nested) -> Self {
        Self { nested, prepares: true, ..self }
    }

    const fn is_timed(&self) -> bool {
        self.max_duration.is_some() || self.on_retry.is_some() || self.on_give_up.is_some()
    }

    /// Called before each delay. A panic in it is caught and dropped.
    pub const fn on_retry(self, hook: fn(&RetryEvent<'_>)) -> Self {
        Self { on_retry: Some(hook), prepares: true, ..self }
    }

    /// Called at an end without success. A panic in it is caught and dropped.
    pub const fn on_give_up(self, hook: fn(&GiveUpEvent<'_>)) -> Self {
        Self { on_give_up: Some(hook), prepares: true, ..self }
    }

    /// The name in events; by default `unnamed`.
    pub const fn name(self, name: &'static str) -> Self {
        Self { name: Name::given(name), ..self }
    }

    /// Whether it retries; true by default. Switched off, the first outcome is the outcome, without a delay, an event or
    /// a hook, and without a use of the budget.
    ///
    /// ```
    /// use steadfast::Retry;
    ///
    /// let calls = std::cell::Cell::new(0);
    /// let paid = Retry::new().enabled(false).call_blocking(|| {
    ///     calls.set(calls.get() + 1);
    ///     Err::<(), _>(std::io::Error::other("connection lost"))
    /// });
    /// assert_eq!((paid.is_err(), calls.get()), (true, 1));
    /// ```
    pub const fn enabled(self, enabled: bool) -> Self {
        Self { common: Common { enabled, ..self.common }, prepares: true, ..self }
    }

    /// Whether the program cannot do without what it guards, for health checks; false by default.
    pub const fn critical(self, critical: bool) -> Self {
        Self { common: Common { critical, ..self.common }, ..self }
    }

    #[doc(hidden)]
    pub const fn inside<F: Fn()>(self, closure: &F) -> Self {
        Self { name: Name::inside(closure), ..self }
    }

    /// Lets `when` decide which errors are retried, in the place of their classification: true is transient, false is
    /// permanent.
    ///
    /// ```
    /// use steadfast::{Backoff, Retry};
    ///
    /// let retry = Retry::new().backoff(Backoff::NONE).when(|error: &u16| *error >= 500);
    /// let mut calls = 0;
    /// let answer: Result<(), u16> = retry.call_blocking(|| {
    ///     calls += 1;
    ///     Err(404)
    /// });
    /// assert_eq!((answer, calls), (Err(404), 1));
    /// ```
    pub const fn when<E, F: Fn(&E) -> bool>(self, when: F) -> RetryWhen<F> {
        RetryWhen::new(self, when)
    }
}

/// Where nothing can be put over the settings.
#[cfg(not(feature = "registry"))]
impl Retry {
    #[inline]
    const fn prepares(&self) -> bool {
        self.prepares
    }

    /// The settings that are in force, with the curve that is.
    #[inline]
    fn in_force<'a>(&'a self, backoff: &'a dyn Curve) -> (Cow<'a, Self>, &'a dyn Curve) {
        (Cow::Borrowed(self), backoff)
    }

    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_success(&self, _was_retried: bool) {}

    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_retry(&self, _delay: Duration) {}

    #[inline]
    #[expect(clippy::unused_self, reason = "there is nowhere to count")]
    const fn count_give_up(&self, _reason: GiveUp, _was_retried: bool) {}
}

#[cfg(test)]
mod tests;
