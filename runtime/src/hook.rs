//! How policies tell what they do.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Tells a hook. Its panic must not take the place of the call's outcome, nor meet another that is under way.
pub(crate) fn tell<E: ?Sized>(hook: impl FnOnce(&E), event: &E) {
    caught(|| hook(event));
}

/// What code of the user's gives; `None` where it panics.
pub(crate) fn caught<T>(code: impl FnOnce() -> T) -> Option<T> {
    // Dropping a payload could panic again.
    catch_unwind(AssertUnwindSafe(code)).map_err(core::mem::forget).ok()
}
