//! Settings that are changed while calls run.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Waker};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::task::Wake;
use std::thread;

use tokio::time::advance;

use super::{SECOND, poll_now};
use crate::registry::said::{changed, count, put, settings};
use crate::registry::{Managed, Steer};
use crate::{Bulkhead, Flow, Place, Rejection};

/// A call that holds its place until it is dropped.
fn stay(bulkhead: &Bulkhead) -> impl Future<Output = Flow<()>> {
    bulkhead.try_call(core::future::pending())
}

fn passes(bulkhead: &Bulkhead) -> bool {
    bulkhead.try_acquire().is_ok()
}

#[test]
fn every_setting_is_shown_with_its_default() {
    assert_eq!(
        settings(&Bulkhead::new(3)),
        ["max_concurrent = 3", "max_wait = \"0s\"", "enabled = true", "shadow = false", "critical = false"]
    );
    assert_eq!(
        settings(&Bulkhead::adaptive(2, 10).max_wait(SECOND).enabled(false)),
        [
            "min = 2",
            "max = 10",
            "initial = 10",
            "max_wait = \"1s\"",
            "max_queue = 10",
            "enabled = false",
            "shadow = false",
            "critical = false"
        ]
    );
}

#[test]
fn every_setting_takes_what_the_attribute_takes() {
    let fixed = Bulkhead::new(3).max_wait(SECOND);
    let adaptive = Bulkhead::adaptive(2, 100);
    for (bulkhead, over, shown) in [
        (&fixed, &[("max_concurrent", "1")][..], &["max_concurrent = 1", "max_queue = 1"][..]),
        (&fixed, &[("max_concurrent", "4294967295")], &["max_concurrent = 4294967295", "max_queue = 1073741823"]),
        (&fixed, &[("max_wait", "1m30s")], &["max_wait = \"1m30s\""]),
        (&fixed, &[("max_wait", "0s")], &["max_wait = \"0s\""]),
        (&fixed, &[("max_queue", "1073741823")], &["max_queue = 1073741823"]),
        (&adaptive, &[("max_queue", "5"), ("max_wait", "1s")], &["max_wait = \"1s\"", "max_queue = 5"]),
        (&adaptive, &[("min", "30")], &["min = 30", "initial = 30"]),
        (&adaptive, &[("max", "10")], &["max = 10", "initial = 10"]),
        (&adaptive, &[("min", "5"), ("max", "5")], &["min = 5", "max = 5", "initial = 5"]),
        (&adaptive, &[("initial", "100")], &["initial = 100"]),
        (&fixed, &[("enabled", "false")], &["enabled = false"]),
        (&fixed, &[("shadow", "true")], &["shadow = true"]),
        (&fixed, &[("critical", "true")], &["critical = true"]),
    ] {
        assert_eq!(changed(bulkhead, over), shown, "{over:?}");
    }
}

#[test]
fn what_the_attribute_refuses_is_refused() {
    let fixed = Bulkhead::new(3);
    let adaptive = Bulkhead::adaptive(2, 100);
    let begun = Bulkhead::adaptive(2, 100).initial(50);
    for (bulkhead, over, messages) in [
        (
            &fixed,
            &[("permits", "1")][..],
            &["permits: unknown setting `permits`; expected one of: `max_concurrent`"][..],
        ),
        (&fixed, &[("max_concurrent", "0")], &["max_concurrent: `max_concurrent` takes a whole number from 1"]),
        (&fixed, &[("max_concurrent", "many")], &["max_concurrent: `max_concurrent` takes a whole number"]),
        (&fixed, &[("max_queue", "3")], &["max_queue: `max_queue` needs `max_wait`: how long a call waits"]),
        (&fixed, &[("max_wait", "1s"), ("max_queue", "0")], &["max_queue: `max_queue` takes a whole number from 1"]),
        (
            &fixed,
            &[("max_wait", "1s"), ("max_queue", "1073741824")],
            &["max_queue: `max_queue` takes a whole number from"],
        ),
        (&fixed, &[("max_wait", "1")], &["max_wait: `max_wait` takes a duration"]),
        (&fixed, &[("min", "1")], &["min: `min` is of a bulkhead that is `adaptive`"]),
        (&fixed, &[("max", "1")], &["max: `max` is of a bulkhead that is `adaptive`"]),
        (&fixed, &[("initial", "1")], &["initial: `initial` is of a bulkhead that is `adaptive`"]),
        (
            &adaptive,
            &[("max_concurrent", "1")],
            &["max_concurrent: `max_concurrent` sets the limit, and this bulkhead is"],
        ),
        (&adaptive, &[("min", "0")], &["min: `min` takes a whole number from 1"]),
        (&adaptive, &[("max", "1")], &["max: `max` is below `min`, which is 2"]),
        (&adaptive, &[("min", "101")], &["min: `min` is above `max`, which is 100; give `max` too"]),
        (&adaptive, &[("initial", "1")], &["initial: `initial` is below `min`, which is 2"]),
        (&adaptive, &[("initial", "101")], &["initial: `initial` is above `max`, which is 100"]),
        (&begun, &[("min", "51")], &["min: `min` is above `initial`, which is 50"]),
        (&begun, &[("max", "49")], &["max: `max` is below `initial`, which is 50"]),
        (&fixed, &[("enabled", "on")], &["enabled: `enabled` takes `true` or `false`"]),
        (&fixed, &[("shadow", "0")], &["shadow: `shadow` takes `true` or `false`"]),
        (
            &fixed,
            &[("critical", "0"), ("no", "0")],
            &["critical: `critical` takes `true` or `false`", "no: unknown setting"],
        ),
    ] {
        let before = settings(bulkhead);
        let refused = put(bulkhead, over).unwrap_err();
        assert_eq!(refused.len(), messages.len(), "{refused:?}");
        for (refused, message) in refused.iter().zip(messages) {
            assert!(refused.starts_with(message), "{refused} for {over:?}");
        }
        assert_eq!(settings(bulkhead), before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_grows_lets_those_who_wait_in() {
    let bulkhead = Bulkhead::new(1).max_wait(SECOND).max_queue(5);
    let _place = bulkhead.try_acquire().unwrap();
    let mut calls: Vec<_> = (0..3).map(|_| Box::pin(stay(&bulkhead))).collect();
    for call in &mut calls {
        assert!(poll_now(call.as_mut()).is_pending());
    }
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (1, 3));
    put(&bulkhead, &[("max_concurrent", "3")]).unwrap();
    assert_eq!((bulkhead.running(), bulkhead.waiting(), bulkhead.limit()), (3, 1, 3));
    // Whoever has been let in runs, and leaves as ever.
    assert!(calls.iter_mut().all(|call| poll_now(call.as_mut()).is_pending()));
    drop(calls);
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_shrinks_lets_those_who_run_end() {
    let bulkhead = Bulkhead::new(3);
    let mut places: Vec<Place<'_>> = (0..3).map(|_| bulkhead.try_acquire().unwrap()).collect();
    put(&bulkhead, &[("max_concurrent", "1")]).unwrap();
    assert_eq!((bulkhead.running(), bulkhead.limit()), (3, 1));
    for _ in 0..2 {
        places.pop();
        assert!(!passes(&bulkhead));
    }
    places.pop();
    assert!(passes(&bulkhead));
    put(&bulkhead, &[]).unwrap();
    assert_eq!(bulkhead.limit(), 3);
}

#[tokio::test(start_paused = true)]
async fn who_comes_next_waits_by_the_new_settings() {
    let bulkhead = Bulkhead::new(1).max_wait(SECOND);
    let _place = bulkhead.try_acquire().unwrap();
    let mut early = pin!(stay(&bulkhead));
    assert!(poll_now(early.as_mut()).is_pending());
    put(&bulkhead, &[("max_wait", "10s"), ("max_queue", "2")]).unwrap();
    let mut late = pin!(stay(&bulkhead));
    assert!(poll_now(late.as_mut()).is_pending());
    assert!(stay(&bulkhead).await.rejection().is_some(), "two wait");
    advance(SECOND).await;
    assert!(poll_now(early.as_mut()).is_ready(), "it waits as long as it was told");
    put(&bulkhead, &[("max_wait", "0s")]).unwrap();
    assert!(stay(&bulkhead).await.rejection().is_some());
    assert!(poll_now(late.as_mut()).is_pending());
    advance(10 * SECOND).await;
    assert!(poll_now(late.as_mut()).is_ready());
}

#[tokio::test(start_paused = true)]
async fn an_adaptive_one_keeps_what_it_learnt_within_its_new_range() {
    let bulkhead = Bulkhead::adaptive(1, 100).initial(10);
    // Nothing is learnt yet, and so it begins elsewhere.
    put(&bulkhead, &[("initial", "40")]).unwrap();
    assert_eq!(bulkhead.limit(), 40);
    put(&bulkhead, &[]).unwrap();
    assert_eq!(bulkhead.limit(), 10);
    for _ in 0..4000 {
        let calls = (0..bulkhead.limit()).map(|_| {
            bulkhead.call(async {
                tokio::time::sleep(core::time::Duration::from_millis(10)).await;
                Ok::<_, Rejection>(())
            })
        });
        let mut calls: Vec<_> = calls.map(Box::pin).collect();
        for call in &mut calls {
            assert!(poll_now(call.as_mut()).is_pending());
        }
        advance(core::time::Duration::from_millis(10)).await;
        for call in &mut calls {
            assert!(poll_now(call.as_mut()).is_ready());
        }
        if bulkhead.limit() > 50 {
            break;
        }
    }
    let learnt = bulkhead.limit();
    assert!(learnt > 50, "{learnt}");
    put(&bulkhead, &[("max", "99")]).unwrap();
    assert_eq!(bulkhead.limit(), learnt);
    put(&bulkhead, &[("max", "50")]).unwrap();
    assert_eq!(bulkhead.limit(), 50);
    put(&bulkhead, &[("min", "60"), ("max", "70"), ("initial", "65")]).unwrap();
    assert_eq!(bulkhead.limit(), 60);
    bulkhead.reset();
    assert_eq!(bulkhead.limit(), 65);
}

#[tokio::test(start_paused = true)]
async fn switched_off_it_lets_all_pass_and_knows_who_runs() {
    let bulkhead = Bulkhead::new(1).max_wait(SECOND);
    let place = bulkhead.try_acquire().unwrap();
    let mut waiting = pin!(stay(&bulkhead));
    assert!(poll_now(waiting.as_mut()).is_pending());
    put(&bulkhead, &[("enabled", "false")]).unwrap();
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (2, 0), "whoever waited is in");
    let more: Vec<_> = (0..5).map(|_| bulkhead.try_acquire().unwrap()).collect();
    assert_eq!(count(&bulkhead, "rejected"), 0);
    put(&bulkhead, &[]).unwrap();
    assert!(!passes(&bulkhead));
    drop((place, more));
    assert!(!passes(&bulkhead), "the one that waited runs");
    waiting.set(stay(&bulkhead));
    assert_eq!(bulkhead.running(), 0);
    assert!(passes(&bulkhead));
    assert!(bulkhead.is_idle());
}

/// Between the look that found no place and the refusal.
#[test]
fn who_found_no_place_passes_where_all_do_by_now() {
    let (full, off, closed, open) = (Bulkhead::new(1), Bulkhead::new(1), Bulkhead::new(1), Bulkhead::new(1));
    let _places = [&full, &off, &closed, &open].map(|bulkhead| bulkhead.try_acquire().unwrap());
    put(&off, &[("enabled", "false")]).unwrap();
    closed.force_closed();
    open.force_open();
    for (bulkhead, passes) in [(&full, false), (&off, true), (&closed, true), (&open, false)] {
        assert_eq!(bulkhead.refuse().is_ok(), passes);
        let rejected = u64::from(!passes);
        let running = 1 + u32::from(passes);
        assert_eq!(
            (bulkhead.rejected(), count(bulkhead, "rejected"), bulkhead.running()),
            (rejected, rejected, running)
        );
    }
}

#[test]
fn what_is_forced_wins_over_the_settings() {
    let bulkhead = Bulkhead::new(1).enabled(false);
    assert!(bulkhead.is_idle());
    assert_eq!(Managed::state(&bulkhead), Some("limited"));
    for (steer, state, passes_two) in [
        (Steer::ForceOpen, "forced_open", [false, false]),
        (Steer::ForceClosed, "forced_closed", [true, true]),
        (Steer::Reset, "limited", [true, true]),
    ] {
        assert!(bulkhead.steer(steer));
        assert_eq!(Managed::state(&bulkhead), Some(state));
        let places = [bulkhead.try_acquire(), bulkhead.try_acquire()];
        assert_eq!(places.map(|place| place.is_ok()), passes_two, "{state}");
    }
    bulkhead.force_open();
    put(&bulkhead, &[("enabled", "true"), ("shadow", "true")]).unwrap();
    assert!(!passes(&bulkhead));
    put(&bulkhead, &[("enabled", "true")]).unwrap();
    assert_eq!(Managed::state(&bulkhead), Some("forced_open"));
    bulkhead.reset();
    let _place = bulkhead.try_acquire().unwrap();
    assert!(!passes(&bulkhead), "it is switched on now");
}

#[tokio::test(start_paused = true)]
async fn in_shadow_who_finds_no_place_passes_without_one() {
    let bulkhead = Bulkhead::new(1).shadow(true).max_wait(SECOND);
    let place = bulkhead.try_acquire().unwrap();
    let mut calls: Vec<_> = (0..3).map(|_| Box::pin(stay(&bulkhead))).collect();
    for call in &mut calls {
        assert!(poll_now(call.as_mut()).is_pending());
    }
    assert_eq!((bulkhead.running(), bulkhead.waiting(), bulkhead.rejected()), (1, 0, 3));
    let beside = bulkhead.try_acquire().unwrap();
    assert_eq!(bulkhead.try_call_blocking(|| 7), Flow::Returned(7));
    drop(place);
    assert_eq!(bulkhead.running(), 0, "there is a place, as there would be");
    let place = bulkhead.try_acquire().unwrap();
    drop((beside, calls));
    assert_eq!((bulkhead.running(), bulkhead.rejected()), (1, 5));
    drop(place);
    assert!(bulkhead.is_idle());
}

#[tokio::test(start_paused = true)]
async fn who_waits_passes_when_the_shadow_falls() {
    let bulkhead = Bulkhead::new(1).max_wait(SECOND);
    let place = bulkhead.try_acquire().unwrap();
    let mut waiting = tokio::spawn({
        let call: &'static Bulkhead = Box::leak(Box::new(Bulkhead::new(1).max_wait(SECOND)));
        let held = Box::leak(Box::new(call.try_acquire().unwrap()));
        let _ = held;
        async move {
            let start = tokio::time::Instant::now();
            let waits = call.try_call(async {});
            let change = async {
                tokio::task::yield_now().await;
                put(call, &[("shadow", "true")]).unwrap();
            };
            let (flow, ()) = tokio::join!(waits, change);
            (flow, start.elapsed(), call.waiting(), call.running())
        }
    });
    let (flow, took, waiting_then, running) = (&mut waiting).await.unwrap();
    assert_eq!((flow, took.is_zero(), waiting_then, running), (Flow::Returned(()), true, 0, 1));
    drop(place);
}

/// What somebody else's waker does when it is woken.
struct Calls(fn());

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

#[tokio::test(start_paused = true)]
async fn a_waker_may_steer_and_change_it() {
    static ADAPTIVE: Bulkhead = Bulkhead::adaptive(1, 10).initial(1).max_wait(SECOND).max_queue(10);
    // Something is learnt, and so there is a lock.
    ADAPTIVE.call(async { Ok::<_, Rejection>(()) }).await.unwrap();
    assert!(ADAPTIVE.has_learnt());
    let steers: [fn(); 2] = [|| ADAPTIVE.reset(), || put(&ADAPTIVE, &[]).unwrap()];
    for over in [&[("initial", "10"), ("min", "10")][..], &[("shadow", "true")], &[("enabled", "false")]] {
        for steer in steers {
            put(&ADAPTIVE, &[]).unwrap();
            ADAPTIVE.reset();
            let place = ADAPTIVE.try_acquire().unwrap();
            let mut waiting = pin!(stay(&ADAPTIVE));
            let waker = Waker::from(Arc::new(Calls(steer)));
            assert!(waiting.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            assert_eq!(ADAPTIVE.waiting(), 1);
            put(&ADAPTIVE, over).unwrap();
            drop(place);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn switched_off_newcomers_pass_while_those_who_waited_are_let_in() {
    static FIXED: Bulkhead = Bulkhead::new(1).max_wait(SECOND).max_queue(10);
    static PASSED: AtomicU32 = AtomicU32::new(0);
    let steers: [fn(); 2] = [|| put(&FIXED, &[("enabled", "false")]).unwrap(), || FIXED.force_closed()];
    for steer in steers {
        FIXED.reset();
        put(&FIXED, &[]).unwrap();
        PASSED.store(0, Relaxed);
        let _place = FIXED.try_acquire().unwrap();
        // The first of them to be woken finds others who still wait.
        let waker = Waker::from(Arc::new(Calls(|| _ = PASSED.fetch_add(passes(&FIXED).into(), Relaxed))));
        let mut calls: Vec<_> = (0..3).map(|_| Box::pin(stay(&FIXED))).collect();
        for call in &mut calls {
            assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        steer();
        assert_eq!((PASSED.load(Relaxed), FIXED.waiting()), (3, 0));
    }
}

#[test]
fn a_storm_of_changes_leaves_it_sound() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 1000 };
    let bulkhead = Bulkhead::new(2).max_wait(60 * SECOND);
    let over: [&[(&str, &str)]; 6] = [
        &[("enabled", "false")],
        &[("max_concurrent", "1")],
        &[("shadow", "true")],
        &[("max_concurrent", "3"), ("max_queue", "1")],
        &[("max_wait", "0s")],
        &[],
    ];
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..4 {
            let (bulkhead, is_over) = (&bulkhead, &is_over);
            scope.spawn(move || {
                while !is_over.load(Relaxed) {
                    let _passed_or_not = bulkhead.try_call_blocking(thread::yield_now);
                    drop(bulkhead.try_acquire());
                }
            });
        }
        for round in 0..ROUNDS {
            put(&bulkhead, over[round % over.len()]).unwrap();
            thread::yield_now();
        }
        put(&bulkhead, &[]).unwrap();
        is_over.store(true, Relaxed);
    });
    assert_eq!((bulkhead.running(), bulkhead.waiting(), bulkhead.limit()), (0, 0, 2));
    let _places = (bulkhead.try_acquire().unwrap(), bulkhead.try_acquire().unwrap());
    assert!(!passes(&bulkhead));
}
