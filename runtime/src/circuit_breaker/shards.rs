//! Successes of a time window, counted apart by each thread while nothing fails.

use core::cell::Cell;
use core::sync::atomic::AtomicUsize;
use std::thread::available_parallelism;

use crate::sync::Ordering::Relaxed;
use crate::sync::{AtomicU64, OnceLock};

use super::settings::RING;

pub(crate) use super::settings::BUCKETS;

/// The shards of one breaker, a power of two of them; nothing is allocated before the first success.
pub(crate) struct Shards(OnceLock<Box<[Shard]>>);

/// Apart from its neighbours in the cache, prefetched pairs of lines included.
#[repr(align(128))]
struct Shard([AtomicU64; RING]);

/// In a model all threads are told by one number.
const MOST: usize = if cfg!(steadfast_loom) { 1 } else { 16 };

impl Shards {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    #[cfg(steadfast_loom)]
    pub(crate) fn touch(&self) {
        self.0.touch();
    }

    /// Counts a success in the bucket of this number, for whoever drains that generation.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a remainder of a small number, and the low half")]
    pub(crate) fn add(&self, number: u64, generation: u64) {
        let shards = self.0.get_or_init(allocate);
        let bucket = &shards[thread_number() & (shards.len() - 1)].0[(number % BUCKETS) as usize];
        let tag = tag(number, generation);
        let mut seen = bucket.load(Relaxed);
        loop {
            let (seen_tag, count) = (tag_of(seen), seen as u32);
            // The tag and the count are one word, so that nothing is ever counted under another's tag.
            let count = if seen_tag == tag {
                count.saturating_add(1)
            } else if count > 0 && is_later(seen_tag, tag) {
                // This one has ended with its generation, and was held up on its way here.
                return;
            } else {
                1
            };
            match bucket.compare_exchange_weak(seen, u64::from(tag) << 32 | u64::from(count), Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Hands over what was counted of this generation in each bucket that is not too old, and keeps nothing.
    #[expect(clippy::cast_possible_truncation, reason = "the low half is the count")]
    pub(crate) fn drain(&self, present: u64, generation: u64, mut take: impl FnMut(u64, u64)) {
        for bucket in self.buckets() {
            if bucket.load(Relaxed) == 0 {
                continue;
            }
            let counted = bucket.swap(0, Relaxed);
            let (then, now) = (tag_of(counted), tag(present, generation));
            if then >> NUMBER != now >> NUMBER {
                continue;
            }
            let age = |then: u32, now: u32| u64::from(now.wrapping_sub(then) & NUMBERS);
            let successes = u64::from(counted as u32);
            if age(then, now) < BUCKETS {
                take(present.saturating_sub(age(then, now)), successes);
            } else if age(now, then) < BUCKETS {
                // Counted by a thread that has read the clock since this one did. Further ahead is another clock.
                take(present, successes);
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for bucket in self.buckets() {
            // By an exchange, as all is written here: in a model a store would be in no order with those of others.
            if bucket.load(Relaxed) != 0 {
                bucket.swap(0, Relaxed);
            }
        }
    }

    fn buckets(&self) -> impl Iterator<Item = &AtomicU64> {
        self.0.get().into_iter().flatten().flat_map(|shard| &shard.0)
    }
}

/// How much of a tag is the number of the bucket; above it is the generation, as much of it as tells neighbours apart.
///
/// ```text
/// 63      60 59      32 31     0
/// [generation][ number ][ count ]
/// ```
const NUMBER: u32 = 28;
const NUMBERS: u32 = (1 << NUMBER) - 1;
const GENERATIONS: u32 = 1 << (u32::BITS - NUMBER);

#[expect(clippy::cast_possible_truncation, reason = "the low bits are what tells one from the next")]
const fn tag(number: u64, generation: u64) -> u32 {
    (generation as u32) << NUMBER | number as u32 & NUMBERS
}

/// Whether a tag is of a later generation than another.
const fn is_later(tag: u32, than: u32) -> bool {
    let ahead = (tag >> NUMBER).wrapping_sub(than >> NUMBER) % GENERATIONS;
    ahead != 0 && ahead < GENERATIONS / 2
}

const fn tag_of(bucket: u64) -> u32 {
    (bucket >> 32) as u32
}

#[cold]
fn allocate() -> Box<[Shard]> {
    static SHARDS: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    let shards =
        SHARDS.get_or_init(|| available_parallelism().map_or(1, |threads| threads.get().next_power_of_two().min(MOST)));
    let shards: Box<[Shard]> = (0..*shards).map(|_| Shard([const { AtomicU64::new(0) }; RING])).collect();
    #[cfg(steadfast_loom)]
    shards.iter().flat_map(|shard| &shard.0).for_each(|bucket| _ = bucket.touch());
    shards
}

/// The present thread's own small number.
#[inline]
fn thread_number() -> usize {
    thread_local! {
        static NUMBER: Cell<usize> = const { Cell::new(UNKNOWN) };
    }
    const UNKNOWN: usize = usize::MAX;

    #[cold]
    fn next() -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Relaxed) % UNKNOWN
    }

    NUMBER.with(|number| match number.get() {
        UNKNOWN => {
            number.set(next());
            number.get()
        }
        known => known,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drained(shards: &Shards, present: u64) -> Vec<(u64, u64)> {
        let mut taken = Vec::new();
        shards.drain(present, 0, |number, successes| taken.push((number, successes)));
        taken
    }

    #[test]
    fn what_is_too_old_is_not_handed_over() {
        let shards = Shards::new();
        shards.add(100, 0);
        shards.add(100, 0);
        shards.add(131, 0);
        assert_eq!(drained(&shards, 131), [(131, 1), (100, 2)]);
        assert_eq!(drained(&shards, 131), []);
        shards.add(100, 0);
        assert_eq!(drained(&shards, 132), []);
    }

    #[test]
    fn what_is_ahead_of_whoever_drains_is_not_lost() {
        let shards = Shards::new();
        // He looked at the clock, and was held up for a while.
        for number in [101, 102, 131] {
            shards.add(number, 0);
        }
        assert_eq!(drained(&shards, 100).iter().map(|(_, n)| n).sum::<u64>(), 3);
        // A clock that went back, as between tests that pause it.
        shards.add(132, 0);
        assert_eq!(drained(&shards, 100), []);
    }

    #[test]
    fn a_bucket_is_reused() {
        let shards = Shards::new();
        shards.add(1, 0);
        shards.add(33, 0);
        assert_eq!(drained(&shards, 33), [(33, 1)]);
    }

    #[test]
    fn what_is_of_another_generation_counts_for_nobody() {
        let shards = Shards::new();
        let drained = |generation| {
            let mut taken = 0;
            shards.drain(7, generation, |_, successes| taken += successes);
            taken
        };
        shards.add(7, 1);
        assert_eq!(drained(2), 0);
        // Of one that was held up, after others of the generation that follows.
        for generation in [2, 1, 2] {
            shards.add(7, generation);
        }
        assert_eq!(drained(2), 2);
        // The last of those that are told apart, and the next.
        for generation in [15, 16, 15] {
            shards.add(7, generation);
        }
        assert_eq!(drained(16), 1);
    }

    #[test]
    fn threads_lose_nothing() {
        const CALLS: u64 = if cfg!(miri) { 50 } else { 1000 };
        let shards = Shards::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..CALLS).for_each(|_| shards.add(7, 0)));
            }
        });
        assert_eq!(drained(&shards, 7).iter().map(|(_, n)| n).sum::<u64>(), 4 * CALLS);
    }
}
