//! Successes of a time window, counted apart by each thread while nothing fails.

use core::cell::Cell;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::OnceLock;
use std::thread::available_parallelism;

use super::settings::RING;

pub(crate) use super::settings::BUCKETS;

/// The shards of one breaker, a power of two of them; nothing is allocated before the first success.
pub(crate) struct Shards(OnceLock<Box<[Shard]>>);

/// Apart from its neighbours in the cache, prefetched pairs of lines included.
#[repr(align(128))]
struct Shard([AtomicU64; RING]);

const MOST: usize = 16;

impl Shards {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// Counts a success in the bucket of this number.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a remainder of a small number, and the low half as a tag")]
    pub(crate) fn add(&self, number: u64) {
        let shards = self.0.get_or_init(allocate);
        let bucket = &shards[thread_number() & (shards.len() - 1)].0[(number % BUCKETS) as usize];
        let tag = number as u32;
        let mut seen = bucket.load(Relaxed);
        loop {
            let (seen_tag, count) = (tag_of(seen), seen as u32);
            // The tag and the count are one word, so that nothing is ever counted under another's tag.
            let count = if seen_tag == tag { count.saturating_add(1) } else { 1 };
            match bucket.compare_exchange_weak(seen, u64::from(tag) << 32 | u64::from(count), Relaxed, Relaxed) {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Hands over what was counted in each bucket that is not too old, and keeps nothing.
    #[expect(clippy::cast_possible_truncation, reason = "the low half is the tag, or the count")]
    pub(crate) fn drain(&self, present: u64, mut take: impl FnMut(u64, u64)) {
        for bucket in self.buckets() {
            if bucket.load(Relaxed) == 0 {
                continue;
            }
            let counted = bucket.swap(0, Relaxed);
            let age = (present as u32).wrapping_sub(tag_of(counted));
            let successes = u64::from(counted as u32);
            if u64::from(age) < BUCKETS {
                take(present.saturating_sub(age.into()), successes);
            } else if u64::from(age.wrapping_neg()) < BUCKETS {
                // Counted by a thread that has read the clock since this one did. Further ahead is another clock.
                take(present, successes);
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for bucket in self.buckets() {
            bucket.store(0, Relaxed);
        }
    }

    fn buckets(&self) -> impl Iterator<Item = &AtomicU64> {
        self.0.get().into_iter().flatten().flat_map(|shard| &shard.0)
    }
}

const fn tag_of(bucket: u64) -> u32 {
    (bucket >> 32) as u32
}

#[cold]
fn allocate() -> Box<[Shard]> {
    static SHARDS: OnceLock<usize> = OnceLock::new();
    let shards =
        SHARDS.get_or_init(|| available_parallelism().map_or(1, |threads| threads.get().next_power_of_two().min(MOST)));
    (0..*shards).map(|_| Shard([const { AtomicU64::new(0) }; RING])).collect()
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
        shards.drain(present, |number, successes| taken.push((number, successes)));
        taken
    }

    #[test]
    fn what_is_too_old_is_not_handed_over() {
        let shards = Shards::new();
        shards.add(100);
        shards.add(100);
        shards.add(131);
        assert_eq!(drained(&shards, 131), [(131, 1), (100, 2)]);
        assert_eq!(drained(&shards, 131), []);
        shards.add(100);
        assert_eq!(drained(&shards, 132), []);
    }

    #[test]
    fn what_is_ahead_of_whoever_drains_is_not_lost() {
        let shards = Shards::new();
        // He looked at the clock, and was held up for a while.
        for number in [101, 102, 131] {
            shards.add(number);
        }
        assert_eq!(drained(&shards, 100).iter().map(|(_, n)| n).sum::<u64>(), 3);
        // A clock that went back, as between tests that pause it.
        shards.add(132);
        assert_eq!(drained(&shards, 100), []);
    }

    #[test]
    fn a_bucket_is_reused() {
        let shards = Shards::new();
        shards.add(1);
        shards.add(33);
        assert_eq!(drained(&shards, 33), [(33, 1)]);
    }

    #[test]
    fn threads_lose_nothing() {
        const CALLS: u64 = if cfg!(miri) { 50 } else { 1000 };
        let shards = Shards::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..CALLS).for_each(|_| shards.add(7)));
            }
        });
        assert_eq!(drained(&shards, 7).iter().map(|(_, n)| n).sum::<u64>(), 4 * CALLS);
    }
}
