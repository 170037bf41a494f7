//! Many threads on one breaker.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use crate::{CircuitBreaker, Keyed, State};

use super::*;

const PROBES: u32 = 3;
const ROUNDS: u32 = if cfg!(miri) { 50 } else { 20_000 };

/// A cheap sequence without a pattern, another for each thread.
fn scatter(thread: u32, round: u32) -> u32 {
    (thread.wrapping_mul(0x9E37_79B9) ^ round).wrapping_mul(0x85EB_CA6B).rotate_left(13).wrapping_mul(0xC2B2_AE35)
}

#[test]
fn places_are_never_exceeded_and_none_is_lost() {
    // Probes may run at once only up to the limit; calls of a closed period are told apart by the state they saw.
    let windows: [fn(CircuitBreaker) -> CircuitBreaker; 3] = [
        |breaker| breaker.failure_threshold(3),
        |breaker| breaker.failure_rate(0.5).window_calls(10).min_calls(5),
        |breaker| breaker.failure_rate(0.5).window_duration(secs(1)).min_calls(5),
    ];
    for window in windows {
        let breaker = window(CircuitBreaker::new())
            .reset_timeout(Duration::ZERO)
            .probe_timeout(Duration::MAX)
            .success_threshold(2)
            .max_probes(PROBES);
        let most = AtomicU32::new(0);
        thread::scope(|scope| {
            for number in 0..4 {
                let (breaker, most) = (&breaker, &most);
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let Ok(permit) = breaker.try_acquire() else { continue };
                        most.fetch_max(breaker.counts().probes, SeqCst);
                        match scatter(number, round) % 7 {
                            0..=2 => permit.success(),
                            3 | 4 => permit.failure(),
                            5 => permit.ignore(),
                            _ => drop(permit),
                        }
                    }
                });
            }
        });
        assert!(most.load(SeqCst) <= PROBES);
        assert_eq!(breaker.counts().probes, 0, "every place is free again");
        for _ in 0..3 {
            breaker.try_acquire().expect("never wedged").success();
        }
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn never_more_probes_at_once_than_allowed() {
    let breaker = CircuitBreaker::new()
        .failure_threshold(1)
        .reset_timeout(Duration::ZERO)
        .probe_timeout(Duration::MAX)
        .success_threshold(u32::MAX)
        .max_probes(PROBES);
    breaker.try_acquire().unwrap().failure();
    let running = AtomicU32::new(0);
    let passed = AtomicU32::new(0);
    thread::scope(|scope| {
        for number in 0..4 {
            let (breaker, running, passed) = (&breaker, &running, &passed);
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let Ok(permit) = breaker.try_acquire() else { continue };
                    assert!(running.fetch_add(1, SeqCst) < PROBES);
                    passed.fetch_add(1, SeqCst);
                    running.fetch_sub(1, SeqCst);
                    if scatter(number, round).is_multiple_of(2) { permit.success() } else { drop(permit) }
                }
            });
        }
    });
    assert!(passed.load(SeqCst) >= ROUNDS);
    assert_eq!((breaker.state(), breaker.counts().probes), (State::HalfOpen, 0));
}

#[test]
fn successes_counted_apart_are_all_found() {
    let breaker = CircuitBreaker::new().failure_rate(0.5).window_duration(secs(100_000));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..ROUNDS).for_each(|_| breaker.try_acquire().unwrap().success()));
        }
    });
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.counts().calls, u64::from(4 * ROUNDS + 1));
}

#[test]
fn keys_are_bounded_under_contention() {
    let keyed: Keyed<CircuitBreaker> = CircuitBreaker::new().keyed().max_keys(8);
    thread::scope(|scope| {
        for number in 0..4 {
            let keyed = &keyed;
            scope.spawn(move || {
                for round in 0..ROUNDS / 10 {
                    let key = scatter(number, round) % 32;
                    let policy = keyed.get(&key);
                    policy.try_acquire().unwrap().success();
                    assert!(keyed.len() <= 8);
                }
            });
        }
    });
}
