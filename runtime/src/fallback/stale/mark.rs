//! Where an outcome comes from, in a stack with a fallback beneath a stale one: only the body's own success is one.

use core::sync::atomic::{AtomicBool, Ordering};

use crate::Flow;

/// Whether a fallback has answered. One for a call of the whole stack, and one for each call of a hedge: each fallback
/// takes it off before what stands beneath it runs, and puts it on when it answers. Shared by reference and so atomic,
/// that the future stays `Send`.
#[derive(Debug, Default)]
pub struct Mark(AtomicBool);

impl Mark {
    /// Nobody has answered.
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// What is beneath runs, anew perhaps.
    #[inline]
    pub fn begin(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// A fallback answers.
    #[inline]
    pub fn answers(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn is_answered(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Goes along with the outcome of the call that it is of.
    #[inline]
    pub fn give<R, X>(&self, outcome: Flow<R, X>) -> Flow<Marked<R>, X> {
        match outcome {
            Flow::Returned(value) => Flow::Returned(Marked { value, is_answered: self.is_answered() }),
            Flow::Rejected(rejection) => Flow::Rejected(rejection),
        }
    }

    /// Becomes the one that comes with an outcome.
    #[inline]
    pub(crate) fn take<R, X>(&self, outcome: Flow<Marked<R>, X>) -> Flow<R, X> {
        match outcome {
            Flow::Returned(Marked { value, is_answered }) => {
                self.0.store(is_answered, Ordering::Relaxed);
                Flow::Returned(value)
            }
            Flow::Rejected(rejection) => Flow::Rejected(rejection),
        }
    }
}

/// What one of the calls of a hedge has returned, and whether a fallback has answered there.
#[derive(Debug)]
pub struct Marked<R> {
    value: R,
    is_answered: bool,
}

impl<R> Marked<R> {
    #[inline]
    pub(crate) const fn value(&self) -> &R {
        &self.value
    }
}
