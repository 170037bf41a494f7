//! Retries as a test wants them: without delays, or with fewer attempts.

use core::time::Duration;
use std::sync::Arc;

use super::scope::Scope;

/// What a test says of retries.
#[derive(Debug)]
pub(super) struct Relax {
    delays: bool,
    attempts: u32,
}

/// Retries wait no time, until the guard is dropped: for tests without a paused clock, and of what is not about time.
///
/// What decides whether another attempt follows at all is as ever: a server's hint beyond `max_delay` ends the retries.
/// It concerns the current [`Scope`].
///
/// ```
/// use steadfast::{Retry, testing};
///
/// let _no_delays = testing::no_delays();
/// let retry = Retry::new().attempts(4);
/// let mut calls = 0;
/// let outcome: Result<(), String> = retry.call_blocking(|| { calls += 1; Err("down".to_owned()) });
/// assert!(outcome.is_err());      // at once, after 4 calls
/// assert_eq!(calls, 4);
/// ```
pub fn no_delays() -> Relaxed {
    Relaxed::begin(Relax { delays: false, attempts: u32::MAX })
}

/// Retries make at most so many attempts, until the guard is dropped; 0 is as 1.
///
/// It concerns the current [`Scope`].
///
/// ```
/// use steadfast::{Retry, testing};
///
/// let _once = testing::attempts(1);
/// let mut calls = 0;
/// let outcome: Result<(), String> = Retry::new().call_blocking(|| { calls += 1; Err("down".to_owned()) });
/// assert!(outcome.is_err());
/// assert_eq!(calls, 1);
/// ```
pub fn attempts(attempts: u32) -> Relaxed {
    Relaxed::begin(Relax { delays: true, attempts })
}

/// Retries are as a test wants them, until this is dropped; in any order.
#[derive(Debug)]
#[must_use = "retries are as ever when this is dropped"]
pub struct Relaxed {
    scope: Scope,
    relax: Arc<Relax>,
}

impl Relaxed {
    fn begin(relax: Relax) -> Self {
        let (scope, relax) = (Scope::current(), Arc::new(relax));
        scope.relaxed().hold(Arc::clone(&relax));
        Self { scope, relax }
    }
}

impl Drop for Relaxed {
    fn drop(&mut self) {
        self.scope.relaxed().release(&self.relax);
    }
}

/// How many attempts a retry of `attempts` makes here.
pub(crate) fn capped(attempts: u32) -> u32 {
    all().fold(attempts, |fewest, relax| fewest.min(relax.attempts))
}

/// How long a retry waits here instead of `delay`.
pub(crate) fn delay(delay: Duration) -> Duration {
    if all().all(|relax| relax.delays) { delay } else { Duration::ZERO }
}

fn all() -> impl Iterator<Item = Arc<Relax>> {
    Scope::around().map(|scope| scope.relaxed().newest_first()).unwrap_or_default().into_iter()
}
