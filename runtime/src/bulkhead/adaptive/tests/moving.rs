//! P35 where the limit moves: places and the queue for them.

use core::future::{pending, poll_fn, ready};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::thread;

use tokio::time::sleep;

use super::*;
use crate::Flow;

/// As a call does when it ends: the limit, and then the places.
fn move_to(bulkhead: &Bulkhead, limit: u32) {
    bulkhead.set_limit(limit);
    bulkhead.hand_over();
}

/// P35: no place is given twice.
#[test]
fn a_limit_that_shrinks_lets_end_who_runs_and_admits_nobody_until_it_is_below() {
    let bulkhead = Bulkhead::adaptive(1, 10).initial(5);
    let mut places: Vec<_> = (0..5).map(|_| bulkhead.try_acquire().unwrap()).collect();
    move_to(&bulkhead, 2);
    assert_eq!((bulkhead.running(), bulkhead.limit()), (5, 2));
    for running in (2..5).rev() {
        drop(places.pop());
        assert_eq!(bulkhead.running(), running);
        assert!(bulkhead.try_acquire().is_err(), "{running} run");
    }
    drop(places.pop());
    let place = bulkhead.try_acquire().unwrap();
    assert!(bulkhead.try_acquire().is_err());
    drop((places, place));
    assert!(bulkhead.is_idle());
}

/// P35: who waits is let in in order, as many as there are new places, and nobody overtakes.
#[tokio::test(start_paused = true)]
async fn a_limit_that_grows_lets_in_who_waits_in_order() {
    let bulkhead = Bulkhead::adaptive(1, 10).initial(1).max_wait(SECOND).max_queue(10);
    let place = bulkhead.try_acquire().unwrap();
    let mut calls: Vec<_> = (0..6).map(|_| boxed(bulkhead.try_call(pending::<()>()))).collect();
    for call in &mut calls {
        assert!(poll_now(call.as_mut()).is_pending());
    }
    move_to(&bulkhead, 4);
    assert_eq!(occupancy(&bulkhead), (4, 3));
    assert!(bulkhead.try_acquire().is_err(), "though it is not its turn that is asked for");
    // The first three have them, whoever is asked first.
    for call in calls.iter_mut().rev() {
        assert!(poll_now(call.as_mut()).is_pending());
    }
    drop(calls.split_off(3));
    assert_eq!(occupancy(&bulkhead), (4, 0));
    drop((calls, place));
    assert!(bulkhead.is_idle());
}

/// P35: no place is lost with a caller that goes while the limit moves.
#[tokio::test(start_paused = true)]
async fn callers_that_go_while_the_limit_moves_leave_their_places() {
    for (round, limit) in [(0, 1), (1, 3), (2, 7), (3, 1), (4, 4), (5, 10)] {
        for moves_first in [true, false] {
            let bulkhead = Bulkhead::adaptive(1, 10).initial(3).max_wait(SECOND).max_queue(10);
            let mut calls: Vec<_> = (0..8).map(|_| boxed(bulkhead.try_call(pending::<()>()))).collect();
            for call in &mut calls {
                assert!(poll_now(call.as_mut()).is_pending());
            }
            if moves_first {
                move_to(&bulkhead, limit);
            }
            let gone = calls.remove(round);
            drop(gone);
            if !moves_first {
                move_to(&bulkhead, limit);
            }
            // As many as may run do; three ran already, and one of them has gone.
            let least = if moves_first && round < 3 { 2 } else { 3 };
            let running = limit.clamp(least, 7);
            assert_eq!(occupancy(&bulkhead), (running, 7 - running), "round {round}, {moves_first}");
            while !calls.is_empty() {
                drop(calls.remove(round % calls.len()));
                assert!(bulkhead.waiting() == 0 || bulkhead.running() >= limit, "{bulkhead:?}");
            }
            assert!(bulkhead.is_idle());
            // And there are as many places as the limit says.
            let places: Vec<_> = (0..20).filter_map(|_| bulkhead.try_acquire().ok()).collect();
            assert_eq!(places.len(), limit as usize);
        }
    }
}

/// Places that a call has won by its end go to those who wait.
#[tokio::test(start_paused = true)]
async fn whoever_ends_hands_on_what_it_has_won() {
    let bulkhead = Bulkhead::adaptive(1, 100).initial(2).max_wait(SECOND * 3600).max_queue(1000);
    let mut calls: Vec<_> = (0..1000).map(|_| boxed(bulkhead.try_call(async { sleep(MILLISECOND).await }))).collect();
    let mut most = 0;
    poll_fn(|cx| {
        calls.retain_mut(|call| call.as_mut().poll(cx).is_pending());
        most = most.max(bulkhead.running());
        assert!(bulkhead.waiting() == 0 || bulkhead.running() >= bulkhead.limit(), "{bulkhead:?}");
        if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    assert!(most > 10, "{most}");
    assert_eq!(occupancy(&bulkhead), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_forced_or_reset() {
    let bulkhead = Bulkhead::adaptive(1, 100).initial(3).max_wait(SECOND).max_queue(100);
    let rounds = async |rounds| {
        for _ in 0..rounds {
            let mut calls: Vec<_> =
                (0..bulkhead.limit()).map(|_| boxed(bulkhead.try_call(sleep(MILLISECOND)))).collect();
            poll_fn(|cx| {
                calls.retain_mut(|call| call.as_mut().poll(cx).is_pending());
                if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    };
    rounds(50).await;
    let grown = bulkhead.limit();
    assert!(grown > 6, "{grown}");
    assert!(!bulkhead.is_idle(), "it has something to lose");
    // What passes then says nothing of the limit.
    bulkhead.force_closed();
    rounds(50).await;
    assert_eq!(bulkhead.limit(), grown);
    bulkhead.reset();
    assert_eq!(bulkhead.limit(), 3);
    // One that grows by a reset lets in who waits.
    bulkhead.set_limit(1);
    let place = bulkhead.try_acquire().unwrap();
    let mut waits = boxed(bulkhead.try_call(ready(1)));
    assert!(poll_now(waits.as_mut()).is_pending());
    bulkhead.reset();
    assert_eq!(poll_now(waits.as_mut()), Poll::Ready(Flow::Returned(1)));
    drop(place);
}

/// P35 on threads, while the limit moves: never more than the highest limit, no place lost, nobody left waiting for ever.
#[test]
fn under_stress_no_place_is_lost_and_none_given_twice() {
    const MOST: u32 = 4;
    const THREADS: u32 = 6;
    const ROUNDS: u32 = if cfg!(miri) { 30 } else { 3_000 };
    let bulkhead = Bulkhead::adaptive(1, MOST).initial(2).max_wait(Duration::MAX).max_queue(THREADS);
    let (inside, most, over) = (AtomicU32::new(0), AtomicU32::new(0), AtomicBool::new(false));
    let body = || {
        most.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
        thread::yield_now();
        inside.fetch_sub(1, SeqCst);
    };
    thread::scope(|scope| {
        let callers: Vec<_> = (0..THREADS)
            .map(|number| {
                let (bulkhead, body) = (&bulkhead, &body);
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        match (number + round) % 4 {
                            0 | 1 => assert_eq!(bulkhead.try_call_blocking(body), Flow::Returned(())),
                            2 => {
                                // It goes away, waiting, granted or running.
                                let mut call = boxed(bulkhead.try_call(async {
                                    body();
                                    tokio::task::yield_now().await;
                                }));
                                let _ = poll_now(call.as_mut());
                                thread::yield_now();
                                let _ = (round % 8 < 4).then(|| poll_now(call.as_mut()));
                            }
                            _ => drop(bulkhead.try_acquire().map(|_place| body())),
                        }
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            for limit in (1..=MOST).cycle() {
                if over.load(SeqCst) {
                    break;
                }
                move_to(&bulkhead, limit);
                thread::yield_now();
            }
        });
        for caller in callers {
            caller.join().unwrap();
        }
        over.store(true, SeqCst);
    });
    assert!(most.load(SeqCst) <= MOST, "{most:?}");
    assert_eq!(occupancy(&bulkhead), (0, 0));
    assert!((1..=MOST).contains(&bulkhead.limit()));
}
