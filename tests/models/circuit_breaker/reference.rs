//! A breaker that remembers everything and looks through all of it each time.

use std::time::Duration;

use steadfast::{Abandoned, CircuitBreaker, Reason, State, Window};

#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) trip: Trip,
    pub(crate) window: Window,
    pub(crate) min_calls: Option<u32>,
    pub(crate) slow_call: Option<Duration>,
    pub(crate) slow_call_rate: f64,
    pub(crate) reset_timeout: Duration,
    pub(crate) max_reset_timeout: Option<Duration>,
    pub(crate) success_threshold: u32,
    pub(crate) max_probes: u32,
    pub(crate) probe_timeout: Option<Duration>,
    pub(crate) abandoned: Abandoned,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Trip {
    Consecutive(u32),
    Rate(f64),
}

impl Settings {
    pub(crate) fn breaker(&self) -> CircuitBreaker {
        let mut breaker = CircuitBreaker::new()
            .window(self.window)
            .slow_call_rate(self.slow_call_rate)
            .reset_timeout(self.reset_timeout)
            .success_threshold(self.success_threshold)
            .max_probes(self.max_probes)
            .abandoned(self.abandoned);
        breaker = match self.trip {
            Trip::Consecutive(failures) => breaker.failure_threshold(failures),
            Trip::Rate(rate) => breaker.failure_rate(rate),
        };
        if let Some(calls) = self.min_calls {
            breaker = breaker.min_calls(calls);
        }
        if let Some(slow) = self.slow_call {
            breaker = breaker.slow_call(slow);
        }
        if let Some(max) = self.max_reset_timeout {
            breaker = breaker.max_reset_timeout(max);
        }
        if let Some(timeout) = self.probe_timeout {
            breaker = breaker.probe_timeout(timeout);
        }
        breaker
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    /// A panic of its own is one.
    Failure,
    Neutral,
    /// By its caller.
    Dropped,
    /// By a timeout around it.
    TimedOut,
    /// Another call of a hedge was better.
    Lost,
}

/// An admitted call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    number: u64,
    period: u64,
    began: Duration,
}

#[derive(Debug, Clone, Copy)]
struct Outcome {
    at: Duration,
    failed: bool,
    slow: bool,
}

#[derive(Debug)]
pub(crate) struct Reference {
    settings: Settings,
    pub(crate) now: Duration,
    pub(crate) state: State,
    /// How often it has changed. A report from another period changes nothing.
    period: u64,
    admitted: u64,
    outcomes: Vec<Outcome>,
    /// How many of the oldest are no longer in a window of time.
    forgotten: usize,
    pub(crate) consecutive: u32,
    /// The calls that hold a place, by number, and since when.
    probes: Vec<(u64, Duration)>,
    pub(crate) probe_successes: u32,
    open_since: Duration,
    open_for: Duration,
    pub(crate) opened: u64,
    pub(crate) rejected: u64,
    pub(crate) changes: Vec<(State, State, Reason)>,
}

impl Reference {
    pub(crate) fn new(mut settings: Settings) -> Self {
        // Open in the rules: what no call can reach is off, so that no outcomes are kept for it.
        settings.slow_call = settings.slow_call.filter(|slow| slow.as_nanos() < u64::MAX.into());
        Self {
            settings,
            now: Duration::ZERO,
            state: State::Closed,
            period: 0,
            admitted: 0,
            outcomes: Vec::new(),
            forgotten: 0,
            consecutive: 0,
            probes: Vec::new(),
            probe_successes: 0,
            open_since: Duration::ZERO,
            open_for: Duration::ZERO,
            opened: 0,
            rejected: 0,
            changes: Vec::new(),
        }
    }

    /// `Err` is a rejection, with the time that is left where it is known.
    pub(crate) fn ask(&mut self) -> Result<Ticket, Option<Duration>> {
        let answer = self.admit();
        match answer {
            Ok(()) => {
                self.admitted += 1;
                if self.state == State::HalfOpen {
                    self.probes.push((self.admitted, self.now));
                }
                Ok(Ticket { number: self.admitted, period: self.period, began: self.now })
            }
            Err(left) => {
                self.rejected += 1;
                Err(left)
            }
        }
    }

    fn admit(&mut self) -> Result<(), Option<Duration>> {
        if self.state == State::Open {
            if let Some(left) = self.left() {
                return Err(Some(left));
            }
            self.turn(State::HalfOpen, Reason::ResetTimeout(self.now - self.open_since));
        }
        match self.state {
            State::HalfOpen if self.probes.len() >= self.settings.max_probes.max(1) as usize => {
                // The place of the oldest that has not reported in time is reused.
                let oldest = self.probes[0].1;
                if self.now - oldest < self.probe_timeout() {
                    return Err(None);
                }
                self.probes.remove(0);
                Ok(())
            }
            State::ForcedOpen => Err(None),
            _ => Ok(()),
        }
    }

    fn probe_timeout(&self) -> Duration {
        let default =
            if self.settings.reset_timeout.is_zero() { Duration::from_secs(1) } else { self.settings.reset_timeout };
        self.settings.probe_timeout.unwrap_or(default)
    }

    /// What is left of the time for which it is open.
    pub(crate) fn left(&self) -> Option<Duration> {
        let until = self.open_since.saturating_add(self.open_for);
        (self.state == State::Open && self.now < until).then(|| until - self.now)
    }

    pub(crate) fn probes(&self) -> usize {
        self.probes.len()
    }

    pub(crate) fn end(&mut self, call: Ticket, end: End) {
        if call.period != self.period {
            return;
        }
        self.probes.retain(|&(number, _)| number != call.number);
        let slow = match end {
            // Open in the rules: what says nothing of the dependency is not slow either.
            End::Neutral => false,
            _ => self.settings.slow_call.is_some_and(|slow| self.now - call.began >= slow),
        };
        let (failed, succeeded) = match end {
            End::Success => (false, true),
            End::Failure | End::TimedOut => (true, false),
            End::Dropped => (self.settings.abandoned == Abandoned::Failure, false),
            End::Neutral | End::Lost => (false, false),
        };
        match self.state {
            State::HalfOpen if failed || slow => {
                let doubled = self.settings.max_reset_timeout.map(|max| self.open_for.saturating_mul(2).min(max));
                self.open(doubled.unwrap_or_default().max(self.settings.reset_timeout), Reason::ProbeFailed);
            }
            State::HalfOpen if succeeded => {
                self.probe_successes += 1;
                if self.probe_successes >= self.settings.success_threshold.max(1) {
                    self.turn(State::Closed, Reason::ProbesSucceeded);
                }
            }
            State::Closed => {
                if failed {
                    self.consecutive += 1;
                } else if succeeded {
                    self.consecutive = 0;
                }
                if failed || succeeded || slow {
                    self.outcomes.push(Outcome { at: self.now, failed, slow });
                    if let Some(reason) = self.judge() {
                        self.open(self.settings.reset_timeout, reason);
                    }
                }
            }
            _ => {}
        }
    }

    fn judge(&self) -> Option<Reason> {
        let (calls, failures, slow) = self.tally();
        let enough = calls >= self.min_calls();
        // Out of range is the nearest in range: at most all, at least any.
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let reaches = |part: u64, rate: f64| enough && part > 0 && part as f64 >= rate.min(1.0) * calls as f64;
        match self.settings.trip {
            Trip::Consecutive(failures) if self.consecutive >= failures.max(1) => {
                return Some(Reason::ConsecutiveFailures);
            }
            Trip::Rate(rate) if reaches(failures, rate) => return Some(Reason::FailureRate),
            _ => {}
        }
        let too_slow = self.settings.slow_call.is_some() && reaches(slow, self.settings.slow_call_rate);
        too_slow.then_some(Reason::SlowCallRate)
    }

    fn min_calls(&self) -> u64 {
        let calls = self.settings.min_calls.unwrap_or(20).max(1);
        u64::from(match self.settings.window {
            Window::Calls(size) => calls.min(size.max(1)),
            Window::Duration(_) => calls,
        })
    }

    fn keeps_outcomes(&self) -> bool {
        matches!(self.settings.trip, Trip::Rate(_)) || self.settings.slow_call.is_some()
    }

    fn window(&self) -> &[Outcome] {
        let first = match self.settings.window {
            _ if !self.keeps_outcomes() => self.outcomes.len(),
            Window::Calls(size) => self.outcomes.len().saturating_sub(size.clamp(1, 65_536) as usize),
            Window::Duration(_) => self.forgotten,
        };
        &self.outcomes[first..]
    }

    /// Outcomes, failures and slow calls in the window.
    pub(crate) fn tally(&self) -> (u64, u64, u64) {
        let window = self.window();
        let failures = window.iter().filter(|outcome| outcome.failed).count();
        let slow = window.iter().filter(|outcome| outcome.slow).count();
        (window.len() as u64, failures as u64, slow as u64)
    }

    /// A window of time may forget up to 1/32 early: so it is asked how many it has, and that must be within the rule.
    pub(crate) fn forget(&mut self, kept: u64) {
        let Window::Duration(length) = self.settings.window else { return };
        if !self.keeps_outcomes() || self.state != State::Closed {
            return;
        }
        let kept = usize::try_from(kept).expect("few");
        assert!(kept <= self.outcomes.len() - self.forgotten, "{kept} outcomes of {:?}", self.window());
        self.forgotten = self.outcomes.len() - kept;
        for (index, outcome) in self.outcomes.iter().enumerate() {
            let age = self.now - outcome.at;
            if index < self.forgotten {
                assert!(age >= length - length / 32, "forgotten at the age of {age:?}: {outcome:?}");
            } else {
                assert!(age <= length, "counts at the age of {age:?}: {outcome:?}");
            }
        }
    }

    fn open(&mut self, open_for: Duration, reason: Reason) {
        self.turn(State::Open, reason);
        self.open_since = self.now;
        self.open_for = open_for;
        self.opened += 1;
    }

    /// `Closed` is a reset, which takes effect in any state; the others where they are not in force already.
    pub(crate) fn force(&mut self, state: State) {
        if state == State::Closed || state != self.state {
            self.turn(state, Reason::Manual);
        }
    }

    fn turn(&mut self, state: State, reason: Reason) {
        if state != self.state {
            self.changes.push((self.state, state, reason));
        }
        self.state = state;
        self.period += 1;
        self.probes.clear();
        self.probe_successes = 0;
        self.outcomes.clear();
        self.forgotten = 0;
        self.consecutive = 0;
    }

    /// When something is going to happen.
    pub(crate) fn moments(&self) -> Vec<Duration> {
        let mut moments = vec![self.open_since.saturating_add(self.open_for)];
        moments.extend(self.probes.iter().map(|probe| probe.1.saturating_add(self.probe_timeout())));
        if let Window::Duration(length) = self.settings.window {
            moments.extend(self.window().iter().take(2).map(|outcome| outcome.at.saturating_add(length)));
        }
        moments
    }

    /// From when on a call that is under way will be slow.
    pub(crate) fn slow_from(&self, call: Ticket) -> Option<Duration> {
        Some(call.began.saturating_add(self.settings.slow_call?))
    }
}
