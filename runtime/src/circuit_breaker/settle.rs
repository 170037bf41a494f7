//! What a call that was admitted has come to.

use crate::sync::Ordering;
use crate::time;

use super::core::{Report, Ticket, Verdict};
use super::settings::NEVER;
use super::word::Period;
use super::{Abandoned, CircuitBreaker};

impl CircuitBreaker {
    /// Whether one more success of a call of `period` changes nothing.
    #[inline]
    pub(super) fn is_quiet(&self, period: Period) -> bool {
        period.is_quiet_in(self.word(Ordering::Relaxed))
    }

    /// Takes the report of a call that was admitted with this ticket.
    #[inline(never)]
    pub(super) fn settle(&self, period: Period, probe: u64, began: u64, verdict: Verdict) {
        // It passed in shadow, counted as rejected: what came of it says nothing more.
        if period == Period::PASSING {
            return;
        }
        if verdict == Verdict::Success {
            self.count_success();
        }
        // With it comes the width of its buckets.
        let calm = period.is_calm_in(self.word(Ordering::Acquire));
        if !(calm && verdict == Verdict::Success && self.count(period, began)) {
            self.settle_loudly(&Ticket { period, probe, began }, verdict);
        }
    }

    /// Counts a success that changes nothing else; one that was slow does.
    #[inline]
    fn count(&self, period: Period, began: u64) -> bool {
        let now = time::nanos();
        let slow = self.is_slow(began, now);
        if !slow && let Some(number) = now.checked_div(self.width.load(Ordering::Relaxed)) {
            self.shards.add(number, period.generation());
        }
        !slow
    }

    #[cold]
    fn settle_loudly(&self, ticket: &Ticket, verdict: Verdict) {
        // What says nothing of the dependency says nothing of its speed either.
        let slow = verdict != Verdict::Neutral && self.is_slow_now(ticket);
        self.settle_locked(ticket, Report { verdict, slow });
    }

    /// Takes the report of a call that was dropped before its end; it counts as the setting says where nothing else does.
    #[cold]
    pub(super) fn settle_abandoned(&self, ticket: &Ticket, abandoned: Option<Abandoned>) {
        if ticket.period == Period::PASSING {
            return;
        }
        let verdict = match abandoned.unwrap_or_else(|| self.in_force().abandoned) {
            Abandoned::Neutral => Verdict::Neutral,
            Abandoned::Failure => Verdict::Failure,
        };
        self.settle_locked(ticket, Report { verdict, slow: self.is_slow_now(ticket) });
    }

    fn settle_locked(&self, ticket: &Ticket, report: Report) {
        self.count_report(report);
        let word = self.word(Ordering::Relaxed);
        if ticket.period == word.period() && word.looks() {
            self.alter(|core, settings| core.settle(settings, &self.shards, ticket, report, time::nanos));
        }
    }

    fn is_slow_now(&self, ticket: &Ticket) -> bool {
        self.slow_call.load(Ordering::Relaxed) != NEVER && self.is_slow(ticket.began, time::nanos())
    }

    /// Never where calls are not measured.
    #[inline]
    fn is_slow(&self, began: u64, now: u64) -> bool {
        now.saturating_sub(began) >= self.slow_call.load(Ordering::Relaxed)
    }
}
