use core::future::{pending, ready};
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tokio::time::sleep;

use super::*;
use crate::bulkhead::layer::{self, bulkhead};
use crate::flow;
use crate::{Class, Flow, Rejection, RejectionKind, Timeout};

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn poll_now<F: Future>(call: F) -> Poll<F::Output> {
    pin!(call).poll(&mut Context::from_waker(Waker::noop()))
}

fn boxed<'a, F: Future + 'a>(call: F) -> Pin<Box<dyn Future<Output = F::Output> + 'a>> {
    Box::pin(call)
}

/// As a call does when it ends: the limit, and then the places.
fn move_to(bulkhead: &Bulkhead, limit: u32) {
    bulkhead.set_limit(limit);
    bulkhead.hand_over();
}

fn occupancy(bulkhead: &Bulkhead) -> (u32, u32) {
    (bulkhead.running(), bulkhead.waiting())
}

#[test]
fn settings_are_taken_to_the_nearest_in_range() {
    let limits = |bulkhead: Bulkhead| {
        let fresh = bulkhead.fresh();
        assert_eq!((bulkhead.limits(), bulkhead.limit()), (fresh.limits(), fresh.limit()));
        (fresh.limits().min_concurrent, fresh.limits().max_concurrent, fresh.limit())
    };
    assert_eq!(limits(Bulkhead::adaptive(1, 200)), (1, 200, 20));
    assert_eq!(limits(Bulkhead::adaptive(0, 0)), (1, 1, 1));
    assert_eq!(limits(Bulkhead::adaptive(9, 3)), (9, 9, 9));
    assert_eq!(limits(Bulkhead::adaptive(50, 200)), (50, 200, 50));
    assert_eq!(limits(Bulkhead::adaptive(2, u32::MAX).initial(0)), (2, u32::MAX, 2));
    assert_eq!(limits(Bulkhead::adaptive(2, 30).initial(u32::MAX)), (2, 30, 30));
    assert_eq!(limits(Bulkhead::new(3).initial(7)), (3, 3, 3));
    // The queue is as long as the limit in force, where it was not set.
    let queue = Bulkhead::adaptive(1, 200).max_wait(SECOND);
    assert_eq!((queue.queue_limit(), queue.limits().max_queue), (20, 200));
    queue.set_limit(5);
    assert_eq!(queue.queue_limit(), 5);
    assert_eq!(Bulkhead::adaptive(1, 200).max_wait(SECOND).max_queue(7).queue_limit(), 7);
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
    core::future::poll_fn(|cx| {
        calls.retain_mut(|call| call.as_mut().poll(cx).is_pending());
        most = most.max(bulkhead.running());
        assert!(bulkhead.waiting() == 0 || bulkhead.running() >= bulkhead.limit(), "{bulkhead:?}");
        if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    assert!(most > 10, "{most}");
    assert_eq!(occupancy(&bulkhead), (0, 0));
}

/// Answers and signs of overload, as many as it has taken in.
fn taken_in(bulkhead: &Bulkhead) -> (u64, u64) {
    let learnt = bulkhead.adaptive.as_ref().unwrap().learnt.get();
    learnt.map_or((0, 0), |gradient| gradient.lock().unwrap().taken_in())
}

/// One that has left its first calls behind, which it does not look at.
fn watching() -> Bulkhead {
    let bulkhead = Bulkhead::adaptive(1, 10).initial(1);
    bulkhead.try_call_blocking(|| ());
    assert_eq!(taken_in(&bulkhead), (0, 0));
    bulkhead
}

#[tokio::test(start_paused = true)]
async fn what_an_outcome_says() {
    let rejected = |kind| Flow::Rejected(Rejection::new(kind, crate::name::Name::UNNAMED));
    let by_class = |outcome: &Option<Class>| *outcome;
    for (outcome, expected) in [
        (Flow::Returned(None), (1, 0)),
        // It may have come sooner than the work takes.
        (Flow::Returned(Some(Class::Permanent)), (0, 0)),
        (Flow::Returned(Some(Class::TRANSIENT)), (0, 0)),
        (Flow::Returned(Some(Class::Neutral)), (0, 0)),
        // It asks for less.
        (Flow::Returned(Some(Class::THROTTLED)), (0, 1)),
        (rejected(RejectionKind::Timeout), (0, 1)),
        // The dependency was not asked.
        (rejected(RejectionKind::CircuitOpen), (0, 0)),
        (rejected(RejectionKind::BulkheadFull), (0, 0)),
        (rejected(RejectionKind::RateLimited), (0, 0)),
    ] {
        let called = watching();
        assert_eq!(bulkhead(&called).watching().around(ready(outcome.clone()), by_class).await, outcome);
        let ran = watching();
        assert_eq!(bulkhead(&ran).watching().run(|| outcome.clone(), by_class), outcome);
        assert_eq!((taken_in(&called), taken_in(&ran)), (expected, expected), "{outcome:?}");
        // Nobody looks.
        let unwatched = watching();
        assert_eq!(bulkhead(&unwatched).around(ready(outcome.clone())).await, outcome);
        assert_eq!(bulkhead(&unwatched).run(|| outcome.clone()), outcome);
        assert_eq!(taken_in(&unwatched), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_result_says_without_a_class() {
    let bulkhead = watching();
    let failed: Result<(), Rejection> = Err(Rejection::new(RejectionKind::Timeout, crate::name::Name::UNNAMED));
    assert_eq!(bulkhead.call(ready(failed)).await, failed);
    assert_eq!(bulkhead.call_blocking(|| failed), failed);
    assert_eq!(taken_in(&bulkhead), (0, 0));
    assert_eq!(bulkhead.call(ready(Ok::<_, Rejection>(1))).await, Ok(1));
    assert_eq!(bulkhead.call_blocking(|| Ok::<_, Rejection>(1)), Ok(1));
    assert_eq!(bulkhead.try_call(ready(())).await, Flow::Returned(()));
    assert_eq!(taken_in(&bulkhead), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn what_a_call_says_that_does_not_end() {
    let bulkhead = watching();
    // Our own timeout drops it.
    let late = Timeout::new(SECOND).try_call(bulkhead.try_call(pending::<()>())).await;
    assert!(late.rejection().is_some());
    assert_eq!((taken_in(&bulkhead), occupancy(&bulkhead)), ((0, 1), (0, 0)));
    // Its caller does.
    let mut call = boxed(bulkhead.try_call(pending::<()>()));
    assert!(poll_now(call.as_mut()).is_pending());
    drop(call);
    assert!(tokio::time::timeout(SECOND, bulkhead.try_call(pending::<()>())).await.is_err());
    // It panics.
    let panics = || -> u32 { panic!("of the body") };
    let caught = catch_unwind(AssertUnwindSafe(|| poll_now(bulkhead.try_call(async { panics() }))));
    assert!(caught.is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| bulkhead.try_call_blocking(panics))).is_err());
    // A filter panics.
    let filter = |_: &u32| -> Option<Class> { panic!("of the filter") };
    let judged = layer::bulkhead(&bulkhead).watching().around(flow::call(ready(1)), filter);
    assert!(catch_unwind(AssertUnwindSafe(|| poll_now(judged))).is_err());
    // It waits in vain.
    let place = bulkhead.try_acquire().unwrap();
    assert!(poll_now(bulkhead.try_call(ready(1))).is_ready());
    drop(place);
    assert_eq!((taken_in(&bulkhead), occupancy(&bulkhead)), ((0, 1), (0, 0)));
}

/// From when it has its place, and not from when it waits for it.
#[tokio::test(start_paused = true)]
async fn the_wait_is_not_part_of_the_latency() {
    let bulkhead = Bulkhead::adaptive(1, 1).max_wait(SECOND * 100);
    let call = || bulkhead.try_call(async { sleep(SECOND).await });
    bulkhead.try_call_blocking(|| ());
    tokio::join!(call(), call());
    let learnt = bulkhead.adaptive.as_ref().unwrap().learnt.get().unwrap();
    let mean = learnt.lock().unwrap().mean();
    assert!((1.0e9..1.01e9).contains(&mean), "{mean}");
}

#[test]
fn a_call_waits_for_no_other_to_be_taken_in() {
    let bulkhead = watching();
    let learnt = bulkhead.adaptive.as_ref().unwrap().learnt.get().unwrap();
    let gradient = learnt.lock().unwrap();
    assert_eq!(bulkhead.try_call_blocking(|| 1), Flow::Returned(1));
    drop(gradient);
    assert_eq!(taken_in(&bulkhead), (0, 0));
    // A panic under the lock, which there is none of, would not end it either.
    let poisons = || {
        let _gradient = learnt.lock().unwrap();
        panic!("on purpose")
    };
    assert!(thread::scope(|scope| scope.spawn(poisons).join()).is_err());
    assert_eq!(bulkhead.try_call_blocking(|| 1), Flow::Returned(1));
    assert_eq!(learnt.lock().unwrap_err().into_inner().taken_in(), (1, 0));
    bulkhead.reset();
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_forced_or_reset() {
    let bulkhead = Bulkhead::adaptive(1, 100).initial(3).max_wait(SECOND).max_queue(100);
    let rounds = async |rounds| {
        for _ in 0..rounds {
            let mut calls: Vec<_> =
                (0..bulkhead.limit()).map(|_| boxed(bulkhead.try_call(sleep(MILLISECOND)))).collect();
            core::future::poll_fn(|cx| {
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

#[test]
fn each_key_has_a_limit_of_its_own_and_what_it_has_learnt_is_kept() {
    let keyed = Bulkhead::adaptive(1, 50).initial(4).keyed().max_keys(2);
    let (learns, idles) = (keyed.get("a"), keyed.get("b"));
    learns.try_call_blocking(|| ());
    learns.set_limit(7);
    assert_eq!((learns.limit(), idles.limit()), (7, 4));
    drop((learns, idles));
    // The one that has learnt nothing goes first, though it was used last.
    keyed.get("b");
    keyed.get("c");
    assert_eq!(keyed.peek("a").unwrap().limit(), 7);
    assert!(keyed.peek("b").is_none());
}

/// P35 on threads, while the limit moves: never more than the highest limit, no place lost, nobody left waiting for ever.
#[test]
fn under_stress_no_place_is_lost_and_none_given_twice() {
    const MOST: u32 = 4;
    const THREADS: u32 = 6;
    const ROUNDS: u32 = 3_000;
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
