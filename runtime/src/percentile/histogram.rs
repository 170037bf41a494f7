//! How often each latency was seen, to within three percent.
//!
//! Latencies are counted in units of about a microsecond. Up to 64 units each has a bucket of its own; above, every
//! power of two is divided into 32 buckets of equal width, so that a bucket is at most 1/32 as wide as what it counts.

use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;

use super::settings::NEVER;

/// A unit is 1,024 nanoseconds.
const UNIT_BITS: u32 = 10;
/// As a power of two: into how many buckets an octave is divided.
/// In a model there are three buckets in all: it would take too long to try every order of more.
const OCTAVE_BITS: u32 = if cfg!(steadfast_loom) { 0 } else { 5 };
const OCTAVE: u32 = 1 << OCTAVE_BITS;

/// Up to 2^32 units, 73 minutes. The last one, from 72 minutes on, has no end: nobody knows how long these were.
const OCTAVES: usize = if cfg!(steadfast_loom) { 3 } else { (u32::BITS - OCTAVE_BITS + 1) as usize };
const BUCKETS: usize = OCTAVES * OCTAVE as usize;

/// From here on a bucket counts no further, long before it could begin anew.
const FULL: u32 = 1 << 31;

pub(super) struct Histogram([AtomicU32; BUCKETS]);

impl Histogram {
    pub(super) const fn new() -> Self {
        Self([const { AtomicU32::new(0) }; BUCKETS])
    }

    #[cfg(steadfast_loom)]
    pub(super) fn touch(&self) {
        self.0.iter().for_each(|bucket| _ = bucket.touch());
    }

    #[inline]
    pub(super) fn add(&self, nanos: u64) {
        let bucket = &self.0[bucket_of(nanos)];
        if bucket.load(Relaxed) < FULL {
            bucket.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn clear(&self) {
        for bucket in &self.0 {
            bucket.store(0, Relaxed);
        }
    }
}

/// What several histograms have counted together, by octave: so that they are looked at only once to find a rank.
pub(super) struct Octaves<'h> {
    histograms: &'h [Histogram],
    sums: [u64; OCTAVES],
}

impl<'h> Octaves<'h> {
    pub(super) fn of(histograms: &'h [Histogram]) -> Self {
        let mut sums = [0; OCTAVES];
        for histogram in histograms {
            for (sum, buckets) in sums.iter_mut().zip(histogram.0.chunks(OCTAVE as usize)) {
                *sum += buckets.iter().map(count).sum::<u64>();
            }
        }
        Self { histograms, sums }
    }

    /// How many latencies.
    pub(super) fn total(&self) -> u64 {
        self.sums.iter().sum()
    }

    /// How many latencies are in the bucket of this one, and in those before it.
    pub(super) fn up_to(&self, nanos: u64) -> u64 {
        let bucket = bucket_of(nanos);
        let octave = bucket / OCTAVE as usize;
        let below: u64 = self.sums[..octave].iter().sum();
        let buckets = octave * OCTAVE as usize..=bucket;
        below + self.histograms.iter().flat_map(|histogram| &histogram.0[buckets.clone()]).map(count).sum::<u64>()
    }

    /// The latency of this rank, from 1 for the shortest, in nanoseconds: the longest in its bucket. [`NEVER`] where it
    /// is one of those of which nobody knows how long they were.
    pub(super) fn ranked(&self, rank: u64) -> u64 {
        let mut below = 0;
        for (octave, sum) in self.sums.iter().enumerate() {
            if below + sum < rank {
                below += sum;
                continue;
            }
            let first = octave * OCTAVE as usize;
            for bucket in first..first + OCTAVE as usize {
                below += self.histograms.iter().map(|histogram| count(&histogram.0[bucket])).sum::<u64>();
                if below >= rank {
                    return if bucket == BUCKETS - 1 { NEVER } else { longest_in(bucket) };
                }
            }
        }
        NEVER
    }
}

fn count(bucket: &AtomicU32) -> u64 {
    bucket.load(Relaxed).into()
}

#[inline]
fn bucket_of(nanos: u64) -> usize {
    let units = u32::try_from(nanos >> UNIT_BITS).unwrap_or(u32::MAX);
    // The first two octaves are of one width, and begin at nothing.
    let shift = (units | (2 * OCTAVE - 1)).ilog2() - OCTAVE_BITS;
    (shift * OCTAVE + (units >> shift)) as usize
}

fn longest_in(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket >> OCTAVE_BITS).saturating_sub(1);
    let next = bucket - (shift << OCTAVE_BITS) + 1;
    ((next << shift) << UNIT_BITS) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONGEST: u64 = (1 << 42) - 1;

    #[test]
    fn buckets_follow_each_other_without_gaps() {
        let mut shortest = 0;
        for bucket in 0..BUCKETS {
            let longest = longest_in(bucket);
            assert_eq!((bucket_of(shortest), bucket_of(longest)), (bucket, bucket));
            assert!(longest - shortest < 1024 + shortest / 32, "bucket {bucket} is too wide");
            shortest = longest + 1;
        }
        assert_eq!(shortest, LONGEST + 1);
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn ranks_are_those_of_the_sorted_latencies() {
        let histograms = [Histogram::new(), Histogram::new()];
        for (index, millis) in [5_u64, 1, 4, 2, 3].into_iter().enumerate() {
            histograms[index % 2].add(millis * 1_000_000);
        }
        assert_eq!(Octaves::of(&histograms).total(), 5);
        for rank in 1..=5 {
            let found = Octaves::of(&histograms).ranked(rank);
            assert!((rank * 1_000_000..=rank * 1_000_000 * 33 / 32 + 1024).contains(&found), "{rank}: {found}");
            assert_eq!(Octaves::of(&histograms).up_to(rank * 1_000_000), rank);
            assert_eq!(Octaves::of(&histograms).up_to(rank * 1_000_000 - 100_000), rank - 1);
        }
        histograms[1].add(NEVER);
        assert_eq!(Octaves::of(&histograms).ranked(6), NEVER);
        histograms[0].clear();
        assert_eq!(Octaves::of(&histograms).total(), 3);
    }

    #[test]
    fn a_bucket_that_is_full_stays_so() {
        let histogram = Histogram::new();
        histogram.0[0].store(FULL - 1, Relaxed);
        histogram.add(0);
        histogram.add(0);
        assert_eq!(Octaves::of(&[histogram]).total(), u64::from(FULL));
    }

    #[test]
    fn threads_lose_nothing() {
        const CALLS: u64 = if cfg!(miri) { 100 } else { 500_000 };
        let histogram = Histogram::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..CALLS).for_each(|_| histogram.add(7)));
            }
        });
        assert_eq!(Octaves::of(&[histogram]).total(), 4 * CALLS);
    }

    proptest! {
        #[test]
        fn a_latency_is_known_to_within_three_percent(nanos in 0..=LONGEST, bits in 0_u32..42) {
            let nanos = nanos >> bits;
            let longest = longest_in(bucket_of(nanos));
            prop_assert!(longest >= nanos);
            prop_assert!(longest - nanos <= nanos / 32 + 1024);
        }
    }
}
