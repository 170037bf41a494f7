//! Instants as one number, so that they fit into an atomic.

use std::sync::OnceLock;

use core::time::Duration;

use tokio::time::Instant;

use crate::clock;

/// Now, in nanoseconds since an instant of this process that lies well in the past.
pub(crate) fn nanos() -> u64 {
    of(clock::now())
}

/// The same of an instant at which the clock was read.
pub(crate) fn of(now: Instant) -> u64 {
    // In the past, because under a paused clock "now" may be earlier than it was when the base was taken.
    static BASE: OnceLock<Instant> = OnceLock::new();
    saturated(now.saturating_duration_since(*BASE.get_or_init(|| long_before(now))))
}

/// A duration in nanoseconds; beyond 584 years it is "never".
pub(crate) const fn saturated(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos() as u64)
}

/// Not every system's clock reaches back before its own start.
fn long_before(now: Instant) -> Instant {
    const MINUTE: u64 = 60;
    [24 * 60 * MINUTE, 60 * MINUTE, MINUTE]
        .into_iter()
        .find_map(|seconds| now.checked_sub(Duration::from_secs(seconds)))
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_follows_the_paused_clock() {
        let before = nanos();
        tokio::time::advance(Duration::from_millis(3)).await;
        assert_eq!(nanos() - before, 3_000_000);
    }

    #[test]
    fn p30_durations_saturate() {
        assert_eq!(saturated(Duration::MAX), u64::MAX);
        assert_eq!(saturated(Duration::new(2, 7)), 2_000_000_007);
    }
}
