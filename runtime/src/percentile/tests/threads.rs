//! Many threads at one percentile.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};
use core::time::Duration;
use std::sync::Barrier;
use std::thread;

use super::{EPOCH, MS, SECOND, START, estimate, ms, record, tells};
use crate::percentile::{NEVER, Percentile};

#[test]
fn nobody_waits_for_whoever_computes_it() {
    let percentile = Percentile::new(0.5).min_calls(5).max(ms(900));
    record(&percentile, START, 5, 10);
    let turning = percentile.recent.lock();
    record(&percentile, START, 100, 50);
    record(&percentile, START + EPOCH, 100, 50);
    assert_eq!(estimate(&percentile, START + EPOCH), Some(10));
    percentile.record_cut_at(START + EPOCH);
    assert_eq!(estimate(&percentile, START + 3 * EPOCH), Some(10));
    assert_eq!(percentile.current_at(START + 4 * EPOCH), 900 * MS);
    // Of an hour ago: nothing is known, and nobody has to wait to be told.
    assert_eq!(percentile.current_at(START + 3600 * SECOND), 900 * MS);
    drop(turning);
    record(&percentile, START, 1, 50);
    assert_eq!(estimate(&percentile, START), Some(50));
}

#[test]
fn threads_lose_nothing() {
    const CALLS: u64 = if cfg!(miri) { 50 } else { 20_000 };
    let percentile = Percentile::new(0.5);
    let together = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                together.wait();
                for call in 0..CALLS {
                    percentile.record_at(START, (1 + call % 4) * MS);
                    let found = percentile.recent.estimate(&percentile.settings, START);
                    assert!(found == NEVER || tells(found, 2 * MS) || tells(found, 3 * MS), "{found}");
                }
            });
        }
    });
    assert_eq!(percentile.recent.calls(&percentile.settings, START), 4 * CALLS);
    percentile.recent.refresh(&percentile.settings);
    assert!(tells(percentile.recent.estimate(&percentile.settings, START), 2 * MS));
}

#[test]
fn whoever_sees_the_new_epoch_sees_its_estimate() {
    const THREADS: u64 = 2;
    const ROUNDS: u64 = if cfg!(miri) { 20 } else { 3_000 };
    let percentile = Percentile::new(0.5);
    let (turn, wrong) = (AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for round in 0..ROUNDS {
                    // Nothing of the one before is in the window.
                    let now = START + round * 4 * EPOCH;
                    // Without a lock, which would let one thread go on well before the other.
                    turn.fetch_add(1, SeqCst);
                    while turn.load(SeqCst) < (2 * round + 1) * THREADS {
                        thread::yield_now();
                    }
                    wrong.fetch_add(u64::from(percentile.current_at(now) != NEVER), SeqCst);
                    turn.fetch_add(1, SeqCst);
                    while turn.load(SeqCst) < (2 * round + 2) * THREADS {
                        thread::yield_now();
                    }
                    record(&percentile, now, 20, 10);
                }
            });
        }
    });
    assert_eq!(wrong.into_inner(), 0);
}

#[test]
fn threads_may_turn_and_forget_at_once() {
    const CALLS: u64 = if cfg!(miri) { 50 } else { 20_000 };
    let percentile = Percentile::new(0.5).window(Duration::from_micros(4));
    thread::scope(|scope| {
        for thread in 0..4 {
            let percentile = &percentile;
            scope.spawn(move || {
                for call in 0..CALLS {
                    percentile.record_at(START + call * 100 + thread * 37, 10 * MS);
                    let found = percentile.current_at(START + call * 100);
                    assert!(found == NEVER || tells(found, 10 * MS), "{found}");
                    if thread == 0 && call % 1000 == 0 {
                        percentile.reset();
                    }
                }
            });
        }
    });
    // Never wedged.
    record(&percentile, START * 2, 100, 10);
    assert_eq!(estimate(&percentile, START * 2), Some(10));
}
