//! One policy per key, at most so many.

use core::fmt;
use std::collections::HashMap;
use std::sync::Arc;

use crate::key::{Key, KeyBytes};
use crate::sync::Ordering::Relaxed;
use crate::sync::{AtomicU64, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use crate::{Bulkhead, CircuitBreaker, RateLimit};

#[cfg(feature = "registry")]
mod managed;
#[cfg(steadfast_loom)]
mod models;

/// A policy that can be kept per key.
pub trait Policy: sealed::Policy {}

pub(crate) mod sealed {
    pub trait Policy {
        /// Another one with the same settings, and a state of its own.
        fn fresh(&self) -> Self;

        /// Whether it knows nothing that would be lost with it.
        fn is_clean(&self) -> bool;

        /// Whether it keeps calls away now, which forgetting it would end.
        fn is_rejecting(&self) -> bool;

        /// Takes over what has been put over the settings of the one it was made of, and what that is forced to do.
        #[cfg(feature = "registry")]
        fn follow(&self, template: &Self);

        /// Does what the one it was made of is forced to do, or goes by its settings again where that is forced to nothing.
        #[cfg(feature = "registry")]
        fn obey(&self, template: &Self);
    }
}

impl Policy for CircuitBreaker {}

impl sealed::Policy for CircuitBreaker {
    fn fresh(&self) -> Self {
        Self::fresh(self)
    }

    fn is_clean(&self) -> bool {
        Self::is_clean(self)
    }

    fn is_rejecting(&self) -> bool {
        Self::is_rejecting(self)
    }

    #[cfg(feature = "registry")]
    fn follow(&self, template: &Self) {
        Self::follow(self, template);
    }

    #[cfg(feature = "registry")]
    fn obey(&self, template: &Self) {
        managed::obey(self, template);
    }
}

impl Policy for Bulkhead {}

impl sealed::Policy for Bulkhead {
    fn fresh(&self) -> Self {
        Self::fresh(self)
    }

    fn is_clean(&self) -> bool {
        Self::is_idle(self)
    }

    fn is_rejecting(&self) -> bool {
        Self::is_forced_open(self)
    }

    #[cfg(feature = "registry")]
    fn follow(&self, template: &Self) {
        Self::follow(self, template);
    }

    #[cfg(feature = "registry")]
    fn obey(&self, template: &Self) {
        managed::obey(self, template);
    }
}

impl Policy for RateLimit {}

impl sealed::Policy for RateLimit {
    fn fresh(&self) -> Self {
        Self::fresh(self)
    }

    fn is_clean(&self) -> bool {
        Self::is_full(self)
    }

    fn is_rejecting(&self) -> bool {
        Self::is_rejecting(self)
    }

    #[cfg(feature = "registry")]
    fn follow(&self, template: &Self) {
        Self::follow(self, template);
    }

    #[cfg(feature = "registry")]
    fn obey(&self, template: &Self) {
        managed::obey(self, template);
    }
}

/// A policy of which each key has one of its own, made when the key is first asked for; made by
/// [`CircuitBreaker::keyed`], [`Bulkhead::keyed`] or [`RateLimit::keyed`].
///
/// At most `max_keys` of them are kept, 1024 by default. When there are more keys, the one that was used least recently
/// is forgotten: among clean ones first, then among those with failures or permits taken, at last among those that
/// reject, which are open or spent. One that somebody holds is never forgotten, so a key's calls under way all share one
/// policy. If all are held, a new key gets a
/// policy that is not kept.
///
/// All of them have the same name: keys are never part of events or metrics.
///
/// ```
/// use steadfast::{CircuitBreaker, Keyed};
///
/// static HOSTS: Keyed<CircuitBreaker> = CircuitBreaker::new().failure_threshold(1).keyed();
///
/// HOSTS.get("a.example").try_acquire()?.failure();
/// assert!(HOSTS.get(&String::from("a.example")).is_open());
/// assert!(!HOSTS.get("b.example").is_open());
/// # Ok::<(), steadfast::Rejection>(())
/// ```
pub struct Keyed<P> {
    template: P,
    max_keys: usize,
    /// In place of `max_keys`, where it is not 0.
    #[cfg(feature = "registry")]
    max_keys_over: AtomicU64,
    /// How often all keys were steered: whoever comes to them meanwhile sees that it was.
    #[cfg(feature = "registry")]
    steered: AtomicU64,
    /// Told to each entry that is used, so that the least recent is known.
    tick: AtomicU64,
    /// One lock for all: it is held for a look-up, and for writing only when a key is new.
    entries: OnceLock<RwLock<Entries<P>>>,
}

type Entries<P> = HashMap<Box<[u8]>, Entry<P>>;

struct Entry<P> {
    policy: Arc<P>,
    used: AtomicU64,
}

impl<P> Keyed<P> {
    pub(crate) const fn new(template: P) -> Self {
        Self {
            template,
            max_keys: 1024,
            #[cfg(feature = "registry")]
            max_keys_over: AtomicU64::new(0),
            #[cfg(feature = "registry")]
            steered: AtomicU64::new(0),
            tick: AtomicU64::new(0),
            entries: OnceLock::new(),
        }
    }

    /// How many keys are kept at most; 1024 by default, 0 means 1.
    ///
    /// Once so many are kept, a new key takes a time in proportion to this number, since it looks for the one to
    /// forget.
    pub const fn max_keys(mut self, keys: usize) -> Self {
        self.max_keys = if keys == 0 { 1 } else { keys };
        self
    }

    #[cfg(not(feature = "registry"))]
    const fn max_keys_in_force(&self) -> usize {
        self.max_keys
    }

    /// How many keys are kept at present.
    pub fn len(&self) -> usize {
        self.entries.get().map_or(0, |entries| read(entries).len())
    }

    /// Whether no key is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those kept at present, in no order: to be looked at, or reset.
    pub fn policies(&self) -> Vec<Arc<P>> {
        let Some(entries) = self.entries.get() else { return Vec::new() };
        read(entries).values().map(|entry| Arc::clone(&entry.policy)).collect()
    }

    /// The policy of a key, if it is kept; asking so is no use of it.
    pub fn peek(&self, key: &(impl Key + ?Sized)) -> Option<Arc<P>> {
        let key = KeyBytes::of(key);
        read(self.entries.get()?).get(key.as_slice()).map(|entry| Arc::clone(&entry.policy))
    }

    /// Forgets a key, and gives back its policy; who holds it may go on using it.
    pub fn remove(&self, key: &(impl Key + ?Sized)) -> Option<Arc<P>> {
        let key = KeyBytes::of(key);
        write(self.entries.get()?).remove(key.as_slice()).map(|entry| entry.policy)
    }
}

impl<P: Policy> Keyed<P> {
    /// The policy of a key, made if there is none.
    pub fn get(&self, key: &(impl Key + ?Sized)) -> Arc<P> {
        // The key's own code runs here, and never under the lock.
        let key = KeyBytes::of(key);
        let entries = self.entries.get_or_init(RwLock::default);
        if let Some(entry) = read(entries).get(key.as_slice()) {
            return self.used(entry);
        }
        #[cfg(feature = "registry")]
        let steered = self.steered();
        // Made before the lock is taken, and dropped after it, as is what is forgotten.
        let new = Entry { policy: Arc::new(self.template.fresh()), used: AtomicU64::new(0) };
        let _forgotten;
        let mut entries = write(entries);
        if let Some(entry) = entries.get(key.as_slice()) {
            return self.used(entry);
        }
        _forgotten = forget(&mut entries, self.max_keys_in_force() - 1);
        let policy = self.used(&new);
        if entries.len() < self.max_keys_in_force() {
            entries.insert(key.as_slice().into(), new);
        }
        drop(entries);
        // After it has come to the others: what the template goes by now it had not, or will be told with them.
        #[cfg(feature = "registry")]
        self.bring_along(core::slice::from_ref(&policy), steered);
        policy
    }

    fn used(&self, entry: &Entry<P>) -> Arc<P> {
        entry.used.store(self.tick.fetch_add(1, Relaxed), Relaxed);
        Arc::clone(&entry.policy)
    }
}

/// Forgets keys until there are so many, or all that are left are held: each is looked at once, since everybody waits.
/// Nobody can come to hold an entry meanwhile, since that takes the lock.
fn forget<P: Policy>(entries: &mut Entries<P>, most: usize) -> Vec<Entry<P>> {
    let too_many = entries.len().saturating_sub(most);
    if too_many == 0 {
        return Vec::new();
    }
    let idle = entries.iter().filter(|(_, entry)| Arc::strong_count(&entry.policy) == 1);
    let idle = idle.map(|(key, entry)| (entry.worth(), key));
    let least: Vec<_> = if too_many == 1 {
        // As where a key comes: without a list.
        idle.min().into_iter().collect()
    } else {
        let mut idle: Vec<_> = idle.collect();
        if too_many < idle.len() {
            idle.select_nth_unstable(too_many);
            idle.truncate(too_many);
        }
        idle
    };
    let least: Vec<_> = least.into_iter().map(|(_, key)| key.clone()).collect();
    least.iter().filter_map(|key| entries.remove(key)).collect()
}

impl<P: Policy> Entry<P> {
    /// The least goes first.
    fn worth(&self) -> (bool, bool, u64) {
        (self.policy.is_rejecting(), !self.policy.is_clean(), self.used.load(Relaxed))
    }
}

/// No user code runs under the lock, so a poisoned one is as good as any.
fn read<P>(entries: &RwLock<Entries<P>>) -> RwLockReadGuard<'_, Entries<P>> {
    entries.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<P>(entries: &RwLock<Entries<P>>) -> RwLockWriteGuard<'_, Entries<P>> {
    entries.write().unwrap_or_else(PoisonError::into_inner)
}

impl<P: fmt::Debug> fmt::Debug for Keyed<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed")
            .field("template", &self.template)
            .field("max_keys", &self.max_keys_in_force())
            .field("keys", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
