//! Waking those who wait.

use core::mem;
use core::task::Waker;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Wakes a task. A waker that panics must not keep others from being woken, nor end a process in which a call is just
/// dropped by another panic.
pub(crate) fn wake(waker: Waker) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
        // Dropping it could panic again.
        mem::forget(payload);
    }
}
