//! Settings that are changed while calls run.

use core::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::thread;

use tokio::time::{Instant, advance};

use super::{SECOND, ms, once, passes};
use crate::RateLimit;
use crate::registry::said::{changed, count, put, settings};
use crate::registry::{Managed, Steer};

fn take(limit: &RateLimit, calls: u32) {
    (0..calls).for_each(|_| limit.try_acquire().unwrap());
}

/// Also what was taken beyond a burst that had shrunk meanwhile.
#[tokio::test(start_paused = true)]
async fn switched_on_again_it_is_full() {
    let limit = RateLimit::new(10);
    take(&limit, 10);
    put(&limit, &[("burst", "1")]).unwrap();
    put(&limit, &[("burst", "1"), ("enabled", "false")]).unwrap();
    put(&limit, &[("burst", "1")]).unwrap();
    assert_eq!(limit.available(), 1);
    put(&limit, &[]).unwrap();
    assert_eq!(limit.available(), 10);
}

#[test]
fn every_setting_is_shown_with_its_default() {
    assert_eq!(
        settings(&RateLimit::new(3).critical(true)),
        [
            "permits = 3",
            "per = \"1s\"",
            "burst = 3",
            "max_wait = \"0s\"",
            "enabled = true",
            "shadow = false",
            "critical = true"
        ]
    );
}

#[test]
fn every_setting_takes_what_the_attribute_takes() {
    let limit = RateLimit::new(3);
    for (over, shown) in [
        (&[("permits", "1")][..], &["permits = 1", "burst = 1"][..]),
        (&[("permits", "4294967295"), ("burst", "1")], &["permits = 4294967295", "burst = 1"]),
        (&[("per", "1ns")], &["per = \"1ns\""]),
        (&[("per", "365d")], &["per = \"365d\""]),
        (&[("burst", "4294967295")], &["burst = 4294967295"]),
        (&[("max_wait", "1m")], &["max_wait = \"1m\""]),
        (&[("enabled", "false")], &["enabled = false"]),
        (&[("shadow", "true")], &["shadow = true"]),
        (&[("critical", "true")], &["critical = true"]),
    ] {
        assert_eq!(changed(&limit, over), shown, "{over:?}");
    }
}

#[test]
fn what_the_attribute_refuses_is_refused() {
    let limit = RateLimit::new(3);
    for (over, messages) in [
        (&[("rate", "1")][..], &["rate: unknown setting `rate`; expected one of: `permits`, `per`"][..]),
        (&[("permits", "0")], &["permits: `permits` takes a whole number from 1"]),
        (&[("per", "0s")], &["per: `per` takes a duration above zero, e.g. \"1s\""]),
        (&[("per", "1")], &["per: `per` takes a duration"]),
        (&[("burst", "0")], &["burst: `burst` takes a whole number from 1"]),
        (&[("max_wait", "-1s")], &["max_wait: `max_wait` takes a duration"]),
        (&[("enabled", "maybe")], &["enabled: `enabled` takes `true` or `false`"]),
        (&[("shadow", "1"), ("critical", "1")], &["shadow: `shadow` takes", "critical: `critical` takes"]),
    ] {
        let refused = put(&limit, over).unwrap_err();
        assert_eq!(refused.len(), messages.len(), "{refused:?}");
        for (refused, message) in refused.iter().zip(messages) {
            assert!(refused.starts_with(message), "{refused} for {over:?}");
        }
    }
    assert_eq!(limit.available(), 3);
}

#[tokio::test(start_paused = true)]
async fn as_many_permits_are_taken_as_before() {
    for (taken, over, available) in [
        (0, &[("permits", "1000")][..], 1000),
        (5, &[("permits", "1000")], 995),
        (10, &[("permits", "1000")], 990),
        (5, &[("permits", "3")], 0),
        (5, &[("permits", "7")], 2),
        (9, &[("permits", "1")], 0),
        (5, &[("per", "1h")], 5),
        (5, &[("burst", "2")], 0),
        (3, &[("permits", "7"), ("per", "3s"), ("burst", "10")], 7),
        (10, &[("permits", "3"), ("per", "1ns")], 0),
    ] {
        let limit = RateLimit::new(10);
        take(&limit, taken);
        put(&limit, over).unwrap();
        assert_eq!(limit.available(), available, "{taken} taken, then {over:?}");
        put(&limit, &[]).unwrap();
        assert!(limit.available() <= 10 - taken, "a change and back gives nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_raised_frees_its_callers_at_once() {
    let limit = RateLimit::new(1).per(3600 * SECOND);
    take(&limit, 1);
    put(&limit, &[("permits", "5")]).unwrap();
    take(&limit, 4);
    assert_eq!(limit.retry_after(), Some(720 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_smaller_burst_for_a_while_gives_no_second_one() {
    let limit = RateLimit::new(10);
    for _ in 0..3 {
        let _taken_or_not: Vec<_> = (0..10).map(|_| limit.try_acquire()).collect();
        for permits in ["3", "1", "2"] {
            put(&limit, &[("permits", permits)]).unwrap();
            assert_eq!(limit.available(), 0, "{permits}");
        }
        put(&limit, &[]).unwrap();
        assert_eq!(limit.available(), 0);
    }
    // By the rate in force they come back, and what has no room meanwhile as well.
    put(&limit, &[("permits", "1")]).unwrap();
    advance(3 * SECOND).await;
    assert_eq!(limit.available(), 1);
    put(&limit, &[]).unwrap();
    assert_eq!(limit.available(), 4);
    put(&limit, &[("permits", "1")]).unwrap();
    limit.reset();
    put(&limit, &[]).unwrap();
    assert_eq!(limit.available(), 10, "a reset forgets it");
}

#[tokio::test(start_paused = true)]
async fn however_many_wait_and_however_long_a_reset_keeps_their_times() {
    let limit = RateLimit::new(10).burst(1).max_wait(60 * SECOND);
    limit.try_acquire().unwrap();
    let start = Instant::now();
    let mut calls: Vec<_> = (0..11).map(|_| Box::pin(passes(&limit, start))).collect();
    for call in &mut calls {
        assert!(once(call.as_mut()).is_pending());
    }
    put(&limit, &[("permits", "1"), ("per", "40000d")]).unwrap();
    limit.reset();
    assert_eq!(Managed::state(&limit), Some("limited"));
    for (place, call) in calls.into_iter().enumerate() {
        let at = call.await.expect("it passes");
        assert!(at <= ms(100) * u32::try_from(place + 1).unwrap(), "{at:?} for {place}");
    }
    put(&limit, &[]).unwrap();
    assert_eq!(Managed::state(&limit), Some("limited"));
}

#[tokio::test(start_paused = true)]
async fn who_was_due_takes_no_more_than_its_permit_of_a_bucket_that_is_filled() {
    let limit = RateLimit::new(10).max_wait(60 * SECOND);
    take(&limit, 10);
    let start = Instant::now();
    let mut call = pin!(passes(&limit, start));
    assert!(once(call.as_mut()).is_pending());
    advance(ms(200)).await;
    limit.reset();
    assert_eq!(limit.available(), 9);
    assert!(once(call.as_mut()).is_ready());
}

/// A tick is another one in each of the buckets.
#[tokio::test(start_paused = true)]
async fn times_are_kept_while_something_is_forced_or_off() {
    for (before, after) in [(Steer::ForceOpen, "true"), (Steer::ForceClosed, "true"), (Steer::Reset, "false")] {
        let limit = RateLimit::new(1).per(ms(400)).max_wait(60 * SECOND);
        take(&limit, 1);
        let start = Instant::now();
        let mut calls = [Box::pin(passes(&limit, start)), Box::pin(passes(&limit, start))];
        for call in &mut calls {
            assert!(once(call.as_mut()).is_pending());
        }
        if before != Steer::Reset {
            limit.steer(before);
        }
        // Of this one four ticks are three nanoseconds.
        put(&limit, &[("permits", "2"), ("per", "3ns"), ("enabled", after)]).unwrap();
        put(&limit, &[("permits", "1"), ("per", "1h")]).unwrap();
        if before != Steer::Reset {
            limit.reset();
        }
        let [first, second] = calls;
        assert_eq!(first.await, Some(ms(0)), "{before:?}");
        let second = second.await.unwrap();
        assert!((ms(799)..=ms(801)).contains(&second), "{second:?} after {before:?}");
    }
}

#[cfg(feature = "metrics")]
#[tokio::test(start_paused = true)]
async fn in_shadow_who_would_wait_is_counted_as_admitted() {
    let limit = RateLimit::new(1).max_wait(2 * SECOND).shadow(true);
    for _ in 0..5 {
        assert!(limit.try_call(async {}).await.rejection().is_none());
    }
    assert_eq!((count(&limit, "admitted"), count(&limit, "rejected")), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn it_fills_at_the_new_rate() {
    let limit = RateLimit::new(10);
    take(&limit, 10);
    put(&limit, &[("permits", "2"), ("burst", "2")]).unwrap();
    assert_eq!(limit.retry_after(), Some(ms(500)));
    advance(ms(499)).await;
    assert!(limit.try_acquire().is_err());
    advance(ms(1)).await;
    take(&limit, 1);
    assert!(limit.try_acquire().is_err());
    advance(60 * SECOND).await;
    assert_eq!(limit.available(), 2, "never more than the burst");
    put(&limit, &[]).unwrap();
    assert_eq!(limit.available(), 10);
}

#[tokio::test(start_paused = true)]
async fn who_waits_passes_as_it_was_told_or_sooner() {
    for (over, times) in [
        // Slower: each as it was told, and whoever comes now after them at the new rate.
        (&[("permits", "1"), ("per", "10s"), ("max_wait", "1m")][..], [1000, 2000, 3000, 13000]),
        // Faster: all are sooner.
        (&[("permits", "10"), ("burst", "1"), ("max_wait", "1m")], [500 + 100, 500 + 200, 500 + 300, 500 + 400]),
        // A bucket with room for more: there are as many more permits at once.
        (&[("permits", "4"), ("burst", "4"), ("max_wait", "1m")], [500, 500, 500, 500 + 250]),
    ] {
        let limit = RateLimit::new(1).max_wait(60 * SECOND);
        limit.try_acquire().unwrap();
        let start = Instant::now();
        let mut calls: Vec<_> = (0..3).map(|_| Box::pin(passes(&limit, start))).collect();
        for call in &mut calls {
            assert!(once(call.as_mut()).is_pending());
        }
        advance(ms(500)).await;
        put(&limit, over).unwrap();
        let late = passes(&limit, start);
        let (first, second, third) = {
            let mut calls = calls.into_iter();
            (calls.next().unwrap(), calls.next().unwrap(), calls.next().unwrap())
        };
        let (a, b, c, d) = tokio::join!(first, second, third, late);
        let seen = [a, b, c, d].map(|at| at.unwrap());
        for (seen, expected) in seen.into_iter().zip(times) {
            let expected = ms(expected);
            // What is taken is a share of a permit more where half of one had come back.
            assert!(seen <= expected && seen + ms(500) >= expected, "{seen:?} for {expected:?}, {over:?}");
        }
        assert!(seen.is_sorted());
        assert_eq!(limit.waiting(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_given_back_after_a_change_is_free_again() {
    let limit = RateLimit::new(1).max_wait(60 * SECOND);
    limit.try_acquire().unwrap();
    let start = Instant::now();
    let mut calls: Vec<_> = (0..3).map(|_| Box::pin(passes(&limit, start))).collect();
    for call in &mut calls {
        assert!(once(call.as_mut()).is_pending());
    }
    put(&limit, &[("permits", "10"), ("burst", "1"), ("max_wait", "1m")]).unwrap();
    assert_eq!(limit.retry_after(), Some(ms(400)));
    drop(calls.remove(0));
    assert_eq!(limit.retry_after(), Some(ms(300)));
    drop(calls);
    assert_eq!((limit.retry_after(), limit.waiting()), (Some(ms(100)), 0));
}

#[tokio::test(start_paused = true)]
async fn switched_off_it_lets_all_pass_and_switched_on_it_is_full() {
    let limit = RateLimit::new(2).per(60 * SECOND).max_wait(60 * SECOND);
    take(&limit, 2);
    let start = Instant::now();
    let mut waiting = pin!(passes(&limit, start));
    assert!(once(waiting.as_mut()).is_pending());
    put(&limit, &[("enabled", "false")]).unwrap();
    assert!(once(waiting.as_mut()).is_ready());
    take(&limit, 100);
    assert_eq!((limit.available(), limit.retry_after(), limit.rejected()), (u32::MAX, None, 0));
    assert!(limit.is_full());
    put(&limit, &[("permits", "3")]).unwrap();
    assert_eq!(limit.available(), 3);
    take(&limit, 3);
    assert!(limit.try_acquire().is_err());
}

#[test]
fn what_is_forced_wins_over_the_settings() {
    let limit = RateLimit::new(1).enabled(false).shadow(true);
    assert!(limit.is_full());
    for (steer, state, passes) in [
        (Steer::ForceOpen, "forced_open", false),
        (Steer::ForceClosed, "forced_closed", true),
        (Steer::Reset, "limited", true),
        (Steer::ForceOpen, "forced_open", false),
    ] {
        assert!(limit.steer(steer));
        put(&limit, &[("enabled", "false"), ("permits", "1")]).unwrap();
        assert_eq!(Managed::state(&limit), Some(state));
        assert_eq!((limit.try_acquire().is_ok(), limit.try_acquire().is_ok()), (passes, passes), "{state}");
        put(&limit, &[]).unwrap();
        assert_eq!(Managed::state(&limit), Some(state));
    }
    put(&limit, &[("enabled", "true"), ("shadow", "false")]).unwrap();
    limit.reset();
    take(&limit, 1);
    assert!(limit.try_acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn in_shadow_who_finds_no_permit_passes_without_one() {
    let limit = RateLimit::new(1).shadow(true);
    take(&limit, 5);
    assert_eq!((limit.rejected(), limit.retry_after()), (4, Some(SECOND)));
    advance(SECOND).await;
    take(&limit, 1);
    assert_eq!(limit.rejected(), 4);
    limit.force_open();
    assert!(limit.try_acquire().is_err(), "what is forced is forced");
}

#[tokio::test(start_paused = true)]
async fn in_shadow_nobody_waits_but_who_would_has_its_permit() {
    let limit = RateLimit::new(1).max_wait(2 * SECOND).shadow(true);
    let start = Instant::now();
    for _ in 0..5 {
        assert_eq!(passes(&limit, start).await, Some(ms(0)));
    }
    assert_eq!((limit.rejected(), limit.waiting()), (2, 0), "one at once, two would have waited");
    assert_eq!(limit.retry_after(), Some(3 * SECOND));
    put(&limit, &[("shadow", "false")]).unwrap();
    assert_eq!(limit.retry_after(), Some(SECOND), "nobody waits, and so nobody stands before a newcomer");
}

#[tokio::test(start_paused = true)]
async fn who_waits_passes_when_the_shadow_falls() {
    let limit = RateLimit::new(1).max_wait(60 * SECOND);
    limit.try_acquire().unwrap();
    let start = Instant::now();
    let mut waiting = pin!(passes(&limit, start));
    assert!(once(waiting.as_mut()).is_pending());
    put(&limit, &[("shadow", "true")]).unwrap();
    assert!(once(waiting.as_mut()).is_ready());
}

#[test]
fn a_storm_of_changes_leaves_it_sound() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 1000 };
    let limit = RateLimit::new(1000).max_wait(ms(1));
    let over: [&[(&str, &str)]; 6] = [
        &[("enabled", "false")],
        &[("permits", "7"), ("per", "1h")],
        &[("shadow", "true")],
        &[("permits", "4294967295")],
        &[("per", "3ns"), ("burst", "1")],
        &[],
    ];
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            let (limit, is_over) = (&limit, &is_over);
            scope.spawn(move || {
                while !is_over.load(Relaxed) {
                    let _passed_or_not = limit.try_acquire();
                    let _passed_or_not = limit.try_call_blocking(|| ());
                }
            });
        }
        for round in 0..ROUNDS {
            put(&limit, over[round % over.len()]).unwrap();
        }
        put(&limit, &[]).unwrap();
        is_over.store(true, Relaxed);
    });
    assert_eq!(limit.waiting(), 0);
    limit.reset();
    assert!(limit.try_acquire().is_ok());
}

/// Nobody knows which settings a call went by, but none allows more than this.
#[tokio::test(start_paused = true)]
async fn threads_that_change_it_give_no_permit_twice() {
    const PER: &str = "365d";
    for round in 0..if cfg!(miri) { 2 } else { 50 } {
        let limit = RateLimit::new(100).per(core::time::Duration::from_secs(365 * 24 * 60 * 60));
        let passed = AtomicU32::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..60 {
                        passed.fetch_add(limit.try_acquire().is_ok().into(), Relaxed);
                    }
                });
            }
            scope.spawn(|| {
                for _ in 0..round {
                    put(&limit, &[("permits", "100"), ("per", PER), ("max_wait", "1ns")]).unwrap();
                    put(&limit, &[]).unwrap();
                }
            });
        });
        let passed = passed.into_inner();
        assert!(passed <= 100 && passed + 2 * round >= 100, "{passed} after {round} changes");
        assert_eq!(count(&limit, "rejected"), u64::from(180 - passed));
    }
}
