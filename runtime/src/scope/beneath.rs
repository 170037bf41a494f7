//! How a poll goes beneath a timeout, or beneath a deadline that is given.

use core::cell::RefCell;

use tokio::time::Instant;

use super::{ASKED, DEADLINE, GIVEN, SLOW, UNLIMITED, UNSTARTED, ask, deadline, earlier, end};
use crate::clock;

thread_local! {
    /// What is to be put back after the slow way.
    static SAVED: RefCell<Vec<Saved>> = const { RefCell::new(Vec::new()) };
}

/// How a timeout starts.
pub(crate) struct Start {
    /// When it ends; `None` where that is beyond what the clock can say.
    pub(crate) deadline: Option<Instant>,
    /// The deadline around it, its own left out.
    pub(crate) around: Option<Instant>,
}

/// The scope beneath a timeout that has started; what it was is put back at the drop.
#[must_use]
pub(crate) struct Started {
    deadline: Option<Instant>,
    given: bool,
}

impl Started {
    /// Of a timeout that ends at `end`.
    #[inline]
    pub(crate) fn enter(end: Option<Instant>) -> Self {
        let before = DEADLINE.get();
        DEADLINE.set(earlier(before, end));
        Self { deadline: before, given: GIVEN.replace(false) }
    }

    /// After a poll that waits: the deadline around the timeout itself.
    pub(crate) fn leave(self) -> Option<Instant> {
        drop(self);
        deadline()
    }
}

impl Drop for Started {
    #[inline]
    fn drop(&mut self) {
        DEADLINE.set(self.deadline);
        GIVEN.set(self.given);
    }
}

/// Runs `f` beneath a deadline that is given, where it is earlier than the one around.
pub(crate) fn beneath_given<T>(given: Option<Instant>, f: impl FnOnce() -> T) -> T {
    let earlier = given.filter(|given| deadline().is_none_or(|around| *given < around));
    let _given = earlier.map(Given::enter);
    f()
}

/// As [`beneath_given`], where `f` blocks the thread, so that no timeout above can end it: the one around is given too.
pub(crate) fn blocking<T>(given: Option<Instant>, f: impl FnOnce() -> T) -> T {
    let _given = earlier(deadline(), given).map(Given::enter);
    f()
}

/// The scope beneath a deadline that is given; what it was is put back at the drop. The timeouts around have started,
/// or been asked.
struct Given(Saved);

impl Given {
    fn enter(deadline: Instant) -> Self {
        let saved = Saved::now();
        DEADLINE.set(Some(deadline));
        GIVEN.set(true);
        // The slow way: a timeout that has not started takes the deadline over there.
        UNSTARTED.set(UNLIMITED | SLOW);
        Self(saved)
    }
}

impl Drop for Given {
    fn drop(&mut self) {
        self.0.restore();
    }
}

/// The scope beneath a timeout that has not started; what it was is put back at the drop.
#[must_use]
pub(crate) struct Unstarted {
    /// The shortest unstarted timeout around this one, with the flag as it was.
    around: u64,
}

impl Unstarted {
    #[inline]
    pub(crate) fn enter(nanos: u64) -> Self {
        let around = UNSTARTED.get();
        let beneath = if around & SLOW == 0 { around.min(nanos) } else { Saved::enter(nanos) };
        UNSTARTED.set(beneath);
        Self { around }
    }

    /// Starts the timeout; `None` for one without a limit.
    pub(crate) fn start(self, nanos: u64) -> Option<Start> {
        if nanos == UNLIMITED {
            return None;
        }
        // With nothing unstarted around, there is nobody else to tell.
        let alone = self.around == UNLIMITED && UNSTARTED.get() & SLOW == 0;
        let at = if alone { clock::now() } else { ask() };
        drop(self);
        Some(Start { deadline: end(at, nanos), around: deadline() })
    }

    /// Beneath, somebody has asked; those around are still to learn of it.
    #[cold]
    fn leave(&self) {
        if self.around & SLOW != 0 {
            Saved::leave();
        } else if self.around == UNLIMITED {
            ASKED.set(None);
            UNSTARTED.set(UNLIMITED);
        } else {
            UNSTARTED.set(self.around | SLOW);
        }
    }
}

impl Drop for Unstarted {
    #[inline]
    fn drop(&mut self) {
        if UNSTARTED.get() & SLOW == 0 {
            UNSTARTED.set(self.around);
        } else {
            self.leave();
        }
    }
}

/// The scope around a given deadline, or around a timeout that begins where the timeouts around it have been asked, but
/// have not yet had their turn to learn of it. For what follows in the same poll they have started.
#[derive(Clone, Copy)]
struct Saved {
    deadline: Option<Instant>,
    given: bool,
    unstarted: u64,
    asked: Option<Instant>,
}

impl Saved {
    fn now() -> Self {
        Self { deadline: DEADLINE.get(), given: GIVEN.get(), unstarted: UNSTARTED.get(), asked: ASKED.get() }
    }

    /// What is unstarted beneath. It keeps the flag, so that the slow way is also taken back.
    #[cold]
    fn enter(nanos: u64) -> u64 {
        let saved = Self::now();
        let unstarted = saved.unstarted & !SLOW;
        let beneath = match saved.asked {
            None => unstarted.min(nanos),
            Some(asked) => {
                DEADLINE.set(earlier(saved.deadline, end(asked, unstarted)));
                ASKED.set(None);
                nanos
            }
        };
        // One without a limit keeps none.
        GIVEN.set(saved.given && nanos == UNLIMITED);
        SAVED.with_borrow_mut(|stack| stack.push(saved));
        beneath | SLOW
    }

    #[cold]
    fn leave() {
        let Some(saved) = SAVED.with_borrow_mut(Vec::pop) else { return };
        saved.restore();
        // Where nobody had asked before, an answer from beneath is news for those around, if there are any.
        if saved.asked.is_some() || saved.unstarted & !SLOW == UNLIMITED {
            ASKED.set(saved.asked);
        }
    }

    fn restore(self) {
        DEADLINE.set(self.deadline);
        GIVEN.set(self.given);
        UNSTARTED.set(self.unstarted);
    }
}
