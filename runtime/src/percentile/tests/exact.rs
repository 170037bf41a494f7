//! An estimate beside the exact value.

use proptest::prelude::*;

use super::{EPOCH, MS, START, tells};
use crate::percentile::{NEVER, Percentile};

/// Of the sorted latencies, the one below or at which so many in a thousand lie.
fn exact(latencies: impl Iterator<Item = u64>, per_mille: usize) -> u64 {
    let mut sorted: Vec<u64> = latencies.collect();
    sorted.sort_unstable();
    sorted[(sorted.len() * per_mille).div_ceil(1000).max(1) - 1]
}

fn share(per_mille: usize) -> f64 {
    f64::from(u32::try_from(per_mille).unwrap()) / 1000.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 2 } else { 64 }))]

    /// Epoch by epoch.
    #[test]
    fn it_is_that_of_the_sorted_latencies(
        per_mille in 0..=1000_usize,
        min_calls in 1..60_u32,
        calls in prop::collection::vec((0..=EPOCH, 0..40_000_000_000_u64, 0..36_u32), 1..200),
    ) {
        let percentile = Percentile::new(share(per_mille)).min_calls(min_calls);
        let mut now = START;
        let mut seen: Vec<(u64, u64)> = Vec::new();
        for (wait, latency, bits) in calls {
            // Most follow each other closely, and some are very short.
            now += wait >> (bits % 12);
            let latency = latency >> bits;
            percentile.record_at(now, latency);
            percentile.recent.refresh(&percentile.settings);
            seen.push((now / EPOCH, latency));
            seen.retain(|(epoch, _)| now / EPOCH - epoch < 4);

            let found = percentile.recent.estimate(&percentile.settings, now);
            if seen.len() < min_calls as usize {
                prop_assert_eq!(found, NEVER);
            } else {
                let exact = exact(seen.iter().map(|(_, latency)| *latency), per_mille);
                prop_assert!(tells(found, exact), "{} for {}", found, exact);
            }
        }
    }

    #[test]
    fn it_is_never_longer_behind_than_32_latencies(latencies in prop::collection::vec(1..1_000_u64, 20..600)) {
        let percentile = Percentile::new(0.9);
        let mut behind = 0;
        for index in 0..latencies.len() {
            percentile.record_at(START, latencies[index] * MS);
            let found = percentile.recent.estimate(&percentile.settings, START);
            if index < 19 {
                prop_assert_eq!(found, NEVER);
                continue;
            }
            let exact = exact(latencies[..=index].iter().copied(), 900) * MS;
            behind = if tells(found, exact) { 0 } else { behind + 1 };
            prop_assert!(behind < 32, "{} for {} after {}", found, exact, index);
        }
    }
}
