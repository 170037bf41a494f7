//! Where the state machines have their atomics and locks from: the standard library, or [`loom`](modelled) in the models
//! that try every order in which threads can come to them.
//!
//! What no decision hangs on stands apart from this: the numbers of threads, and the flags of one call.

#[cfg(steadfast_loom)]
mod modelled;

pub(crate) use core::sync::atomic::Ordering;
pub(crate) use std::sync::{PoisonError, TryLockError};

#[cfg(not(steadfast_loom))]
pub(crate) use {
    core::sync::atomic::{AtomicI64, AtomicU32, AtomicU64},
    std::sync::{Condvar, Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

#[cfg(steadfast_loom)]
pub(crate) use {
    loom::sync::{Condvar, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard},
    modelled::{AtomicI64, AtomicU32, AtomicU64, Mutex, OnceLock},
};
