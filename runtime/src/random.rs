//! The one source of randomness.

use core::cell::Cell;
use core::hash::BuildHasher;
use core::sync::atomic::{AtomicU64, Ordering};
use std::hash::RandomState;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

thread_local! {
    /// One generator for each thread, so that concurrent calls neither wait for each other nor draw the same.
    static GENERATOR: Cell<Option<Xoshiro256PlusPlus>> = const { Cell::new(None) };
}

/// A number drawn evenly from `[0, 1)`.
pub(crate) fn unit() -> f64 {
    GENERATOR.with(|cell| {
        let mut generator = cell.take().unwrap_or_else(|| Xoshiro256PlusPlus::seed_from_u64(fresh_seed()));
        let bits = generator.next_u64() >> 11;
        cell.set(Some(generator));
        #[expect(clippy::cast_precision_loss, reason = "53 bits are what a mantissa holds")]
        let unit = bits as f64 / (1_u64 << 53) as f64;
        unit
    })
}

/// A number drawn evenly from those below `end`, which is not 0.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "near enough")]
pub(crate) fn below(end: u64) -> u64 {
    ((unit() * end as f64) as u64).min(end - 1)
}

/// The standard library draws the keys of a `RandomState` from the system once for each thread; the counter keeps two
/// threads apart where there is no such source.
fn fresh_seed() -> u64 {
    static THREADS: AtomicU64 = AtomicU64::new(0);
    RandomState::new().hash_one(THREADS.fetch_add(1, Ordering::Relaxed))
}

/// Makes every draw of this thread follow from `seed`, until the guard is dropped.
///
/// ```
/// use std::time::Duration;
/// use steadfast::{Backoff, Retry, testing};
///
/// let delays = || {
///     let _seed = testing::seed(42);
///     let sleeps = testing::record_sleeps();
///     let _: Result<(), String> = Retry::new().call_blocking(|| Err("down".to_owned()));
///     sleeps.taken()
/// };
/// assert_eq!(delays(), delays());
/// ```
#[cfg(feature = "testing")]
pub fn seed(seed: u64) -> Seed {
    let before = GENERATOR.replace(Some(Xoshiro256PlusPlus::seed_from_u64(seed)));
    Seed { before, _of_this_thread: core::marker::PhantomData }
}

/// Puts the former source of randomness back when it is dropped.
#[cfg(feature = "testing")]
#[derive(Debug)]
#[must_use = "the seed is taken back when this is dropped"]
pub struct Seed {
    before: Option<Xoshiro256PlusPlus>,
    _of_this_thread: core::marker::PhantomData<*const ()>,
}

#[cfg(feature = "testing")]
impl Drop for Seed {
    fn drop(&mut self) {
        GENERATOR.set(self.before.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p14_threads_draw_differently() {
        let other = std::thread::spawn(unit).join().unwrap();
        assert!((unit() - other).abs() > 0.0);
    }

    #[test]
    fn each_number_below_the_end_is_drawn_and_no_other() {
        for end in [1, 2, 10] {
            let mut drawn = vec![0; usize::try_from(end).unwrap()];
            (0..10_000).for_each(|_| drawn[usize::try_from(below(end)).unwrap()] += 1);
            assert!(drawn.iter().all(|&times| times > 8_000 / end), "{drawn:?}");
        }
        assert!((0..10_000).all(|_| below(u64::MAX) < u64::MAX));
    }

    #[cfg(feature = "testing")]
    #[test]
    fn a_seed_repeats_and_nests() {
        let draw = || [unit(), unit()].map(f64::to_bits);
        let outer = seed(1);
        let first = draw();
        let second = draw();
        drop(outer);
        let outer = seed(1);
        assert_eq!(draw(), first);
        let inner = seed(1);
        assert_eq!(draw(), first);
        assert_eq!(draw(), second);
        drop(inner);
        assert_eq!(draw(), second, "it goes on where it was");
        drop(outer);
        assert_ne!(draw(), first);
    }
}
