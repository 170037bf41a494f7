//! One test at a time, where they share what they cannot have each for itself.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

/// Who has which name, and how often.
static TAKEN: Mutex<Option<HashMap<String, (ThreadId, usize)>>> = Mutex::new(None);
static GIVEN_BACK: Condvar = Condvar::new();

/// Waits until no other test has this name, and keeps it until the guard is dropped.
///
/// A breaker, bulkhead or rate limit of an annotated function is one for the whole program of tests, and faults of one
/// test open it for the others. Tests that all begin with this take turns; other tests run beside them. Test runners with
/// a process for each test, as nextest, need it not. The name is anything that they agree on.
///
/// It blocks the thread. A thread that has the name already is given it again.
///
/// ```
/// use steadfast::{CircuitBreaker, testing};
///
/// static PAYMENTS: CircuitBreaker = CircuitBreaker::new().name("payments");
///
/// let _turn = testing::turn("payments");
/// let _fresh = testing::fresh(&PAYMENTS);
/// // No other test that says so has anything to do with it now.
/// ```
pub fn turn(name: impl Into<String>) -> Turn {
    let (name, here) = (name.into(), thread::current().id());
    let mut taken = lock();
    loop {
        let held = taken.get_or_insert_default().entry(name.clone()).or_insert((here, 0));
        if held.0 == here {
            held.1 += 1;
            return Turn { name };
        }
        taken = GIVEN_BACK.wait(taken).unwrap_or_else(PoisonError::into_inner);
    }
}

/// The turn of a test, until it is dropped.
#[derive(Debug)]
#[must_use = "the turn is over when this is dropped"]
pub struct Turn {
    name: String,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = lock();
        let names = taken.get_or_insert_default();
        if let Some(held) = names.get_mut(&self.name) {
            held.1 -= 1;
            if held.1 == 0 {
                names.remove(&self.name);
                GIVEN_BACK.notify_all();
            }
        }
    }
}

fn lock() -> MutexGuard<'static, Option<HashMap<String, (ThreadId, usize)>>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    #[test]
    fn one_after_the_other() {
        static INSIDE: AtomicUsize = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _turn = turn("one_after_the_other");
                        let _again = turn("one_after_the_other");
                        assert_eq!(INSIDE.fetch_add(1, SeqCst), 0);
                        thread::yield_now();
                        INSIDE.fetch_sub(1, SeqCst);
                    }
                });
            }
        });
        let _other = turn("another");
        let panicked = thread::spawn(|| {
            let _turn = turn("one_after_the_other");
            panic!("a test that fails");
        });
        assert!(panicked.join().is_err());
        let _turn = turn("one_after_the_other");
    }
}
