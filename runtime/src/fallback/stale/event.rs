//! What a stale fallback tells its hook.

use core::time::Duration;

use crate::Failure;

/// The last success is being answered with, in place of a failure.
///
/// `R` is what the function returns. A hook that is stored in the policy, which serves functions of any type, is not
/// told the value: there it is `()`.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{StaleEvent, StaleFallback};
///
/// fn log(event: &StaleEvent<'_>) {
///     eprintln!("{}: an answer from {:?} ago", event.policy, event.age);
/// }
/// static PRICES: StaleFallback = StaleFallback::new(Duration::from_secs(600)).name("prices").on_stale(log);
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StaleEvent<'a, R = ()> {
    /// How long ago the success was.
    pub age: Duration,
    /// The failure that it answers for.
    pub failure: Failure<&'a R>,
    /// The name of the policy.
    pub policy: &'static str,
}

/// Tells `on_stale = F` of the function.
#[inline]
pub fn told<R>(event: &StaleEvent<'_, R>, on_stale: impl FnOnce(&StaleEvent<'_, R>)) {
    on_stale(event);
}
