//! Places and the queue, whatever the order of the threads.

use core::mem;
use core::time::Duration;
use std::sync::Arc;

use loom::cell::UnsafeCell;

use super::queue::{Asked, Standing};
use super::{Bulkhead, Place};
use crate::models::{Bell, check, join, spawn};

/// One whose calls wait without end, and what a single place stands for.
struct Guarded {
    bulkhead: Bulkhead,
    /// Dereferenced nowhere: loom knows who is at it, and who does not know of the one before.
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

    fn try_call(&self) {
        if let Ok(_place) = self.bulkhead.try_acquire() {
            self.resource.with_mut(|_| loom::thread::yield_now());
        }
    }

    /// A call, which waits for its place.
    fn call(&self) {
        self.bulkhead.block().expect("nobody keeps it away");
        let _place = Place::taken(&self.bulkhead);
        self.resource.with_mut(|_| ());
    }

    /// One that never ends.
    fn stay(&self) {
        self.bulkhead.block().expect("nobody keeps it away");
    }

    /// A caller that goes away before it has looked whether its place has come.
    fn go_away(&self) {
        match self.bulkhead.ask(Bell::new().1) {
            Asked::Queued(turn) => drop(turn),
            Asked::Entered => self.bulkhead.leave(),
            Asked::Refused => panic!("there is room in the queue"),
        }
    }

    /// A caller whose time is over when it looks.
    fn come_late(&self) {
        match self.bulkhead.ask(Bell::new().1) {
            Asked::Queued(mut turn) => match turn.look(Bell::new().1, true) {
                Standing::Granted => self.bulkhead.leave(),
                Standing::Refused => {}
                Standing::Waiting => panic!("its time is over"),
            },
            Asked::Entered => self.bulkhead.leave(),
            Asked::Refused => panic!("there is room in the queue"),
        }
    }

    fn place(&self) -> Place<'_> {
        self.bulkhead.try_acquire().expect("there is a place")
    }

    fn is_as_new(&self) {
        assert_eq!(self.bulkhead.word().0, 0, "nobody runs, nobody waits");
        assert!(self.bulkhead.lock().is_empty());
    }
}

#[test]
fn a_place_is_had_by_one_at_a_time() {
    check(2, || {
        let guarded = Guarded::new(1);
        let threads = [spawn(&guarded, Guarded::try_call), spawn(&guarded, Guarded::try_call)];
        guarded.try_call();
        join(threads);
        guarded.is_as_new();
    });
}

#[test]
fn whoever_waits_gets_the_place() {
    check(2, || {
        let guarded = Guarded::new(1);
        let threads = [spawn(&guarded, Guarded::call), spawn(&guarded, Guarded::call)];
        guarded.call();
        join(threads);
        guarded.is_as_new();
    });
}

#[test]
fn who_goes_away_takes_no_place_along() {
    for leaver in [Guarded::go_away, Guarded::come_late] {
        check(2, move || {
            let guarded = Guarded::new(1);
            let place = guarded.place();
            let threads = [spawn(&guarded, leaver), spawn(&guarded, Guarded::call)];
            drop(place);
            join(threads);
            guarded.is_as_new();
        });
    }
}

#[test]
fn whoever_waits_learns_of_a_new_limit() {
    check(2, || {
        let guarded = Guarded::new(1);
        let place = guarded.place();
        let threads = [spawn(&guarded, Guarded::stay), spawn(&guarded, Guarded::stay)];
        // As a call of an adaptive bulkhead ends.
        guarded.bulkhead.set_limit(2);
        drop(place);
        join(threads);
        assert_eq!((guarded.bulkhead.running(), guarded.bulkhead.waiting()), (2, 0));
        assert!(guarded.bulkhead.try_acquire().is_err(), "no more than the limit");
    });
}

#[test]
fn nobody_enters_beyond_a_limit_that_has_shrunk() {
    check(2, || {
        let guarded = Guarded::new(2);
        let place = guarded.place();
        mem::forget(guarded.place());
        let waits = spawn(&guarded, Guarded::stay);
        let tries = spawn(&guarded, |guarded| guarded.bulkhead.try_acquire().map(mem::forget).is_ok());
        guarded.bulkhead.set_limit(1);
        // One runs, as many as may.
        drop(place);
        assert!(!tries.join().unwrap(), "there never was a place");
        guarded.bulkhead.leave();
        waits.join().unwrap();
        assert_eq!((guarded.bulkhead.running(), guarded.bulkhead.waiting()), (1, 0));
    });
}

#[test]
fn whoever_waits_learns_of_what_is_forced() {
    for opened in [true, false] {
        check(3, move || {
            let guarded = Guarded::new(1);
            let _place = guarded.place();
            let wait = |guarded: &Guarded| guarded.bulkhead.block().is_err();
            let thread = spawn(&guarded, wait);
            if opened {
                guarded.bulkhead.force_open()
            } else {
                guarded.bulkhead.force_closed()
            }
            assert_eq!(thread.join().unwrap(), opened);
            assert_eq!((guarded.bulkhead.running(), guarded.bulkhead.waiting()), (2 - u32::from(opened), 0));
        });
    }
}

#[test]
fn rejections_are_counted() {
    check(3, || {
        let guarded = Guarded::new(1);
        let entered = |guarded: &Guarded| u64::from(guarded.bulkhead.try_acquire().map(mem::forget).is_ok());
        let threads = [spawn(&guarded, entered), spawn(&guarded, entered)];
        let entered = entered(&guarded) + join(threads).iter().sum::<u64>();
        assert_eq!((entered, guarded.bulkhead.rejected()), (1, 2));
    });
}
