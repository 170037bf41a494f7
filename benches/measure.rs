//! What one call costs, by each measure.

pub(crate) mod steps;

use std::time::{Duration, Instant};

use crate::contest::Contestant;

/// Calls in one measurement of time.
const CALLS: u32 = 100_000;
const REPEATS: usize = 15;

/// The median time of a call, in nanoseconds.
pub(crate) fn nanoseconds(contestant: &Contestant) -> f64 {
    let mut times: Vec<Duration> = (0..REPEATS)
        .map(|_| {
            let begun = Instant::now();
            contestant.call(0..CALLS);
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[REPEATS / 2].as_secs_f64() * 1e9 / f64::from(CALLS)
}

/// Allocations of a call: the difference of two counts of calls, after the first ones.
pub(crate) fn allocations(contestant: &Contestant) -> u64 {
    const CALLS: u32 = 100;
    let of = |calls| allocation_counter::measure(|| contestant.call(0..calls)).count_total;
    contestant.call(0..CALLS);
    let (few, many) = (of(CALLS), of(2 * CALLS));
    many.saturating_sub(few).div_ceil(u64::from(CALLS))
}
