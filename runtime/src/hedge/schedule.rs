//! When the next call starts. A sequential machine, outlined: a call that succeeds at once has no part in it.

use core::mem;
use core::task::Context;
use core::time::Duration;

use tokio::time::Instant;

use super::Settings;
use super::layer::Layer;
use super::measure::Measure;
use crate::event::{Decision, PolicyKind, announce};
use crate::retry::Token;
use crate::timeout::Alarm;
use crate::{Class, RetryBudget, clock, scope};

/// A hint beyond it ends the starting of calls: to wait for so long is the business of a retry.
const MAX_HINT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Schedule<'p> {
    pub(super) layer: Layer<'p>,
    /// The first call; the others have their own.
    pub(super) first: Measure,
    /// Those in force when the call first waited or failed.
    settings: Settings,
    /// The calls that may yet start.
    left: u32,
    /// How many have been.
    pub(super) started: u32,
    next: Next,
    /// Whether the newest call is under way.
    newest_waits: bool,
    /// Counts the polls.
    turn: usize,
    /// What servers asked for.
    not_before: Option<Instant>,
    alarm: Alarm,
}

#[derive(Debug, Clone, Copy)]
enum Next {
    Now,
    At(Instant),
    /// Unless the newest call fails before that, if any are left.
    Never,
}

impl<'p> Schedule<'p> {
    pub(super) fn new(layer: Layer<'p>, first: Measure) -> Self {
        let settings = layer.hedge.settings();
        Self {
            layer,
            first,
            settings,
            left: settings.attempts.saturating_sub(1),
            started: 1,
            next: Next::Never,
            newest_waits: true,
            turn: 0,
            not_before: None,
            alarm: Alarm::NONE,
        }
    }

    /// Whether no call starts any more, where none is under way.
    pub(super) fn is_over(&self) -> bool {
        match self.next {
            Next::Now => false,
            Next::At(at) => scope::deadline().is_some_and(|deadline| at >= deadline),
            Next::Never => true,
        }
    }

    /// Which call is the first to be polled: each in turn, so that none can use up the cooperative budget of the task
    /// before the others come to it.
    pub(super) const fn turn(&mut self) -> usize {
        self.turn = self.turn.wrapping_add(1);
        self.turn
    }

    /// The newest call has begun to wait.
    #[cold]
    pub(super) fn waits(&mut self) {
        if self.left > 0 {
            let now = clock::now();
            self.start_at(self.settings.after.from(now), now);
        } else {
            self.start(Next::Never);
        }
    }

    /// A call has failed; `is_last` of those under way.
    #[cold]
    pub(super) fn failed(&mut self, class: Class, is_last: bool) {
        let is_newest = is_last && mem::replace(&mut self.newest_waits, false);
        let hint = class.retry_after();
        if !class.is_retryable() || hint.is_some_and(|hint| self.is_too_long(hint)) {
            // The circuit is open, or open so late: another call now would be turned away as well.
            self.end();
        } else if let Some(hint) = hint {
            let now = clock::now();
            let Some(earliest) = clock::after(now, hint) else { return self.end() };
            self.not_before = self.not_before.max(Some(earliest));
            match self.next {
                _ if is_newest => self.start_at(Some(now), now),
                Next::At(at) => self.start_at(Some(at), now),
                // The newest call has failed in this same poll.
                Next::Now => self.start_at(Some(now), now),
                Next::Never => {}
            }
        } else if is_newest {
            match class {
                Class::Transient { .. } => self.start_at_once(),
                // It stays with the time that there is, if the call has come as far as to have one.
                _ if self.is_over() => self.waits(),
                _ => {}
            }
        }
    }

    fn is_too_long(&self, hint: Duration) -> bool {
        hint > MAX_HINT && hint > self.settings.after.current()
    }

    fn start_at_once(&mut self) {
        if self.not_before.is_some() {
            let now = clock::now();
            self.start_at(Some(now), now);
        } else {
            self.start(Next::Now);
        }
    }

    /// `None` lies beyond what the clock can say. What lies beyond the deadline is kept: while a call is under way all of
    /// this may come out of the timeout around, as in a `FuturesUnordered`, and is then polled only when it is woken.
    fn start_at(&mut self, at: Option<Instant>, now: Instant) {
        let at = at.map(|at| self.not_before.map_or(at, |earliest| at.max(earliest)));
        self.start(match at {
            None => Next::Never,
            Some(at) if at <= now => Next::Now,
            Some(at) => Next::At(at),
        });
    }

    fn start(&mut self, next: Next) {
        self.next = if self.left > 0 { next } else { Next::Never };
        self.alarm = Alarm::NONE;
        if let Next::At(at) = self.next {
            self.alarm = Alarm::at(at);
        }
    }

    /// Tells a decision, which is given how many calls have been started.
    #[cold]
    pub(super) fn tell(&self, decision: impl FnOnce(u32) -> Decision) {
        let hedge = self.layer.hedge;
        let decision = decision(self.started);
        hedge.count(&decision);
        announce(hedge.name, PolicyKind::Hedge, || decision);
    }

    /// Starts no more calls, whatever becomes of those under way.
    pub(super) fn end(&mut self) {
        self.left = 0;
        self.start(Next::Never);
    }

    /// Whether a call is to start now.
    #[cold]
    pub(super) fn due(&mut self, cx: &mut Context<'_>) -> Option<Start<'p>> {
        let is_due = match self.next {
            Next::Never => false,
            // Without a timer, which would round up to a millisecond.
            Next::Now => true,
            Next::At(_) => self.alarm.is_over(None, cx),
        };
        if !is_due {
            return None;
        }
        self.start(Next::Never);
        // The task may have come late.
        if scope::deadline().is_some_and(|deadline| clock::now() >= deadline) {
            return None;
        }
        let token = match self.layer.budget.map(RetryBudget::take) {
            Some(None) => {
                self.end();
                return None;
            }
            token => token.flatten(),
        };
        self.left -= 1;
        self.started += 1;
        self.newest_waits = true;
        Some(Start(token))
    }
}

/// Leave to start a call. Dropped without one, its part of the budget is given back.
#[derive(Debug)]
#[must_use]
pub(super) struct Start<'p>(Option<Token<'p>>);

impl Start<'_> {
    /// The call starts.
    pub(super) fn spend(self) {
        if let Some(token) = self.0 {
            token.spend();
        }
    }
}
