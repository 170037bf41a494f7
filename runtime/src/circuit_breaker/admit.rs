//! Whether a call may pass.

use crate::event::observe::is_observed;
use crate::event::{Decision, PolicyKind, announce};
use crate::rejection::{Rejection, RejectionKind};
use crate::sync::Ordering;
use crate::time;

use super::core::{Refused, Ticket, UNTIMED};
use super::word::Period;
use super::{CircuitBreaker, State};

impl CircuitBreaker {
    /// Lets a call pass, if nothing stands against it and its length is not measured.
    #[inline]
    pub(super) fn admit_untimed(&self) -> Option<Period> {
        let word = self.word(Ordering::Relaxed);
        word.lets_pass_untimed().then(|| word.period())
    }

    #[inline(never)]
    pub(super) fn admit_timed(&self) -> Result<Ticket, Rejection> {
        // First, since it is what many calls meet at once.
        if self.word(Ordering::Acquire).rejects_for_a_time()
            && let Some(left) = self.time_left()
        {
            return Err(self.rejection(Some(left)));
        }
        let word = self.word(Ordering::Acquire);
        match word.state() {
            State::Closed | State::ForcedClosed => {
                let began = if word.is_measured() { time::nanos() } else { UNTIMED };
                Ok(Ticket { period: word.period(), probe: 0, began })
            }
            State::ForcedOpen => Err(self.rejection(None)),
            State::Open if word.is_shadow() => match self.time_left() {
                Some(left) => Ok(self.pass_in_shadow(Some(left))),
                None => self.admit_locked(),
            },
            State::Open | State::HalfOpen => self.admit_locked(),
        }
    }

    #[cold]
    fn admit_locked(&self) -> Result<Ticket, Rejection> {
        let mut admitted = Ok(Ticket::PASSING);
        self.alter(|core, settings| {
            let (answer, change) = core.admit(settings, time::nanos());
            admitted = answer;
            change
        });
        match admitted {
            Ok(ticket) => Ok(ticket),
            Err(Refused { wait, shadow: true }) => Ok(self.pass_in_shadow(wait)),
            Err(Refused { wait, shadow: false }) => Err(self.rejection(wait)),
        }
    }

    /// Counts and tells a rejection, and lets the call pass. Nobody takes its report: without the shadow there were none.
    #[cold]
    fn pass_in_shadow(&self, wait: Option<u64>) -> Ticket {
        self.count_rejection();
        announce(self.name, PolicyKind::CircuitBreaker, || Decision::WouldReject(self.refusal(wait)));
        Ticket::PASSING
    }

    /// Whether it keeps calls away, or would but for the time that is over.
    pub(crate) fn is_rejecting(&self) -> bool {
        let word = self.word(Ordering::Acquire);
        match word.state() {
            State::ForcedOpen => true,
            State::Open | State::HalfOpen => !word.is_shadow(),
            State::Closed | State::ForcedClosed => false,
        }
    }

    /// The nanoseconds that are left of an open period, if they can be told without the lock.
    pub(super) fn time_left(&self) -> Option<u64> {
        let now = time::nanos();
        let left = self.open_until.load(Ordering::Relaxed).saturating_sub(now);
        // More than the whole: the clock is another one that went back, and the core begins the time anew.
        (left > 0 && left <= self.open_for.load(Ordering::Relaxed)).then_some(left)
    }

    fn rejection(&self, wait: Option<u64>) -> Rejection {
        self.count_rejection();
        if is_observed() {
            self.tell_rejection(wait);
        }
        self.refusal(wait)
    }

    /// Apart, and with a refusal of its own: the one of a call is then made where it is to stand.
    #[cold]
    fn tell_rejection(&self, wait: Option<u64>) {
        announce(self.name, PolicyKind::CircuitBreaker, || Decision::Rejected(self.refusal(wait)));
    }

    fn count_rejection(&self) {
        self.cold.rejected.fetch_add(1, Ordering::Relaxed);
        self.count_rejected();
    }

    fn refusal(&self, wait: Option<u64>) -> Rejection {
        let rejection = Rejection::new(RejectionKind::CircuitOpen, self.name);
        match wait {
            Some(wait) => rejection.with_wait(wait),
            None => rejection,
        }
    }
}
