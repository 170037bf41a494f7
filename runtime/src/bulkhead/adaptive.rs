//! A bulkhead whose limit moves: what becomes of a call that has ended, and how the limit is changed.
//!
//! What is learnt stands behind a mutex of its own, which no call waits for: one that meets another there goes without
//! being counted.

use crate::sync::Ordering::Relaxed;
use crate::sync::{Mutex, OnceLock, PoisonError, TryLockError};
use crate::time;

use super::gradient::{Ended, Gradient};
use super::word::Mode;
use super::{Bulkhead, Range};

/// What an adaptive bulkhead has beyond a fixed one.
pub(super) struct Adaptive {
    pub(super) range: Range,
    /// Made by the first call that ends, so that a fixed bulkhead has no room for it.
    learnt: OnceLock<Box<Mutex<Gradient>>>,
}

impl Adaptive {
    pub(super) const fn new(range: Range) -> Self {
        Self { range, learnt: OnceLock::new() }
    }
}

/// What the end of a call says of the dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// It answered.
    Answered,
    /// It did not answer in time, or asked for less.
    Overloaded,
    /// Nothing: it failed, was dropped by its caller, or panicked.
    Nothing,
}

impl Bulkhead {
    /// When a call begins, in nanoseconds, if anybody wants to know.
    #[inline]
    pub(super) fn began(&self) -> Option<u64> {
        self.adaptive.as_ref().map(|_| time::nanos())
    }

    /// Takes in what a call has said that began at that time. It still holds its place, and hands it on thereafter,
    /// with all the places that have come by this.
    #[cold]
    #[inline(never)]
    pub(super) fn ended(&self, began: u64, said: Said) {
        let word = self.word();
        let Some(adaptive) = self.adaptive.as_ref().filter(|_| said != Said::Nothing && word.mode() == Mode::Limited)
        else {
            return;
        };
        let at = time::nanos();
        let took = (said == Said::Answered).then(|| at.saturating_sub(began));
        let learnt = adaptive.learnt.get_or_init(|| Box::new(Mutex::new(Gradient::new(adaptive.range))));
        // No user code runs under the lock, so a poisoned one is as good as any.
        let mut gradient = match learnt.try_lock() {
            Ok(gradient) => gradient,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        gradient.learn(Ended { at, running: word.running(), took });
        if gradient.limit() != self.limit() {
            // Under both locks, so that the last word is the last one's.
            self.set_limit(gradient.limit());
        }
    }

    /// Forgets what was learnt.
    pub(super) fn begin_anew(&self) {
        let Some((adaptive, learnt)) = self.adaptive.as_ref().and_then(|a| Some((a, a.learnt.get()?))) else { return };
        let mut gradient = learnt.lock().unwrap_or_else(PoisonError::into_inner);
        *gradient = Gradient::new(adaptive.range);
        self.set_limit(gradient.limit());
    }

    /// Under the lock of the queue: whoever joins it afterwards has seen the new limit, and whoever did before is there
    /// for the next who hands over places.
    pub(super) fn set_limit(&self, limit: u32) {
        let _queue = self.lock();
        self.limit.store(limit, Relaxed);
    }

    /// Whether it has learnt anything.
    pub(super) fn has_learnt(&self) -> bool {
        self.adaptive.as_ref().is_some_and(|adaptive| adaptive.learnt.get().is_some())
    }
}

#[cfg(test)]
mod tests;
