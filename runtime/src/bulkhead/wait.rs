//! Waiting for a place, as a future and as a thread: never beyond `max_wait`, nor beyond the deadline around.

use core::fmt;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::sync::Arc;
use std::task::Wake;

use pin_project_lite::pin_project;
use tokio::task::coop;
use tokio::time::{Instant, Sleep, sleep_until};

use super::Bulkhead;
use super::queue::{Asked, Standing, Turn};
use crate::sync::{Condvar, Mutex, PoisonError};
use crate::{Rejection, clock, scope, sleeper};

/// A queue that may be joined until then; `None` for ever.
struct Patience {
    now: Instant,
    until: Option<Instant>,
}

impl Bulkhead {
    /// How long a call that found no place may wait for one; the clock is asked only where it may wait at all.
    fn patience(&self) -> Option<Patience> {
        let settings = self.in_force();
        if settings.max_wait.is_zero()
            || settings.common.shadow
            || self.word().waiting() >= settings.queue_limit_at(self.limit())
        {
            return None;
        }
        // Where the deadline around comes first, this ends with the timeout and before its report, so that a breaker
        // between learns that the dependency was not asked.
        let deadline = scope::deadline();
        let now = clock::now();
        let end = clock::after(now, settings.max_wait);
        let until = match (end, deadline) {
            (Some(end), Some(deadline)) => Some(end.min(deadline)),
            (end, deadline) => end.or(deadline),
        };
        until.is_none_or(|until| until > now).then_some(Patience { now, until })
    }

    /// Waits for a place by `cx`, after there was none at first.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_to_wait(&self, cx: &mut Context<'_>) -> Waited<'_> {
        if self.try_enter_slowly() {
            return Waited::Entered(self);
        }
        let Some(patience) = self.patience() else { return Waited::refused(self) };
        match self.ask(cx.waker().clone()) {
            Asked::Entered => Waited::Entered(self),
            Asked::Refused => Waited::refused(self),
            Asked::Queued(turn) => {
                let timer = patience.until.map(sleep_until);
                Box::pin(Waiting { turn, until: patience.until, timer }).go_on(cx)
            }
        }
    }

    /// Blocks the thread until there is a place, after there was none at first. It says where the place is.
    #[cold]
    #[inline(never)]
    pub(super) fn block(&self) -> Result<&Self, Rejection> {
        if self.try_enter_slowly() {
            return Ok(self);
        }
        let Some(patience) = self.patience() else { return self.refuse() };
        let signal = Arc::new(Signal::default());
        let mut turn = match self.ask(Waker::from(Arc::clone(&signal))) {
            Asked::Entered => return Ok(self),
            Asked::Refused => return self.refuse(),
            Asked::Queued(turn) => turn,
        };
        let allowed = patience.until.map_or(Duration::MAX, |until| until.saturating_duration_since(patience.now));
        // The time of threads: a clock of tokio that is paused stands still while this one blocks.
        let start = std::time::Instant::now();
        let mut left = allowed;
        loop {
            let is_over = sleeper::replaced(left) || {
                signal.wait(left);
                left = allowed.saturating_sub(start.elapsed());
                left.is_zero()
            };
            match turn.look(Waker::from(Arc::clone(&signal)), is_over) {
                Standing::Granted => return Ok(self),
                Standing::Refused => return self.refuse(),
                Standing::Waiting => {}
            }
        }
    }
}

/// How far a call has come that waits.
pub(super) enum Waited<'b> {
    /// It has a place there.
    Entered(&'b Bulkhead),
    Pending(Pin<Box<Waiting<'b>>>),
    Rejected(Rejection),
}

impl<'b> Waited<'b> {
    fn refused(bulkhead: &'b Bulkhead) -> Self {
        match bulkhead.refuse() {
            Ok(beside) => Self::Entered(beside),
            Err(rejection) => Self::Rejected(rejection),
        }
    }
}

pin_project! {
    /// A future in the queue; in a box, so that those who need not wait are small.
    pub(super) struct Waiting<'b> {
        turn: Turn<'b>,
        until: Option<Instant>,
        // `None` where it waits without end.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl fmt::Debug for Waiting<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("until", &self.until).finish_non_exhaustive()
    }
}

impl<'b> Waiting<'b> {
    /// Looks again. By value, and given back where it goes on: see the guard.
    #[cold]
    #[inline(never)]
    pub(super) fn go_on(mut self: Pin<Box<Self>>, cx: &mut Context<'_>) -> Waited<'b> {
        let this = self.as_mut().project();
        // Unconstrained: a task that has used up its cooperative budget must not keep the timer from being looked at.
        let rung =
            this.timer.as_pin_mut().is_some_and(|timer| pin!(coop::unconstrained(timer)).poll(cx) == Poll::Ready(()));
        // Two timers of one moment need not ring together, and the report of a timeout around is not to come first.
        let is_over = rung || this.until.is_some_and(|until| clock::now() >= until);
        match this.turn.look(cx.waker().clone(), is_over) {
            Standing::Granted => Waited::Entered(this.turn.bulkhead()),
            Standing::Refused => Waited::refused(this.turn.bulkhead()),
            Standing::Waiting => Waited::Pending(self),
        }
    }
}

/// What wakes a thread that waits.
#[derive(Default)]
struct Signal {
    given: Mutex<bool>,
    changed: Condvar,
}

impl Signal {
    /// Waits until it is given, but not longer than `left`.
    fn wait(&self, left: Duration) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if !*given {
            // Woken by nobody, it looks once more than it must.
            (given, _) = self.changed.wait_timeout(given, left).unwrap_or_else(PoisonError::into_inner);
        }
        *given = false;
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        *self.given.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }
}
