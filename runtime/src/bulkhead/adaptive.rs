//! A bulkhead whose limit moves: what becomes of a call that has ended, and how the limit is changed.
//!
//! What is learnt stands behind a mutex of its own, which no call waits for: one that meets another there goes without
//! being counted.

use crate::sync::Ordering::Relaxed;
use crate::sync::{Mutex, OnceLock, PoisonError, TryLockError};
use crate::time;

use super::Bulkhead;
use super::gradient::{Ended, Gradient};
use super::settings::Range;
use super::word::Mode;

/// What an adaptive bulkhead has beyond a fixed one.
pub(super) struct Adaptive {
    /// Made by the first call that ends, so that a fixed bulkhead has no room for it.
    learnt: OnceLock<Box<Mutex<Gradient>>>,
}

impl Adaptive {
    pub(super) const fn new() -> Self {
        Self { learnt: OnceLock::new() }
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
        let learnt = adaptive.learnt.get_or_init(|| Box::new(Mutex::new(Gradient::new(self.in_force().range))));
        // No user code runs under the lock, so a poisoned one is as good as any.
        let mut gradient = match learnt.try_lock() {
            Ok(gradient) => gradient,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        // Another one may have been put in force while this was made.
        gradient.within(self.in_force().range);
        gradient.learn(Ended { at, running: word.running(), took });
        if gradient.limit() != self.limit() {
            // Under both locks, so that the last word is the last one's.
            self.set_limit(gradient.limit());
        }
    }

    /// Forgets what was learnt.
    pub(super) fn begin_anew(&self) {
        self.learning(|gradient| {
            let Some(gradient) = gradient else { return };
            *gradient = Gradient::new(self.in_force().range);
            self.set_limit(gradient.limit());
        });
    }

    /// Gives what was learnt, and keeps others from it meanwhile.
    pub(super) fn learning<T>(&self, f: impl FnOnce(Option<&mut Gradient>) -> T) -> T {
        match self.adaptive.as_ref().and_then(|adaptive| adaptive.learnt.get()) {
            Some(learnt) => f(Some(&mut learnt.lock().unwrap_or_else(PoisonError::into_inner))),
            None => f(None),
        }
    }

    /// Under the lock of the queue: whoever joins it afterwards has seen the new limit, and whoever did before is there
    /// for the next who hands over places.
    pub(super) fn set_limit(&self, limit: u32) {
        let _queue = self.lock();
        let settings = self.in_force();
        let Range { min, max, .. } = settings.range;
        // The range may be another one since this was found.
        let limit = if settings.is_adaptive { limit.clamp(min, max) } else { limit };
        self.limit.store(limit, Relaxed);
    }

    /// Whether it has learnt anything.
    pub(super) fn has_learnt(&self) -> bool {
        self.adaptive.as_ref().is_some_and(|adaptive| adaptive.learnt.get().is_some())
    }
}

#[cfg(test)]
mod tests;
