//! Latencies and the estimate from them, whatever the order of the threads. There are two of them: short and long.

use core::time::Duration;
use std::sync::Arc;

use super::super::Percentile;
use super::NEVER;
use crate::models::{check, clock, join, spawn};

const EPOCH: u64 = 1_000_000_000;
const SHORT: u64 = 0;
const LONG: u64 = 1024;

/// The longest of the last four epochs, as soon as there are so many.
fn longest(min_calls: u32) -> Arc<Percentile> {
    let longest = Percentile::new(1.0).min_calls(min_calls).window(Duration::from_nanos(4 * EPOCH));
    longest.recent.epoch.touch();
    longest.recent.estimate.touch();
    longest.recent.counts.touch();
    Arc::new(longest)
}

fn record(percentile: &Percentile, nanos: u64) {
    percentile.record(Duration::from_nanos(nanos));
}

#[test]
fn each_latency_counts_once() {
    check(3, || {
        let longest = longest(2);
        let threads =
            [spawn(&longest, |longest| record(longest, SHORT)), spawn(&longest, |longest| record(longest, LONG))];
        join(threads);
        assert_eq!(longest.calls(), 2);
        // Whoever comes next at the latest makes it known.
        record(&longest, SHORT);
        assert!(longest.estimate() >= Some(Duration::from_nanos(LONG)));
    });
}

#[test]
fn the_first_latencies_count_at_the_end_of_an_epoch_too() {
    check(3, || {
        let longest = longest(1);
        let now = crate::time::nanos();
        let late = spawn(&longest, move |longest| longest.record_at(now, SHORT));
        clock::advance(EPOCH);
        record(&longest, SHORT);
        late.join().unwrap();
        assert_eq!(longest.calls(), 2);
    });
}

#[test]
fn no_latency_is_lost_as_an_epoch_ends() {
    check(2, || {
        let longest = longest(1);
        record(&longest, LONG);
        let now = crate::time::nanos();
        clock::advance(EPOCH);
        let threads = [
            spawn(&longest, |longest| record(longest, SHORT)),
            // It was held up since it looked at the clock.
            spawn(&longest, move |longest| longest.record_at(now, SHORT)),
        ];
        record(&longest, SHORT);
        join(threads);
        assert_eq!(longest.calls(), 4);
    });
}

#[test]
fn nothing_older_than_the_window_is_seen() {
    check(3, || {
        let longest = longest(1);
        record(&longest, LONG);
        assert_ne!(longest.current_at(crate::time::nanos()), NEVER);
        clock::advance(4 * EPOCH);
        let seen = |longest: &Percentile| longest.estimate();
        let threads = [spawn(&longest, seen), spawn(&longest, seen)];
        assert_eq!(seen(&longest), None);
        assert_eq!(join(threads), [None, None]);
        assert_eq!(longest.calls(), 0);
    });
}
