//! Where an outcome comes from, in a stack with a fallback beneath a stale one: only the body's own success is one.

use core::sync::atomic::{AtomicBool, Ordering};

/// Whether a fallback has answered. One for a call of the whole stack: each fallback takes it off before what stands
/// beneath it runs, and puts it on when it answers. Shared by reference and so atomic, that the future stays `Send`.
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
}
