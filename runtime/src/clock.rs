//! The one clock: tokio's, so that `tokio::time::pause` and `advance` drive every policy.

use core::time::Duration;

use tokio::time::Instant;

/// Now, as a model says.
#[cfg(steadfast_loom)]
pub(crate) use crate::models::clock::now;

/// Now, by tokio's clock where there is one, by the monotonic clock of the system elsewhere.
#[cfg(not(steadfast_loom))]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// `instant + duration`; `None` where that lies beyond what the clock can say, which is never reached.
pub(crate) fn after(instant: Instant, duration: Duration) -> Option<Instant> {
    instant.checked_add(duration)
}
