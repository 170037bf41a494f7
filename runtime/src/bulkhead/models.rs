//! Places and the queue under every order of the threads.

use core::time::Duration;
use std::sync::Arc;

use loom::cell::UnsafeCell;

use super::queue::{Asked, Standing, Turn};
use super::{Bulkhead, Place};
use crate::models::{Bell, check, spawn};

/// One whose calls wait without end, and what its places stand for. Dereferenced nowhere: loom knows who is at it.
struct Guarded {
    bulkhead: Bulkhead,
    resource: UnsafeCell<()>,
}

impl Guarded {
    fn new(limit: u32) -> Arc<Self> {
        let bulkhead = Bulkhead::new(limit).max_wait(Duration::MAX).max_queue(8);
        bulkhead.word.touch();
        bulkhead.limit.touch();
        bulkhead.rejected.touch();
        Arc::new(Self { bulkhead, resource: UnsafeCell::new(()) })
    }

    fn place(&self) -> Place<'_> {
        self.bulkhead.try_acquire().expect("there is a place")
    }

    /// A call, which waits for its place.
    fn call(&self) {
        self.bulkhead.block().expect("nobody keeps it away");
        let _place = Place::taken(&self.bulkhead);
        self.use_it();
    }

    fn queue(&self) -> Turn<'_> {
        let (_, waker) = Bell::new();
        match self.bulkhead.ask(waker) {
            Asked::Queued(turn) => turn,
            Asked::Entered | Asked::Refused => panic!("there is no place, and room in the queue"),
        }
    }

    /// Whoever has one of two places reads, who has the only one writes.
    fn use_it(&self) {
        self.resource.with_mut(|_| loom::thread::yield_now());
    }

    fn is_as_new(&self) {
        let bulkhead = &self.bulkhead;
        assert_eq!(bulkhead.word().0, 0, "nobody runs, nobody waits");
        assert!(bulkhead.lock().is_empty());
    }
}

#[test]
fn a_place_is_had_by_one_at_a_time() {
    check(3, || {
        let guarded = Guarded::new(1);
        let tried = |guarded: &Guarded| {
            if let Ok(_place) = guarded.bulkhead.try_acquire() {
                guarded.use_it();
            }
        };
        let threads = [spawn(&guarded, tried), spawn(&guarded, tried)];
        tried(&guarded);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        guarded.is_as_new();
        drop(guarded.place());
    });
}

#[test]
fn whoever_waits_gets_the_place() {
    check(2, || {
        let guarded = Guarded::new(1);
        let threads = [spawn(&guarded, Guarded::call), spawn(&guarded, Guarded::call)];
        guarded.call();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        guarded.is_as_new();
    });
}
