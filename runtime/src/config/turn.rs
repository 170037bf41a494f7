//! One configuration after the other.

use core::cell::Cell;
use core::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::entries::Entry;
use super::error::{ConfigError, Mistake};
use crate::registry::{self, Managed, Policy};

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

impl Turn {
    /// Takes a turn with all policies of the program.
    pub(super) fn with<T>(
        act: impl FnOnce(&mut Vec<Entry>, &[&dyn Managed]) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        // Dropped after the turn: one that was made at run time may go with it, and that is the user's.
        let policies;
        let mut turn = Self::take()?;
        // Listed within it, so that one who comes meanwhile gets its settings from here or from `apply_to`.
        policies = registry::policies();
        let managed: Vec<&dyn Managed> = policies.iter().map(Policy::managed).collect();
        act(&mut turn, &managed)
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
