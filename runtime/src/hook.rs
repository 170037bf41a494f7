//! How policies tell what they do.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Tells a hook. Its panic must not take the place of the call's outcome, nor meet another that is under way.
pub(crate) fn tell<E: ?Sized>(hook: impl FnOnce(&E), event: &E) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| hook(event))) {
        // Dropping it could panic again.
        core::mem::forget(payload);
    }
}
