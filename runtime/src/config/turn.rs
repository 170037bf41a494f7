//! One configuration after the other.

use core::cell::Cell;
use core::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::entries::Entry;
use super::error::{ConfigError, Mistake};

/// What was loaded last.
static IN_FORCE: Mutex<Vec<Entry>> = Mutex::new(Vec::new());

thread_local! {
    /// Whether this thread has its turn.
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// The right to change settings, until the drop. Nobody takes it on the path of a call.
pub(super) struct Turn {
    in_force: MutexGuard<'static, Vec<Entry>>,
}

impl Turn {
    /// Waits for other threads. Within a turn of this thread there is none, since it would wait for itself: where who hears
    /// of a change loads again.
    pub(super) fn take() -> Result<Self, ConfigError> {
        if OURS.try_with(|ours| ours.replace(true)) == Ok(false) {
            Ok(Self { in_force: IN_FORCE.lock().unwrap_or_else(PoisonError::into_inner) })
        } else {
            Err(ConfigError::of(vec![Mistake::new("", "configuration", "is being loaded by this thread already")]))
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = OURS.try_with(|ours| ours.set(false));
    }
}

impl Deref for Turn {
    type Target = Vec<Entry>;

    fn deref(&self) -> &Vec<Entry> {
        &self.in_force
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut Vec<Entry> {
        &mut self.in_force
    }
}
