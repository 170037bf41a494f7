//! Permits and those who wait for them, whatever the order of the threads.

use core::time::Duration;
use std::sync::Arc;

use super::RateLimit;
use super::queue::Place;
use crate::models::{Bell, check, clock, join, spawn};

const SECOND: Duration = Duration::from_secs(1);
const NANOS: u64 = 1_000_000_000;

/// So many calls a second, and others wait.
fn limit(permits: u32) -> Arc<RateLimit> {
    let limit = RateLimit::new(permits).max_wait(60 * SECOND);
    limit.bucket.number.touch();
    limit.rejected.touch();
    Arc::new(limit)
}

/// One whose first permit is taken; the next is there in a second.
fn spent() -> Arc<RateLimit> {
    let limit = limit(1);
    limit.try_acquire().unwrap();
    limit
}

fn wait(limit: &RateLimit) -> Option<Place<'_>> {
    limit.line_up().expect("there is time to wait")
}

/// Waits for a permit. Who was told of a later time than it has in the end was woken to look again.
fn watches(limit: &RateLimit) -> Option<(Arc<Bell>, u64, Duration)> {
    let place = wait(limit)?;
    let (bell, waker) = Bell::new();
    let told = place.watch(&waker).expect("nobody keeps it away");
    Some((bell, place.stay(), told))
}

/// How long it is until all permits that were given are back: a second for each.
fn given(limit: &RateLimit) -> Duration {
    limit.retry_after().unwrap_or_default()
}

#[test]
fn no_more_pass_than_there_are_permits() {
    check(3, || {
        let limit = limit(2);
        let passes = |limit: &RateLimit| u32::from(limit.try_acquire().is_ok());
        let threads = [spawn(&limit, passes), spawn(&limit, passes)];
        let passed = passes(&limit) + join(threads).iter().sum::<u32>();
        assert_eq!((passed, limit.rejected(), limit.available()), (2, 1, 0));
    });
}

#[test]
fn each_who_waits_has_a_time_of_its_own() {
    check(2, || {
        let limit = spent();
        let waits = |limit: &RateLimit| {
            let place = wait(limit).expect("there is no permit at once");
            let wait = place.wait();
            place.stay();
            wait
        };
        let threads = [spawn(&limit, waits), spawn(&limit, waits)];
        let mut waits = [join(threads).as_slice(), &[waits(&limit)]].concat();
        waits.sort();
        assert_eq!(waits, [SECOND, 2 * SECOND, 3 * SECOND]);
        assert_eq!((limit.waiting(), given(&limit)), (3, 4 * SECOND));
    });
}

#[test]
fn who_goes_away_leaves_its_time() {
    check(3, || {
        let limit = spent();
        let first = wait(&limit).unwrap().stay();
        let thread = spawn(&limit, watches);
        drop(Place::of(&limit, first));
        let (bell, number, told) = thread.join().unwrap().expect("there is no permit at once");
        let place = Place::of(&limit, number);
        assert_eq!((place.wait(), limit.waiting()), (SECOND, 1));
        assert!(told == SECOND || bell.rung() == 1, "it was told {told:?} and not woken");
        assert_eq!(given(&limit), 2 * SECOND);
        drop(place);
        assert_eq!((limit.waiting(), given(&limit)), (0, SECOND));
    });
}

#[test]
fn what_is_given_back_is_taken_once() {
    check(3, || {
        let limit = limit(2);
        for _ in 0..2 {
            limit.try_acquire().unwrap();
        }
        let late = wait(&limit).unwrap().stay();
        // Its permit was due half a second ago, and another one is there now.
        clock::advance(NANOS);
        let passes = |limit: &RateLimit| u32::from(limit.try_acquire().is_ok());
        let threads = [spawn(&limit, passes), spawn(&limit, passes)];
        drop(Place::of(&limit, late));
        let passed = join(threads).iter().sum::<u32>();
        assert!(passed >= 1, "there is one for each who takes what is there");
        assert_eq!(limit.available(), 2 - passed);
    });
}

#[test]
fn whoever_waits_learns_of_what_is_forced() {
    for opened in [true, false] {
        check(3, move || {
            let limit = spent();
            let thread = spawn(&limit, |limit| {
                let place = limit.line_up().ok()??;
                let (bell, waker) = Bell::new();
                let told = place.watch(&waker).ok()?;
                place.stay();
                Some((bell, told))
            });
            if opened {
                limit.force_open()
            } else {
                limit.force_closed()
            }
            if let Some((bell, told)) = thread.join().unwrap() {
                assert!(told.is_zero() || bell.rung() == 1, "it goes on to wait");
            }
        });
    }
}

#[test]
fn a_reset_gives_each_permit_once() {
    check(3, || {
        let limit = spent();
        let thread = spawn(&limit, watches);
        limit.reset();
        // At once, or after a wait that is over now: it has the only permit.
        if let Some((bell, number, told)) = thread.join().unwrap() {
            let place = Place::of(&limit, number);
            assert_eq!(place.wait(), Duration::ZERO);
            assert!(told.is_zero() || bell.rung() == 1, "it goes on to wait");
            place.pass().unwrap();
        }
        assert_eq!(given(&limit), SECOND);
    });
}

#[test]
fn a_clock_that_goes_back_empties_the_bucket_once() {
    check(3, || {
        clock::set(100 * NANOS);
        let limit = spent();
        clock::set(10 * NANOS);
        let waits = |limit: &RateLimit| wait(limit).expect("nobody passes too soon").stay();
        let thread = spawn(&limit, waits);
        waits(&limit);
        thread.join().unwrap();
        assert_eq!((limit.waiting(), given(&limit)), (2, 3 * SECOND));
    });
}
