//! What is in force, and one load within another.
//!
//! No lock is held while policies change, since those whom they tell of it may register policies, load, or wait for a
//! thread that does. Instead whoever changes a policy looks afterwards whether something else came into force meanwhile,
//! and then puts that over the policy as well. So the last who writes writes what was loaded last.

use core::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};

use super::entries::Entry;
use super::error::{ConfigError, Mistake};
use super::resolve;
use crate::hook;
use crate::registry::Managed;

/// What was loaded last, and how many loads there were until then.
pub(super) struct InForce(Mutex<(u64, Option<Arc<[Entry]>>)>);

impl InForce {
    pub(super) const fn new() -> Self {
        Self(Mutex::new((0, None)))
    }

    /// Which load it was, and what it says.
    pub(super) fn get(&self) -> (u64, Arc<[Entry]>) {
        let in_force = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (in_force.0, in_force.1.clone().unwrap_or_default())
    }

    /// Which load this is.
    pub(super) fn put(&self, entries: Vec<Entry>) -> u64 {
        let entries = Some(entries.into());
        let mut in_force = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        in_force.0 += 1;
        in_force.1 = entries;
        in_force.0
    }

    pub(super) fn is(&self, load: u64) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 == load
    }

    /// After `load` was put over the policies: what came into force meanwhile over them, too, if something did. A policy
    /// that does not take it stays as it is, as its newcomers do.
    pub(super) fn catch_up(&self, mut load: u64, policies: &[&dyn Managed]) {
        while !self.is(load) {
            let (now, entries) = self.get();
            for policy in policies {
                if let Ok(changes) = resolve::plan(&entries, &[*policy]) {
                    run(changes, || self.is(now));
                }
            }
            load = now;
        }
    }
}

/// Changes policies for as long as it `goes_on`. What a policy of the user's does then must not keep others from changing.
pub(super) fn run(changes: Vec<crate::registry::Change<'_>>, goes_on: impl Fn() -> bool) {
    for change in changes.into_iter().take_while(|_| goes_on()) {
        hook::caught(change);
    }
}

thread_local! {
    /// Whether this thread loads.
    static LOADS: Cell<bool> = const { Cell::new(false) };
}

/// The right of a thread to load, until the drop: who hears of a change and loads again would do so for ever.
pub(super) struct Turn(());

impl Turn {
    pub(super) fn take() -> Result<Self, ConfigError> {
        if LOADS.try_with(|loads| loads.replace(true)) == Ok(false) {
            Ok(Self(()))
        } else {
            Err(ConfigError::of(vec![Mistake::new("", "configuration", "is being loaded by this thread already")]))
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = LOADS.try_with(|loads| loads.set(false));
    }
}
