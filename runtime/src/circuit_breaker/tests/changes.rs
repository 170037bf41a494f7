//! Settings that are changed while calls run.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use tokio::time::advance;

use super::{millis, secs};
use crate::registry::said::{changed, count, put, settings};
use crate::registry::{Managed, Steer};
use crate::{CircuitBreaker, Permit, State};

fn fail(breaker: &CircuitBreaker) {
    breaker.try_acquire().unwrap().failure();
}

fn succeed(breaker: &CircuitBreaker) {
    breaker.try_acquire().unwrap().success();
}

#[test]
fn every_setting_is_shown_with_its_default() {
    let breaker = CircuitBreaker::new().name("payments");
    let plain = [
        "failure_threshold = 5",
        "reset_timeout = \"30s\"",
        "success_threshold = 1",
        "max_probes = 1",
        "probe_timeout = \"30s\"",
        "abandoned = \"neutral\"",
        "enabled = true",
        "shadow = false",
        "critical = false",
    ];
    assert_eq!(settings(&breaker), plain);
    assert_eq!((Managed::name(&breaker), breaker.is_named()), ("payments", true));
    assert!(!CircuitBreaker::new().is_named());
    let watching =
        CircuitBreaker::new().failure_rate(0.5).slow_call(secs(2)).max_reset_timeout(secs(60)).critical(true);
    for shown in [
        "failure_rate = 0.5",
        "window = 100",
        "min_calls = 20",
        "slow_call = \"2s\"",
        "slow_call_rate = 1.0",
        "max_reset_timeout = \"1m\"",
        "critical = true",
    ] {
        assert!(settings(&watching).contains(&shown.to_owned()), "{shown}");
    }
}

#[test]
fn every_setting_takes_what_the_attribute_takes() {
    let breaker = CircuitBreaker::new().failure_rate(0.5);
    for (over, shown) in [
        (&[("failure_threshold", "1")][..], &["failure_threshold = 1"][..]),
        (&[("failure_threshold", "4294967295")], &["failure_threshold = 4294967295"]),
        (&[("failure_rate", "1")], &["failure_rate = 1.0"]),
        (&[("failure_rate", "0.25")], &["failure_rate = 0.25"]),
        (&[("window", "65536")], &["window = 65536"]),
        (&[("window", "10")], &["window = 10", "min_calls = 10"]),
        (&[("window", "30s")], &["window = \"30s\""]),
        (&[("window", "1ns")], &["window = \"1ns\""]),
        (&[("min_calls", "100")], &["min_calls = 100"]),
        (&[("window", "1s"), ("min_calls", "1000")], &["window = \"1s\"", "min_calls = 1000"]),
        (&[("slow_call", "0s")], &["slow_call = \"0s\"", "slow_call_rate = 1.0"]),
        (&[("slow_call", "1s"), ("slow_call_rate", "0.5")], &["slow_call = \"1s\"", "slow_call_rate = 0.5"]),
        (&[("reset_timeout", "0s")], &["reset_timeout = \"0s\"", "probe_timeout = \"1s\""]),
        (&[("max_reset_timeout", "30s")], &["max_reset_timeout = \"30s\""]),
        (&[("success_threshold", "3")], &["success_threshold = 3"]),
        (&[("max_probes", "7")], &["max_probes = 7"]),
        (&[("probe_timeout", "1.5s")], &["probe_timeout = \"1s500ms\""]),
        (&[("abandoned", "failure")], &["abandoned = \"failure\""]),
        (&[("enabled", "false")], &["enabled = false"]),
        (&[("shadow", "true")], &["shadow = true"]),
        (&[("critical", "true")], &["critical = true"]),
    ] {
        assert_eq!(changed(&breaker, over), shown, "{over:?}");
    }
}

#[test]
fn what_the_attribute_refuses_is_refused() {
    const PLAIN: fn() -> CircuitBreaker = CircuitBreaker::new;
    const RATE: fn() -> CircuitBreaker = || CircuitBreaker::new().failure_rate(0.5).min_calls(30);
    const LIMITED: fn() -> CircuitBreaker = || CircuitBreaker::new().max_reset_timeout(secs(60));
    for (breaker, over, messages) in [
        (
            PLAIN,
            &[("attempts", "3")][..],
            &["attempts: unknown setting `attempts`; expected one of: `failure_threshold`"][..],
        ),
        (PLAIN, &[("on_state_change", "f")], &["on_state_change: unknown setting"]),
        (PLAIN, &[("failure_threshold", "0")], &["failure_threshold: `failure_threshold` takes a whole number from 1"]),
        (PLAIN, &[("failure_threshold", "1.5")], &["failure_threshold: `failure_threshold` takes a whole number"]),
        (PLAIN, &[("failure_rate", "0")], &["failure_rate: `failure_rate` takes a share above 0.0 and up to 1.0"]),
        (PLAIN, &[("failure_rate", "1.01")], &["failure_rate: `failure_rate` takes a share"]),
        (PLAIN, &[("failure_rate", "NaN")], &["failure_rate: `failure_rate` takes a share"]),
        (RATE, &[("window", "0")], &["window: `window` takes a whole number from 1 to 65536"]),
        (RATE, &[("window", "65537")], &["window: `window` takes a whole number from 1 to 65536"]),
        (RATE, &[("window", "0s")], &["window: `window` of no length holds nothing"]),
        (RATE, &[("window", "long")], &["window: `window` takes a duration"]),
        (RATE, &[("window", "true")], &["window: `window` takes a number of calls or a duration"]),
        (RATE, &[("window", "29")], &["window: `window` is below `min_calls`, which is 30"]),
        (
            RATE,
            &[("min_calls", "101")],
            &["min_calls: `min_calls` is above the window of 100 calls, so it is never reached"],
        ),
        (PLAIN, &[("window", "10")], &["window: `window` needs `failure_rate` or `slow_call`"]),
        (PLAIN, &[("min_calls", "10")], &["min_calls: `min_calls` needs `failure_rate` or `slow_call`"]),
        (PLAIN, &[("slow_call", "5")], &["slow_call: `slow_call` takes a duration"]),
        (PLAIN, &[("slow_call_rate", "0.5")], &["slow_call_rate: `slow_call_rate` needs `slow_call`"]),
        (PLAIN, &[("reset_timeout", "soon")], &["reset_timeout: `reset_timeout` takes a duration"]),
        (
            PLAIN,
            &[("max_reset_timeout", "29s")],
            &["max_reset_timeout: `max_reset_timeout` is shorter than `reset_timeout`, which is 30s"],
        ),
        (
            LIMITED,
            &[("reset_timeout", "2m")],
            &["reset_timeout: `reset_timeout` is longer than `max_reset_timeout`, which is 60s"],
        ),
        (PLAIN, &[("success_threshold", "0")], &["success_threshold: `success_threshold` takes a whole number from 1"]),
        (PLAIN, &[("max_probes", "-1")], &["max_probes: `max_probes` takes a whole number from 1"]),
        (PLAIN, &[("probe_timeout", "true")], &["probe_timeout: `probe_timeout` takes a duration"]),
        (
            PLAIN,
            &[("abandoned", "sometimes")],
            &["abandoned: `abandoned` takes `neutral` or `failure`, and not \"sometimes\""],
        ),
        (PLAIN, &[("enabled", "1")], &["enabled: `enabled` takes `true` or `false`, and not 1"]),
        (PLAIN, &[("shadow", "yes")], &["shadow: `shadow` takes `true` or `false`"]),
        (PLAIN, &[("critical", "yes")], &["critical: `critical` takes `true` or `false`"]),
        (
            PLAIN,
            &[("failure_threshold", "3"), ("failure_rate", "0.5")],
            &["failure_threshold: `failure_threshold` counts consecutive failures, `failure_rate` their share"],
        ),
        (PLAIN, &[("max_probes", "0"), ("window", "0"), ("no", "1")], &["max_probes:", "window:", "no:"]),
    ] {
        let breaker = breaker();
        let before = settings(&breaker);
        let refused = put(&breaker, over).unwrap_err();
        assert_eq!(refused.len(), messages.len(), "{refused:?}");
        for (refused, message) in refused.iter().zip(messages) {
            assert!(refused.starts_with(message), "{refused} for {over:?}");
        }
        assert_eq!(settings(&breaker), before, "{over:?} changed nothing");
    }
}

#[test]
fn nothing_changes_before_it_is_put_in_force() {
    let breaker = CircuitBreaker::new();
    let change = breaker.change(&[("failure_threshold", crate::registry::Value::Integer(1))]).unwrap();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    change();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_change_is_over_the_attribute_and_not_over_the_one_before() {
    let breaker = CircuitBreaker::new();
    put(&breaker, &[("max_probes", "9")]).unwrap();
    put(&breaker, &[("success_threshold", "2")]).unwrap();
    assert!(settings(&breaker).contains(&"max_probes = 1".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_was_counted_is_kept() {
    let breaker = CircuitBreaker::new();
    for _ in 0..3 {
        fail(&breaker);
    }
    put(&breaker, &[("failure_threshold", "4"), ("reset_timeout", "1s")]).unwrap();
    assert_eq!(breaker.counts().consecutive_failures, 3);
    // Of a call that began before.
    let early = breaker.try_acquire().unwrap();
    put(&breaker, &[("failure_threshold", "5")]).unwrap();
    early.failure();
    assert_eq!((breaker.state(), breaker.counts().consecutive_failures), (State::Closed, 4));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn a_window_of_calls_keeps_the_newest() {
    let breaker = CircuitBreaker::new().failure_rate(1.0).window_calls(50);
    for call in 0..70 {
        if call % 10 == 9 { fail(&breaker) } else { succeed(&breaker) }
    }
    let counted = || (breaker.counts().calls, breaker.counts().failures);
    assert_eq!(counted(), (50, 5));
    for (window, kept) in [("40", (40, 4)), ("1000", (50, 5)), ("11", (11, 2))] {
        put(&breaker, &[("window", window)]).unwrap();
        if window == "1000" {
            assert_eq!(counted(), (40, 4), "what is forgotten is gone");
        } else {
            assert_eq!(counted(), kept, "{window}");
        }
    }
    succeed(&breaker);
    assert_eq!(counted(), (11, 1));
    put(&breaker, &[("window", "10s")]).unwrap();
    assert_eq!(counted(), (0, 0), "another kind begins empty");
    fail(&breaker);
    assert_eq!(counted(), (1, 1));
    put(&breaker, &[("failure_threshold", "9")]).unwrap();
    assert_eq!(counted(), (0, 0));
    assert_eq!(breaker.counts().consecutive_failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_window_of_a_time_keeps_what_is_not_too_old() {
    let breaker = CircuitBreaker::new().failure_rate(1.0).window_duration(secs(32)).min_calls(1000);
    for _ in 0..16 {
        fail(&breaker);
        succeed(&breaker);
        advance(secs(1)).await;
    }
    let counted = || (breaker.counts().calls, breaker.counts().failures);
    assert_eq!(counted(), (32, 16));
    put(&breaker, &[("window", "64s"), ("min_calls", "1000")]).unwrap();
    assert_eq!(counted(), (32, 16));
    put(&breaker, &[("window", "8s"), ("min_calls", "1000")]).unwrap();
    let (calls, failures) = counted();
    assert!((6..=8).contains(&failures) && calls == 2 * failures, "{calls}, {failures}");
    advance(secs(8)).await;
    assert_eq!(counted(), (0, 0), "nothing older than eight seconds counts");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_has_asked_for_yet_is_kept_as_well() {
    let breaker = CircuitBreaker::new().failure_rate(0.5).window_duration(secs(32));
    for _ in 0..10 {
        succeed(&breaker);
    }
    put(&breaker, &[("window", "64s")]).unwrap();
    assert_eq!(breaker.counts().calls, 10);
}

#[tokio::test(start_paused = true)]
async fn a_success_counted_by_the_width_before_is_not_taken_for_another() {
    let breaker = CircuitBreaker::new().failure_rate(1.0).window_duration(secs(32)).min_calls(1000);
    succeed(&breaker);
    let early = breaker.try_acquire().unwrap();
    put(&breaker, &[("window", "64s"), ("min_calls", "1000")]).unwrap();
    early.success();
    assert_eq!(breaker.counts().calls, 1);
    succeed(&breaker);
    assert_eq!(breaker.counts().calls, 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_not_measured_is_not_slow() {
    let breaker = CircuitBreaker::new().failure_rate(1.0).window_calls(1);
    let early = breaker.try_acquire().unwrap();
    put(&breaker, &[("slow_call", "1s")]).unwrap();
    advance(secs(60)).await;
    early.success();
    assert_eq!(breaker.state(), State::Closed);
    let late = breaker.try_acquire().unwrap();
    advance(secs(1)).await;
    late.success();
    assert_eq!(breaker.state(), State::Open);
    put(&breaker, &[]).unwrap();
    breaker.reset();
    let unmeasured = breaker.try_acquire().unwrap();
    advance(secs(9)).await;
    unmeasured.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn an_open_period_follows_a_new_reset_timeout() {
    let breaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(secs(600)).max_reset_timeout(secs(2400));
    fail(&breaker);
    advance(secs(20)).await;
    put(&breaker, &[("failure_threshold", "1"), ("reset_timeout", "30s"), ("max_reset_timeout", "90s")]).unwrap();
    assert_eq!(breaker.retry_after(), Some(secs(10)), "from its beginning");
    put(&breaker, &[("failure_threshold", "1"), ("reset_timeout", "20s")]).unwrap();
    assert!(!breaker.is_open());
    fail(&breaker);
    // Doubled, and within another range.
    put(&breaker, &[("reset_timeout", "30s"), ("max_reset_timeout", "60s")]).unwrap();
    assert!(breaker.retry_after().is_some_and(|left| left <= secs(60)));
    put(&breaker, &[("max_probes", "3"), ("reset_timeout", "30s"), ("max_reset_timeout", "60s")]).unwrap();
    assert!(breaker.is_open(), "what says nothing of it leaves it alone");
}

#[tokio::test(start_paused = true)]
async fn probes_keep_their_places() {
    let breaker = CircuitBreaker::new().failure_threshold(1).success_threshold(2);
    fail(&breaker);
    advance(secs(30)).await;
    let probe = breaker.try_acquire().unwrap();
    for over in [&[("window", "10"), ("failure_rate", "1.0")][..], &[("shadow", "true")], &[("slow_call", "1ms")]] {
        put(&breaker, over).unwrap();
    }
    put(&breaker, &[("max_probes", "2")]).unwrap();
    let second = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err());
    put(&breaker, &[("max_probes", "1")]).unwrap();
    assert_eq!(count(&breaker, "probes"), 2);
    probe.success();
    second.success();
    assert_eq!(breaker.state(), State::Closed);
}

/// A breaker in each of its states.
fn in_each_state() -> Vec<(CircuitBreaker, State)> {
    let breaker = || CircuitBreaker::new().failure_threshold(1);
    let half_open = breaker().reset_timeout(secs(0));
    fail(&half_open);
    drop(half_open.try_acquire());
    let open = breaker();
    fail(&open);
    let (forced_open, forced_closed) = (breaker(), breaker());
    assert!(forced_open.steer(Steer::ForceOpen) && forced_closed.steer(Steer::ForceClosed));
    vec![
        (breaker(), State::Closed),
        (open, State::Open),
        (half_open, State::HalfOpen),
        (forced_open, State::ForcedOpen),
        (forced_closed, State::ForcedClosed),
    ]
}

#[tokio::test(start_paused = true)]
async fn switched_off_it_is_not_there_and_switched_on_it_begins_anew() {
    for (breaker, state) in in_each_state() {
        assert_eq!(breaker.state(), state);
        let early = breaker.try_acquire();
        put(&breaker, &[("enabled", "false")]).unwrap();
        let rejected = count(&breaker, "rejected");
        let passes = state != State::ForcedOpen;
        for _ in 0..10 {
            assert_eq!(breaker.try_acquire().map(Permit::failure).is_ok(), passes, "what is forced is forced");
        }
        let is_forced = matches!(state, State::ForcedOpen | State::ForcedClosed);
        let expected = if is_forced { state } else { State::Closed };
        assert_eq!(breaker.state(), expected);
        assert_eq!(breaker.counts().consecutive_failures, 0);
        assert!(!passes || count(&breaker, "rejected") == rejected);
        let during = breaker.try_acquire();
        put(&breaker, &[]).unwrap();
        assert_eq!(breaker.state(), expected);
        // Neither of them is of this time.
        early.into_iter().chain(during).for_each(Permit::failure);
        assert_eq!((breaker.state(), breaker.counts().consecutive_failures), (expected, 0));
        breaker.reset();
        fail(&breaker);
        assert_eq!(breaker.state(), State::Open);
    }
}

#[test]
fn switched_off_from_the_start_it_obeys_all_the_same() {
    let breaker = CircuitBreaker::new().failure_threshold(1).enabled(false).slow_call(millis(1));
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.counts().calls), (State::Closed, 0));
    assert!(breaker.is_clean());
    breaker.force_open();
    assert!(breaker.try_acquire().is_err());
    breaker.reset();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed, "it is switched off still");
    put(&breaker, &[("enabled", "true")]).unwrap();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn in_shadow_it_lives_as_ever_and_lets_pass() {
    let breaker = CircuitBreaker::new().failure_threshold(1).shadow(true);
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.is_open(), breaker.retry_after()), (State::Open, false, None));
    for rejected in 1..4 {
        // Without the shadow nobody would know how these go.
        fail(&breaker);
        assert_eq!((breaker.state(), breaker.counts().rejected), (State::Open, rejected));
    }
    advance(secs(30)).await;
    let probe = breaker.try_acquire().unwrap();
    assert_eq!(breaker.state(), State::HalfOpen);
    // Beside the probe.
    fail(&breaker);
    assert_eq!((breaker.state(), breaker.counts().rejected), (State::HalfOpen, 4));
    probe.success();
    assert_eq!(breaker.state(), State::Closed);
    breaker.force_open();
    assert!(breaker.try_acquire().is_err(), "what is forced is forced");
}

#[test]
fn the_shadow_comes_and_goes_in_every_state() {
    for (breaker, state) in in_each_state() {
        put(&breaker, &[("failure_threshold", "1"), ("shadow", "true"), ("reset_timeout", "1h")]).unwrap();
        assert_eq!(breaker.state(), state);
        assert_eq!(breaker.try_acquire().is_ok(), state != State::ForcedOpen);
        put(&breaker, &[("failure_threshold", "1"), ("reset_timeout", "1h")]).unwrap();
        assert_eq!(breaker.state(), state);
        let passes = !matches!(state, State::Open | State::ForcedOpen);
        assert_eq!(breaker.try_acquire().is_ok(), passes, "{state:?}");
    }
}

#[test]
fn states_and_steering_in_words() {
    for (breaker, state) in in_each_state() {
        let words = match state {
            State::Closed => "closed",
            State::Open => "open",
            State::HalfOpen => "half_open",
            State::ForcedOpen => "forced_open",
            State::ForcedClosed => "forced_closed",
        };
        assert_eq!(Managed::state(&breaker), Some(words));
        assert!(breaker.steer(Steer::Reset));
        assert_eq!(Managed::state(&breaker), Some("closed"));
    }
}

#[test]
fn a_dropped_call_is_counted_by_the_setting_in_force() {
    let breaker = CircuitBreaker::new();
    let counted = || ["failed", "neutral"].map(|name| count(&breaker, name));
    drop(breaker.try_acquire());
    assert_eq!(counted(), [0, 1]);
    put(&breaker, &[("abandoned", "failure")]).unwrap();
    drop(breaker.try_acquire());
    assert_eq!(counted(), [1, 1]);
    // Also where nothing else comes of it.
    breaker.force_closed();
    drop(breaker.try_acquire());
    assert_eq!((counted(), breaker.counts().failures), ([2, 1], 0));
}

#[test]
fn what_passes_in_shadow_is_counted_once_as_rejected() {
    let breaker = CircuitBreaker::new().failure_threshold(1).slow_call(secs(0)).shadow(true);
    fail(&breaker);
    let before = Managed::counts(&breaker);
    fail(&breaker);
    succeed(&breaker);
    breaker.try_acquire().unwrap().ignore();
    drop(breaker.try_acquire());
    for count in &before {
        let after = self::count(&breaker, count.name);
        match count.name {
            "rejected" => assert_eq!(after, 4),
            name if name.ends_with("_nanos") => {}
            name => assert_eq!(after, count.value, "{name}"),
        }
    }
}

#[test]
fn a_storm_of_changes_leaves_it_sound() {
    const ROUNDS: usize = if cfg!(miri) { 20 } else { 2000 };
    let breaker = CircuitBreaker::new().failure_rate(0.5).window_duration(secs(10)).min_calls(5).reset_timeout(secs(0));
    let over: [&[(&str, &str)]; 8] = [
        &[("enabled", "false")],
        &[("shadow", "true")],
        &[("window", "20s")],
        &[("window", "7")],
        &[("failure_threshold", "2")],
        &[("slow_call", "0s")],
        &[("max_probes", "4"), ("success_threshold", "3")],
        &[],
    ];
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for call in 0..3_usize {
            let (breaker, is_over) = (&breaker, &is_over);
            scope.spawn(move || {
                let mut round = call;
                while !is_over.load(Relaxed) {
                    round += 1;
                    match breaker.try_acquire() {
                        Ok(permit) if round % 3 == 0 => permit.failure(),
                        Ok(permit) if round % 7 == 0 => drop(permit),
                        Ok(permit) => permit.success(),
                        Err(_) => thread::yield_now(),
                    }
                }
            });
        }
        for round in 0..ROUNDS {
            put(&breaker, over[round % over.len()]).unwrap();
        }
        is_over.store(true, Relaxed);
    });
    put(&breaker, &[]).unwrap();
    breaker.reset();
    assert_eq!((breaker.counts().calls, breaker.counts().probes), (0, 0));
    for _ in 0..4 {
        fail(&breaker);
    }
    assert_eq!(breaker.counts().calls, 4, "each counts once");
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}
