//! What an adaptive bulkhead learns from calls, and what not.

use core::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tokio::time::sleep;

use super::*;
use crate::bulkhead::layer::bulkhead;
use crate::{Class, Flow, Rejection, RejectionKind, Timeout, flow};

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
        assert_eq!(bulkhead(&called).watching().around(ready(outcome), by_class).await, outcome);
        let ran = watching();
        assert_eq!(bulkhead(&ran).watching().run(|| outcome, by_class), outcome);
        assert_eq!((taken_in(&called), taken_in(&ran)), (expected, expected), "{outcome:?}");
        // Nobody looks.
        let unwatched = watching();
        assert_eq!(bulkhead(&unwatched).around(ready(outcome)).await, outcome);
        assert_eq!(bulkhead(&unwatched).run(|| outcome), outcome);
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
    let judged = crate::bulkhead::layer::bulkhead(&bulkhead).watching().around(flow::call(ready(1)), filter);
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
