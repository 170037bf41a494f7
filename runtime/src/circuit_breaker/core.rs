//! The state machine: sequential, and told the time. What makes it concurrent is in the parent module.

use core::time::Duration;

use super::probes::Probes;
use super::settings::{Settings, Trip};
use super::shards::Shards;
use super::window::{Outcome, Outcomes, Tally};
use super::word::{Flags, Period, Word};
use super::{Counts, Reason, State};

/// What a call was admitted with, and its report says again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    pub(super) period: Period,
    /// The number of the probe; 0 for any other call.
    pub(super) probe: u64,
    /// When the call began, or [`UNTIMED`].
    pub(super) began: u64,
}

/// The begin of a call that is not measured: it is never slow, also where calls are measured since.
pub(super) const UNTIMED: u64 = u64::MAX;

impl Ticket {
    /// Of a call that passes only thanks to the shadow.
    pub(super) const PASSING: Self = Self { period: Period::PASSING, probe: 0, began: UNTIMED };
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Success,
    Failure,
    /// It says nothing.
    Neutral,
}

/// A call's report: its verdict, and whether the call was slow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Report {
    pub(super) verdict: Verdict,
    pub(super) slow: bool,
}

/// A change of state, without the breaker's name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Change {
    pub(super) from: State,
    pub(super) to: State,
    pub(super) reason: Reason,
    pub(super) counts: Counts,
}

/// A call that may not pass, and how long it should wait where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) wait: Option<u64>,
    /// It passes all the same.
    pub(super) shadow: bool,
}

#[derive(Debug)]
pub(super) struct Core {
    state: State,
    /// Counts the changes of state.
    generation: u64,
    consecutive: u32,
    outcomes: Option<Outcomes>,
    probes: Probes,
    open_for: u64,
    open_until: u64,
    opened: u64,
}

impl Core {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Closed,
            generation: 0,
            consecutive: 0,
            outcomes: None,
            probes: Probes::new(),
            open_for: 0,
            open_until: 0,
            opened: 0,
        }
    }

    /// How long the present or last open period is in all, and when it ends.
    pub(super) const fn open_time(&self) -> (u64, u64) {
        (self.open_for, self.open_until)
    }

    /// What the fast paths must know.
    pub(super) fn word(&self, settings: &Settings) -> Word {
        let clean = self.consecutive == 0 && self.outcomes.as_ref().is_none_or(|outcomes| outcomes.tally().is_clean());
        let measured = settings.measures_calls();
        let flags = match self.state {
            State::Closed if !settings.common.enabled => return Word::off(self.generation),
            State::Closed => {
                let settled = clean && (!settings.keeps_outcomes() || self.is_settled());
                let timed = settings.is_timed();
                Flags { quiet: settled && !timed, calm: settled && timed, dirty: !clean, measured, shadow: false }
            }
            // Outcomes are not looked at.
            State::ForcedClosed => Flags { quiet: true, ..Flags::default() },
            State::Open | State::HalfOpen => Flags { shadow: settings.common.shadow, ..Flags::default() },
            State::ForcedOpen => Flags::default(),
        };
        Word::new(self.state, self.generation, flags)
    }

    fn is_settled(&self) -> bool {
        self.outcomes.as_ref().is_some_and(Outcomes::is_settled)
    }

    fn ticket(&self, settings: &Settings, probe: u64, now: u64) -> Ticket {
        Ticket { period: self.word(settings).period(), probe, began: now }
    }

    /// Lets a call pass, or not.
    pub(super) fn admit(&mut self, settings: &Settings, now: u64) -> (Result<Ticket, Refused>, Option<Change>) {
        let mut change = None;
        let refused = |wait| Refused { wait, shadow: settings.common.shadow };
        match self.state {
            State::Closed | State::ForcedClosed => return (Ok(self.ticket(settings, 0, now)), None),
            State::ForcedOpen => return (Err(Refused { wait: None, shadow: false }), None),
            State::Open => {
                // A wait longer than the whole: the clock is another one, and the open time begins anew.
                self.open_until = self.open_until.min(now.saturating_add(self.open_for));
                let left = self.open_until.saturating_sub(now);
                if left > 0 {
                    return (Err(refused(Some(left))), None);
                }
                let open_since = self.open_until.saturating_sub(self.open_for);
                let elapsed = Duration::from_nanos(now.saturating_sub(open_since));
                change = Some(self.turn(State::HalfOpen, Reason::ResetTimeout(elapsed)));
                self.probes.restart();
            }
            State::HalfOpen => {}
        }
        let place = self.probes.begin(settings.max_probes, settings.probe_timeout(), now);
        (place.map(|probe| self.ticket(settings, probe, now)).ok_or(refused(None)), change)
    }

    /// Takes a call's report; one from an earlier period changes nothing.
    pub(super) fn settle(
        &mut self,
        settings: &Settings,
        shards: &Shards,
        ticket: &Ticket,
        report: Report,
        now: impl Fn() -> u64,
    ) -> Option<Change> {
        if ticket.period != self.word(settings).period() {
            return None;
        }
        match self.state {
            State::Closed if !settings.common.enabled => None,
            State::Closed => self.record(settings, shards, report, now),
            State::HalfOpen => self.probed(settings, shards, ticket.probe, report, now),
            State::Open | State::ForcedOpen | State::ForcedClosed => None,
        }
    }

    fn record(
        &mut self,
        settings: &Settings,
        shards: &Shards,
        Report { verdict, slow }: Report,
        now: impl Fn() -> u64,
    ) -> Option<Change> {
        match verdict {
            Verdict::Failure => self.consecutive = self.consecutive.saturating_add(1),
            Verdict::Success => self.consecutive = 0,
            Verdict::Neutral if !slow => return None,
            Verdict::Neutral => {}
        }
        let outcome = Outcome { failed: verdict == Verdict::Failure, slow };
        if settings.keeps_outcomes() {
            let outcomes = self.outcomes.get_or_insert_with(|| Outcomes::new(settings.span()));
            outcomes.push(outcome, &now);
            if outcome.failed || outcome.slow {
                absorb(outcomes, shards, self.generation);
            }
        }
        let reason = self.verdict(settings)?;
        let now = now();
        Some(self.open(settings.reset_timeout, now, reason))
    }

    /// Whether what has been counted opens the circuit.
    fn verdict(&self, settings: &Settings) -> Option<Reason> {
        if let Trip::Consecutive(threshold) = settings.trip
            && self.consecutive >= threshold
        {
            return Some(Reason::ConsecutiveFailures);
        }
        let Tally { calls, failures, slow } = self.outcomes.as_ref()?.tally();
        if calls < settings.min_calls() {
            return None;
        }
        match settings.trip {
            Trip::Rate(rate) if reaches(failures, calls, rate) => Some(Reason::FailureRate),
            _ if settings.measures_calls() && reaches(slow, calls, settings.slow_call_rate) => {
                Some(Reason::SlowCallRate)
            }
            _ => None,
        }
    }

    fn probed(
        &mut self,
        settings: &Settings,
        shards: &Shards,
        probe: u64,
        Report { verdict, slow }: Report,
        now: impl Fn() -> u64,
    ) -> Option<Change> {
        self.probes.end(probe);
        if slow || verdict == Verdict::Failure {
            let open_for = settings.longer_than(self.open_for);
            return Some(self.open(open_for, now(), Reason::ProbeFailed));
        }
        if verdict == Verdict::Neutral {
            return None;
        }
        self.probes.successes = self.probes.successes.saturating_add(1);
        if self.probes.successes < settings.success_threshold {
            return None;
        }
        let change = self.turn(State::Closed, Reason::ProbesSucceeded);
        self.forget(shards);
        Some(change)
    }

    /// Puts the breaker into a state by hand. Nothing that was admitted before counts afterwards.
    pub(super) fn force(&mut self, to: State, shards: &Shards) -> Option<Change> {
        if self.state == to && to != State::Closed {
            return None;
        }
        let change = self.turn(to, Reason::Manual);
        self.forget(shards);
        (change.from != to).then_some(change)
    }

    /// Goes by other settings from now on, and keeps what it knows as far as it means anything with them.
    #[cfg(any(feature = "registry", steadfast_loom))]
    pub(super) fn adopt(
        &mut self,
        before: &Settings,
        after: &Settings,
        shards: &Shards,
        now: impl Fn() -> u64,
    ) -> Option<Change> {
        let is_forced = matches!(self.state, State::ForcedOpen | State::ForcedClosed);
        if before.common.enabled != after.common.enabled && !is_forced {
            // Switched off it knows nothing, and switched on it begins anew.
            let change = self.turn(State::Closed, Reason::Manual);
            self.forget(shards);
            return (change.from != State::Closed).then_some(change);
        }
        if self.state == State::Open {
            let open_since = self.open_until.saturating_sub(self.open_for);
            self.open_for = after.instead_of(self.open_for, before);
            self.open_until = open_since.saturating_add(self.open_for);
        }
        let counted_by = |settings: &Settings| settings.keeps_outcomes().then(|| settings.span());
        if counted_by(before) != counted_by(after) {
            self.outcomes = self.outcomes.take().zip(counted_by(after)).map(|(mut outcomes, span)| {
                absorb(&mut outcomes, shards, self.generation);
                outcomes.within(span, now)
            });
            if self.state == State::Closed {
                // Whoever is about to count a success in a bucket of the width before does so in vain.
                self.generation += 1;
            }
            shards.clear();
        }
        None
    }

    /// What has been counted until `now`.
    pub(super) fn counts(&mut self, shards: &Shards, now: impl Fn() -> u64) -> Counts {
        if let Some(outcomes) = &mut self.outcomes
            && self.state == State::Closed
        {
            if let Outcomes::Time(window) = outcomes {
                window.slide(now());
            }
            absorb(outcomes, shards, self.generation);
        }
        self.counted()
    }

    fn counted(&self) -> Counts {
        let Tally { calls, failures, slow } = self.outcomes.as_ref().map(Outcomes::tally).unwrap_or_default();
        let half_open = self.state == State::HalfOpen;
        Counts {
            calls,
            failures,
            slow,
            consecutive_failures: self.consecutive,
            probes: if half_open { self.probes.places() } else { 0 },
            probe_successes: if half_open { self.probes.successes } else { 0 },
            opened: self.opened,
            rejected: 0,
        }
    }

    fn open(&mut self, open_for: u64, now: u64, reason: Reason) -> Change {
        self.open_for = open_for;
        self.open_until = now.saturating_add(open_for);
        self.opened += 1;
        self.turn(State::Open, reason)
    }

    /// Each change begins a new period, in which reports of the earlier ones mean nothing.
    fn turn(&mut self, to: State, reason: Reason) -> Change {
        let change = Change { from: self.state, to, reason, counts: self.counted() };
        self.state = to;
        self.generation += 1;
        change
    }

    fn forget(&mut self, shards: &Shards) {
        self.consecutive = 0;
        self.outcomes = None;
        self.probes.restart();
        shards.clear();
    }
}

/// Adds the successes that threads have counted apart.
fn absorb(outcomes: &mut Outcomes, shards: &Shards, generation: u64) {
    if let Outcomes::Time(window) = outcomes {
        shards.drain(window.present(), generation, |number, successes| window.absorb(number, successes));
    }
}

/// By division, so that 3 of 30 reach a rate of 0.1: both are rounded to the same number.
#[expect(clippy::cast_precision_loss, reason = "a share of more than 2^52 calls")]
fn reaches(part: u64, whole: u64, rate: f64) -> bool {
    part as f64 / whole as f64 >= rate
}
