//! What a breaker counts for its whole life; a breaker of one key together with those of the others.

#[cfg(feature = "registry")]
pub(super) use self::counted::Counted;

#[cfg(feature = "registry")]
mod counted {
    use crate::circuit_breaker::core::{Change, Report, Verdict};
    use crate::circuit_breaker::{CircuitBreaker, Locked, State};
    use crate::registry::Count;
    use crate::tally::Totals;
    use crate::time;

    /// The time in each state by [`State`], and how calls ended.
    pub(in crate::circuit_breaker) type Counted = Totals<11>;

    const REJECTED: usize = 5;
    const OPENED: usize = 6;
    const FAILED: usize = 7;
    const NEUTRAL: usize = 8;
    const SLOW: usize = 9;
    const SUCCEEDED: usize = 10;
    const NAMES: [&str; SUCCEEDED] = [
        "closed_nanos",
        "open_nanos",
        "half_open_nanos",
        "forced_open_nanos",
        "forced_closed_nanos",
        "rejected",
        "opened",
        "failed",
        "neutral",
        "slow_calls",
    ];

    impl CircuitBreaker {
        #[inline]
        pub(in crate::circuit_breaker) fn count_success(&self) {
            self.totals.count_success(SUCCEEDED);
        }

        /// A success was counted before.
        pub(in crate::circuit_breaker) fn count_report(&self, report: Report) {
            match report.verdict {
                Verdict::Success => {}
                Verdict::Failure => self.totals.count(FAILED),
                Verdict::Neutral => self.totals.count(NEUTRAL),
            }
            if report.slow {
                self.totals.count(SLOW);
            }
        }

        pub(in crate::circuit_breaker) fn count_rejected(&self) {
            self.totals.count(REJECTED);
        }

        /// The time in a state is counted when it ends.
        pub(in crate::circuit_breaker) fn count_change(&self, locked: &mut Locked, change: Option<&Change>) {
            let Some(change) = change else { return };
            let now = time::nanos();
            if locked.since != 0 {
                self.totals.add(change.from as usize, now.saturating_sub(locked.since));
            }
            locked.since = now;
            if change.to == State::Open {
                self.totals.count(OPENED);
            }
        }

        /// Those that all keys share.
        pub(in crate::circuit_breaker) fn totals(&self) -> Vec<Count> {
            self.totals.counts(&NAMES, "succeeded")
        }

        /// The same with the time in the state that it is in now.
        pub(in crate::circuit_breaker) fn totals_now(&self) -> Vec<Count> {
            let now = time::nanos();
            let (state, since) = {
                let mut locked = self.lock();
                if locked.since == 0 {
                    locked.since = now;
                }
                (self.state(), locked.since)
            };
            let mut counts = self.totals();
            let present = &mut counts[state as usize].value;
            *present = present.saturating_add(now.saturating_sub(since));
            counts
        }
    }
}

#[cfg(not(feature = "registry"))]
mod nothing {
    #![expect(clippy::unused_self, reason = "there is nowhere to count")]

    use crate::circuit_breaker::core::{Change, Report};
    use crate::circuit_breaker::{CircuitBreaker, Locked};

    impl CircuitBreaker {
        #[inline]
        pub(in crate::circuit_breaker) const fn count_success(&self) {}

        #[inline]
        pub(in crate::circuit_breaker) const fn count_report(&self, _: Report) {}

        #[inline]
        pub(in crate::circuit_breaker) const fn count_rejected(&self) {}

        #[inline]
        pub(in crate::circuit_breaker) const fn count_change(&self, _: &mut Locked, _: Option<&Change>) {}
    }
}
