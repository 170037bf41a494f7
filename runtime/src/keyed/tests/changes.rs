//! Settings that are changed while calls run, of all keys.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use crate::registry::said::{changed, count, put, settings};
use crate::registry::{Managed, Steer};
use crate::{Bulkhead, CircuitBreaker, Keyed, PolicyKind, RateLimit, State};

fn fails(breakers: &Keyed<CircuitBreaker>, key: u32) -> State {
    let breaker = breakers.get(&key);
    if let Ok(permit) = breaker.try_acquire() {
        permit.failure();
    }
    breaker.state()
}

#[test]
fn the_settings_are_those_of_each_key() {
    let limits = RateLimit::new(3).name("tenants").keyed();
    assert!(settings(&limits).contains(&"permits = 3".to_owned()));
    assert!(settings(&limits).contains(&"max_keys = 1024".to_owned()));
    assert_eq!((Managed::name(&limits), limits.is_named(), limits.kind()), ("tenants", true, PolicyKind::RateLimit));
    for (over, shown) in [
        (&[("max_keys", "1")][..], &["max_keys = 1"][..]),
        (&[("max_keys", "4294967295"), ("burst", "9")], &["burst = 9", "max_keys = 4294967295"]),
        (&[("shadow", "true")], &["shadow = true"]),
    ] {
        assert_eq!(changed(&limits, over), shown);
    }
    for (over, messages) in [
        (&[("max_keys", "0")][..], &["max_keys: `max_keys` takes a whole number from 1"][..]),
        (&[("keys", "1")], &["keys: unknown setting `keys`; expected one of: `permits`"]),
        (&[("max_keys", "many"), ("permits", "0")], &["max_keys: `max_keys` takes", "permits: `permits` takes"]),
    ] {
        let refused = put(&limits, over).unwrap_err();
        assert_eq!(refused.len(), messages.len(), "{refused:?}");
        assert!(refused.iter().zip(messages).all(|(refused, message)| refused.starts_with(message)), "{refused:?}");
    }
    assert!(put(&limits, &[("keys", "1")]).unwrap_err()[0].ends_with("`critical`, `max_keys`"));
    assert!(put(&RateLimit::new(1), &[("max_keys", "1")]).is_err());
}

#[test]
fn all_keys_change_and_those_to_come() {
    let breakers = CircuitBreaker::new().keyed();
    let held = breakers.get(&1_u32);
    assert_eq!(fails(&breakers, 1), State::Closed);
    put(&breakers, &[("failure_threshold", "2")]).unwrap();
    assert_eq!(fails(&breakers, 1), State::Open);
    assert_eq!(held.state(), State::Open);
    assert_eq!([fails(&breakers, 2), fails(&breakers, 2)], [State::Closed, State::Open]);
    put(&breakers, &[]).unwrap();
    assert_eq!([fails(&breakers, 3), fails(&breakers, 3)], [State::Closed; 2]);
    assert_eq!(held.state(), State::Open, "what it knows is kept");
    put(&breakers, &[("enabled", "false")]).unwrap();
    for key in 1..5 {
        assert!(breakers.get(&key).try_acquire().is_ok());
    }
}

#[test]
fn bulkheads_and_limits_as_well() {
    let bulkheads = Bulkhead::new(1).keyed();
    let limits = RateLimit::new(1).keyed();
    let (bulkhead, limit) = (bulkheads.get("a"), limits.get("a"));
    put(&bulkheads, &[("max_concurrent", "2")]).unwrap();
    put(&limits, &[("permits", "2")]).unwrap();
    assert_eq!((bulkhead.limit(), bulkheads.get("b").limit()), (2, 2));
    assert_eq!((limit.available(), limits.get("b").available()), (2, 2));
    put(&bulkheads, &[]).unwrap();
    put(&limits, &[]).unwrap();
    assert_eq!((bulkhead.limit(), bulkheads.get("c").limit()), (1, 1));
    assert_eq!((limit.available(), limits.get("c").available()), (1, 1));
}

#[test]
fn fewer_keys_are_kept_at_once() {
    let limits = RateLimit::new(1).keyed().max_keys(5);
    for key in 0..5_u32 {
        limits.get(&key);
    }
    let held = (limits.get(&0_u32), limits.get(&1_u32));
    put(&limits, &[("max_keys", "3")]).unwrap();
    assert_eq!(limits.len(), 3);
    assert!(limits.peek(&0_u32).is_some() && limits.peek(&1_u32).is_some());
    put(&limits, &[("max_keys", "1")]).unwrap();
    assert_eq!(limits.len(), 2, "those held are never forgotten");
    limits.get(&9_u32);
    assert_eq!(limits.len(), 2);
    drop(held);
    limits.get(&9_u32);
    assert_eq!(limits.len(), 1);
    put(&limits, &[]).unwrap();
    for key in 0..9_u32 {
        limits.get(&key);
    }
    assert_eq!(limits.len(), 5);
}

#[test]
fn all_keys_are_steered_and_those_to_come() {
    let breakers = CircuitBreaker::new().keyed();
    let early = breakers.get("early");
    assert_eq!(Managed::state(&breakers), None);
    for (steer, state, of_key) in [
        (Steer::ForceOpen, Some("forced_open"), State::ForcedOpen),
        (Steer::ForceClosed, Some("forced_closed"), State::ForcedClosed),
        (Steer::Reset, None, State::Closed),
    ] {
        assert!(breakers.steer(steer));
        assert_eq!(Managed::state(&breakers), state);
        assert_eq!((early.state(), breakers.get(&format!("{steer:?}")).state()), (of_key, of_key));
    }
}

/// What all keys count in one place is no sum; the time in the states that they are in now is.
#[tokio::test(start_paused = true)]
async fn what_keys_count_together_is_counted_once() {
    let breakers =
        CircuitBreaker::new().failure_threshold(1).reset_timeout(core::time::Duration::from_secs(60)).keyed();
    assert_eq!([fails(&breakers, 1), fails(&breakers, 2)], [State::Open; 2]);
    tokio::time::advance(core::time::Duration::from_secs(5)).await;
    assert_eq!((count(&breakers, "failed"), count(&breakers, "opened")), (2, 2));
    assert_eq!(count(&breakers, "open_nanos"), 10_000_000_000);
}

#[test]
fn bulkheads_and_limits_are_steered_as_well() {
    let (bulkheads, limits) = (Bulkhead::new(1).keyed(), RateLimit::new(1).keyed());
    for (steer, passes) in [(Steer::ForceOpen, 0), (Steer::ForceClosed, 3), (Steer::Reset, 1)] {
        assert!(bulkheads.steer(steer) && limits.steer(steer));
        let key = format!("{steer:?}");
        let (bulkhead, limit) = (bulkheads.get(&key), limits.get(&key));
        let places: Vec<_> = (0..3).filter_map(|_| bulkhead.try_acquire().ok()).collect();
        let permits = (0..3).filter(|_| limit.try_acquire().is_ok()).count();
        assert_eq!((places.len(), permits), (passes, passes), "{steer:?}");
    }
}

/// The hook runs while the key is made, and so between what it takes of the template and its place among the keys.
#[test]
fn a_key_that_comes_while_all_are_steered_is_steered_as_well() {
    static STEER: Mutex<Vec<Steer>> = Mutex::new(Vec::new());
    static BREAKERS: Keyed<CircuitBreaker> = CircuitBreaker::new()
        .on_state_change(|_| {
            let steer = STEER.lock().unwrap().pop();
            if let Some(steer) = steer {
                BREAKERS.steer(steer);
            }
        })
        .keyed();
    for (first, then, state) in [
        (Steer::ForceOpen, Steer::Reset, State::Closed),
        (Steer::ForceOpen, Steer::ForceClosed, State::ForcedClosed),
        (Steer::ForceClosed, Steer::ForceOpen, State::ForcedOpen),
        (Steer::ForceClosed, Steer::Reset, State::Closed),
    ] {
        BREAKERS.steer(Steer::Reset);
        BREAKERS.steer(first);
        STEER.lock().unwrap().push(then);
        let key = format!("{first:?} {then:?}");
        let breaker = BREAKERS.get(&key);
        assert!(STEER.lock().unwrap().is_empty(), "it was steered");
        assert_eq!(breaker.state(), state, "{key}");
        BREAKERS.remove(&key);
    }
}

#[test]
fn a_storm_of_steering_leaves_no_key_behind() {
    for _ in 0..if cfg!(miri) { 2 } else { 200 } {
        let limits = RateLimit::new(1).keyed();
        let bulkheads = Bulkhead::new(1).keyed();
        limits.steer(Steer::ForceOpen);
        bulkheads.steer(Steer::ForceOpen);
        thread::scope(|scope| {
            for thread in 0..2_u32 {
                let (limits, bulkheads) = (&limits, &bulkheads);
                scope.spawn(move || (0..20).for_each(|key| _ = (limits.get(&(thread, key)), bulkheads.get(&key))));
            }
            for steer in [Steer::ForceClosed, Steer::Reset] {
                scope.spawn(|| limits.steer(Steer::ForceOpen));
                bulkheads.steer(steer);
                limits.steer(steer);
            }
        });
        let expected = Managed::state(&limits).unwrap_or("limited");
        assert!(limits.policies().iter().all(|limit| Managed::state(&**limit) == Some(expected)), "{expected}");
        assert!(bulkheads.policies().iter().all(|bulkhead| Managed::state(&**bulkhead) == Some("limited")));
    }
}

#[test]
fn in_shadow_no_key_is_kept_away() {
    let limits = RateLimit::new(1).shadow(true).keyed();
    let breakers = CircuitBreaker::new().failure_threshold(1).shadow(true).keyed();
    limits.get("a").try_acquire().unwrap();
    assert_eq!(fails(&breakers, 1), State::Open);
    assert_eq!((count(&limits, "rejecting"), count(&breakers, "rejecting")), (0, 0));
    put(&limits, &[("shadow", "false")]).unwrap();
    put(&breakers, &[("shadow", "false")]).unwrap();
    assert_eq!((count(&limits, "rejecting"), count(&breakers, "rejecting")), (1, 1));
    put(&limits, &[("shadow", "true")]).unwrap();
    limits.steer(Steer::ForceOpen);
    assert_eq!(count(&limits, "rejecting"), 1);
}

#[test]
fn counts_are_sums() {
    let limits = RateLimit::new(2).keyed();
    for (key, calls) in [("a", 1), ("b", 3), ("c", 5)] {
        for _ in 0..calls {
            let _passed_or_not = limits.get(key).try_acquire();
        }
    }
    let counted = ["keys", "rejecting", "available", "rejected"].map(|name| count(&limits, name));
    assert_eq!(counted, [3, 2, 1, 4]);
    assert_eq!(count(&Bulkhead::new(7).keyed(), "limit"), 0);
}

#[test]
fn a_storm_of_changes_leaves_no_key_behind() {
    let limits = RateLimit::new(1).keyed().max_keys(8);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for thread in 0..3_u32 {
            let (limits, is_over) = (&limits, &is_over);
            scope.spawn(move || {
                let mut key = thread;
                while !is_over.load(Relaxed) {
                    key = key.wrapping_mul(5).wrapping_add(1) % 32;
                    let _passed_or_not = limits.get(&key).try_acquire();
                }
            });
        }
        for permits in 0..if cfg!(miri) { 9 } else { 300 } {
            put(&limits, &[("permits", &(permits + 1).to_string()), ("max_keys", "4")]).unwrap();
            put(&limits, &[]).unwrap();
        }
        put(&limits, &[("burst", "1000")]).unwrap();
        is_over.store(true, Relaxed);
    });
    for policy in limits.policies() {
        policy.reset();
        assert_eq!(policy.available(), 1000);
    }
}
