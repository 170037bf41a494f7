//! Estimates, and the clocks that they follow.

mod exact;
mod threads;

use tokio::time::advance;

use super::*;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1000 * MS;
/// Of the window that is the default.
const EPOCH: u64 = 15 * SECOND;
/// Not a round number, and well after the beginning of the clock.
const START: u64 = 86_400 * SECOND + 123_456_789;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Whether `found` is `exact`, as it is told to within a 32nd.
fn tells(found: u64, exact: u64) -> bool {
    (exact..=exact + exact / 32 + 1024).contains(&found)
}

fn record(percentile: &Percentile, now: u64, calls: u64, millis: u64) {
    for _ in 0..calls {
        percentile.record_at(now, millis * MS);
    }
}

/// In milliseconds, rounded down; `None` while there is none.
fn estimate(percentile: &Percentile, now: u64) -> Option<u64> {
    let nanos = percentile.recent.estimate(&percentile.settings, now);
    (nanos != NEVER).then_some(nanos / MS)
}

#[test]
fn it_is_max_until_enough_calls_were_seen() {
    for (share, calls) in
        [(0.0, 20), (0.5, 20), (0.95, 20), (0.99, 100), (0.995, 200), (0.999, 1000), (0.9999, 1000), (1.0, 1000)]
    {
        let percentile = Percentile::new(share).max(ms(100));
        record(&percentile, START, calls - 1, 10);
        assert_eq!(percentile.current_at(START), 100 * MS, "{share} after {} calls", calls - 1);
        record(&percentile, START, 1, 10);
        assert!(tells(percentile.current_at(START), 10 * MS), "{share} after {calls} calls");
    }
    for (asked, calls) in [(0, 1), (1, 1), (7, 7), (500, 500)] {
        let percentile = Percentile::new(0.5).min_calls(asked);
        assert_eq!(percentile.current_at(START), NEVER);
        record(&percentile, START, calls - 1, 10);
        assert_eq!(percentile.current_at(START), NEVER);
        record(&percentile, START, 1, 10);
        assert_eq!(estimate(&percentile, START), Some(10), "{asked}");
    }
}

#[test]
fn the_factor_comes_before_the_bounds() {
    let at_ten_ms = |percentile: Percentile| {
        record(&percentile, START, 1000, 10);
        percentile.current_at(START)
    };
    let percentile = || Percentile::new(0.9);
    for (percentile, exact) in
        [(percentile(), 10 * MS), (percentile().factor(2.5), 25 * MS), (percentile().factor(0.5), 5 * MS)]
    {
        let found = at_ten_ms(percentile);
        assert!((exact..=exact * 33 / 32 + 4096).contains(&found), "{found} for {exact}");
    }
    for (percentile, exact) in [
        (percentile().min(ms(30)).factor(2.0), 30 * MS),
        (percentile().max(ms(15)).factor(2.0), 15 * MS),
        // Out of range, they are taken to the nearest in range.
        (percentile().min(ms(30)).max(ms(20)), 20 * MS),
        (percentile().factor(0.0), 0),
        (percentile().factor(-3.0), 0),
        (percentile().factor(f64::NEG_INFINITY).min(ms(1)), MS),
        (percentile().factor(f64::INFINITY), NEVER),
        (percentile().factor(f64::MAX).max(ms(40)), 40 * MS),
        (percentile().min(Duration::MAX), NEVER),
        (percentile().max(Duration::ZERO), 0),
    ] {
        assert_eq!(at_ten_ms(percentile), exact);
    }
    assert!(tells(at_ten_ms(percentile().factor(f64::NAN)), 10 * MS));
}

#[test]
fn shares_out_of_range_are_the_nearest_in_range() {
    for (share, millis) in [
        (f64::NEG_INFINITY, 1),
        (-0.5, 1),
        (0.0, 1),
        (1e-12, 1),
        (1.0, 50),
        (7.0, 50),
        (f64::INFINITY, 50),
        (f64::NAN, 50),
    ] {
        let percentile = Percentile::new(share).min_calls(50);
        for millis in 1..=50 {
            record(&percentile, START, 1, millis);
        }
        assert_eq!(estimate(&percentile, START), Some(millis), "{share}");
    }
}

#[test]
fn ranks_are_not_off_by_one() {
    // 0.07 × 100 is more than 7 in floating point, 0.0157 × 10^9 less than a whole number.
    for (share, calls, rank) in [
        (0.07, 100, 7),
        (0.99, 100, 99),
        (0.99, 101, 100),
        (0.95, 20, 19),
        (0.5, 3, 2),
        (0.29, 100, 29),
        (0.0157, 2_000_000_000, 31_400_000),
    ] {
        assert_eq!(Settings::new(share).in_force(|values| values.rank(calls)), rank, "{share} of {calls}");
    }
}

#[test]
fn the_longest_latencies_count() {
    let percentile = Percentile::new(1.0).min_calls(1);
    for (latency, found) in [(0, 0), (1, 1), (3600, 3642), (71 * 60, 4260)] {
        percentile.reset();
        percentile.record(Duration::from_secs(latency));
        assert_eq!(percentile.estimate().map(|found| found.as_secs()), Some(found));
    }
    // Beyond that, nobody knows.
    for latency in [Duration::from_secs(74 * 60), Duration::MAX] {
        percentile.reset();
        percentile.record(latency);
        assert_eq!((percentile.estimate(), percentile.current(), percentile.calls()), (None, None, 1));
    }
}

#[test]
fn a_change_is_followed() {
    let percentile = Percentile::new(0.99);
    record(&percentile, START, 1000, 10);
    assert_eq!(estimate(&percentile, START), Some(10));
    // As soon as more than one in a hundred is longer; the estimate is computed anew every 32 latencies.
    record(&percentile, START, 43, 200);
    assert_eq!(estimate(&percentile, START), Some(201));
    // Down again when these are forgotten.
    record(&percentile, START + EPOCH, 1000, 10);
    assert_eq!(estimate(&percentile, START + EPOCH), Some(201));
    record(&percentile, START + 4 * EPOCH, 32, 10);
    assert_eq!(estimate(&percentile, START + 4 * EPOCH), Some(10));
}

#[test]
fn nothing_older_than_the_window_counts() {
    for window in [1, 4, 1000, 60 * SECOND, 3600 * SECOND, 86_400 * SECOND] {
        let percentile = Percentile::new(0.5).min_calls(5).window(Duration::from_nanos(window));
        record(&percentile, START, 5, 10);
        assert_eq!(estimate(&percentile, START), Some(10));
        assert_eq!(percentile.recent.calls(&percentile.settings, START), 5);
        // Up to a quarter early.
        let kept = START + window / 4 * 3;
        assert_eq!(estimate(&percentile, kept - window.min(4) / 4), Some(10), "{window}");
        for later in [START + window.max(4), START + window.max(4) * 1000, u64::MAX / 2] {
            assert_eq!(estimate(&percentile, later), None, "{window}");
            assert_eq!(percentile.recent.calls(&percentile.settings, later), 0);
        }
    }
    let percentile = Percentile::new(0.5).min_calls(5).window(Duration::MAX);
    record(&percentile, START, 5, 10);
    assert_eq!(estimate(&percentile, START + 365 * 86_400 * SECOND), Some(10));
}

#[test]
fn traffic_that_gets_thin_leaves_no_estimate_behind() {
    let percentile = Percentile::new(0.95).max(ms(500));
    record(&percentile, START, 1000, 10);
    // One call every five seconds is less than 20 in a minute.
    for call in 1..12 {
        let now = START + call * 5 * SECOND;
        record(&percentile, now, 1, 10);
    }
    let now = START + 61 * SECOND;
    assert_eq!(percentile.current_at(now), 500 * MS);
    record(&percentile, now, 20, 30);
    assert_eq!(estimate(&percentile, now), Some(30));
}

#[tokio::test(start_paused = true)]
async fn it_follows_the_paused_clock() {
    let percentile = Percentile::new(0.9).min_calls(3).max(ms(700)).window(Duration::from_secs(8));
    assert_eq!((percentile.current(), percentile.estimate(), percentile.calls()), (Some(ms(700)), None, 0));
    for _ in 0..3 {
        percentile.record(ms(20));
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(percentile.calls(), 3);
    assert_eq!(percentile.current(), percentile.estimate());
    assert!(percentile.current() < Some(ms(21)));
    advance(Duration::from_secs(5)).await;
    assert!(percentile.calls() < 3);
    assert_eq!((percentile.current(), percentile.estimate()), (Some(ms(700)), None));
    advance(Duration::from_secs(2)).await;
    assert_eq!(percentile.calls(), 0);
}

#[test]
fn a_clock_that_jumps_forgets_and_goes_on() {
    let percentile = Percentile::new(0.5).min_calls(5);
    // Forth and back, by more than anybody will see.
    for now in [START, START * 1000, START, 0, u64::MAX / 2, 1, u64::MAX / 2, START] {
        assert_eq!(estimate(&percentile, now), None, "at {now}");
        record(&percentile, now, 4, 10);
        assert_eq!(estimate(&percentile, now), None, "at {now}");
        record(&percentile, now, 1, 10);
        assert_eq!(estimate(&percentile, now), Some(10), "at {now}");
    }
    // A thread that looked at the clock before another one turned.
    percentile.reset();
    let turned = START / EPOCH * EPOCH + EPOCH;
    record(&percentile, turned, 5, 20);
    for behind in [1, SECOND, EPOCH, 2 * EPOCH] {
        record(&percentile, turned - behind, 5, 20);
        assert_eq!(estimate(&percentile, turned - behind), Some(20));
    }
    assert_eq!(percentile.recent.calls(&percentile.settings, turned), 25);
}

#[test]
fn what_was_given_up_counts_where_it_is_longer_than_the_percentile() {
    let percentile = Percentile::new(0.5);
    for _ in 0..100 {
        percentile.record_at_least_at(START, SECOND);
    }
    assert_eq!(percentile.recent.calls(&percentile.settings, START), 0, "nothing is known to be longer than");
    record(&percentile, START, 100, 10);
    for _ in 0..200 {
        percentile.record_at_least_at(START, 9 * MS);
        percentile.record_at_least_at(START, 10 * MS);
        percentile.record_at_least_at(START, percentile.recent.estimate(&percentile.settings, START));
    }
    assert_eq!(percentile.recent.calls(&percentile.settings, START), 100);
    for _ in 0..200 {
        percentile.record_at_least_at(START, 80 * MS);
    }
    assert_eq!(estimate(&percentile, START), Some(81));
    assert_eq!(percentile.recent.calls(&percentile.settings, START), 212, "then they are no longer than it");
}

/// What lost has taken at least so long. Where that is no more than the percentile, it counts as one of the calls that
/// took longer than it; the percentile would shrink otherwise.
#[test]
fn what_has_lost_counts_as_no_shorter_than_it_ran() {
    let after = |share: f64, times: u64, lost: fn(u64) -> u64| {
        let percentile = Percentile::new(share).min_calls(1);
        record(&percentile, START, 10, 10);
        record(&percentile, START, 10, 100);
        let estimate = percentile.recent.estimate(&percentile.settings, START);
        assert!(tells(estimate, 10 * MS));
        for _ in 0..times {
            percentile.record_lost_at(START, lost(estimate));
        }
        percentile.recent.refresh(&percentile.settings);
        percentile.recent.estimate(&percentile.settings, START)
    };
    for (share, times, lost, exact) in [
        // The eleventh of 21.
        (0.5, 1, (|_| 50 * MS) as fn(u64) -> u64, 50 * MS),
        (0.5, 1, |estimate| estimate, 100 * MS),
        (0.5, 1, |estimate| estimate + MS, 11 * MS),
        // The eleventh of 120: none of those that lost is among the first ten.
        (0.09, 100, |estimate| estimate, 100 * MS),
        (0.0, 100, |_| MS, 10 * MS),
    ] {
        let found = after(share, times, lost);
        assert!(tells(found, exact), "{found} for {exact}");
    }
}

#[test]
fn never_more_are_cut_than_lie_above_the_percentile() {
    for factor in [0.5, 1.0, 3.0] {
        let percentile = Percentile::new(0.99).factor(factor).max(ms(5000));
        record(&percentile, START, 1000, 10);
        // The dependency has become slow: all calls are cut.
        let mut cut = 0;
        while percentile.current_at(START) < 5000 * MS {
            percentile.record_cut_at(START);
            cut += 1;
            assert!(cut <= 11, "{cut} were cut at {factor}");
        }
        // They show how long they take, and later that is what is known.
        for second in 0..61 {
            record(&percentile, START + second * SECOND, 100, 80);
        }
        assert_eq!(estimate(&percentile, START + 60 * SECOND), Some(81));
    }
}

/// To the nanosecond: an epoch begins with its first, and the window is four of them.
#[test]
fn a_latency_is_forgotten_with_its_epoch() {
    let percentile = Percentile::new(0.5);
    let begin = START / EPOCH * EPOCH;
    let calls = |now| percentile.recent.calls(&percentile.settings, now);
    record(&percentile, begin, 7, 10);
    assert_eq!(calls(begin + EPOCH - 1), 7);
    assert_eq!(calls(begin + EPOCH), 7);
    let percentile = Percentile::new(0.5);
    let calls = |now| percentile.recent.calls(&percentile.settings, now);
    record(&percentile, begin, 4, 10);
    record(&percentile, begin + EPOCH - 1, 3, 10);
    record(&percentile, begin + EPOCH, 1, 10);
    for (now, expected) in [(4 * EPOCH - 1, 8), (4 * EPOCH, 1), (5 * EPOCH - 1, 1), (5 * EPOCH, 0)] {
        assert_eq!(calls(begin + now), expected, "{now}");
    }
}

#[test]
fn reset_forgets() {
    let percentile = Percentile::new(0.5).min_calls(5);
    percentile.reset();
    for _ in 0..2 {
        record(&percentile, START, 4, 10);
        assert_eq!(estimate(&percentile, START), None);
        record(&percentile, START, 100, 10);
        assert_eq!(estimate(&percentile, START), Some(10));
        percentile.reset();
        assert_eq!((estimate(&percentile, START), percentile.recent.calls(&percentile.settings, START)), (None, 0));
    }
}

#[test]
fn it_takes_room_when_the_first_latency_comes() {
    assert!(size_of::<Percentile>() <= 96 + 24 * usize::from(cfg!(feature = "registry")));
    assert!(size_of_val(&*super::recent::allocate()) <= 15 * 1024);
    let percentile = Percentile::new(0.99);
    let _ = (percentile.current(), percentile.estimate(), percentile.calls());
    percentile.record_at_least(ms(1));
    assert!(!percentile.recent.is_allocated());
    percentile.record(ms(1));
    assert!(percentile.recent.is_allocated());
    assert!(format!("{percentile:?}").contains("calls: 1"));
}
