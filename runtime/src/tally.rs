//! Counting. Where a success passes each thread counts for itself, and whoever reads adds up; all else, which costs more
//! in any case, is counted in one place.
//!
//! A thread has an array with a cell for each policy. Only it writes there, so that counting is a load and a store, and no
//! two threads write to one cache line. An array outlives its thread: the next one goes on with it.

use core::array;
use core::cell::Cell;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::registry::Count;

/// How many policies have cells; the successes of any more are counted in one place for all threads.
const CELLS: usize = 1024;

type Cells = [AtomicU64; CELLS];

/// What a policy has counted since the program began, each count by its place.
#[derive(Debug)]
pub(crate) struct Totals<const N: usize> {
    /// Made by the first that is counted. Those of a policy per key share it.
    counts: OnceLock<Arc<[AtomicU64; N]>>,
    /// The number of the cell for successes; 0 where it has none as yet, and what is not below [`CELLS`] where there is
    /// none for it.
    cell: AtomicU32,
}

impl<const N: usize> Totals<N> {
    pub(crate) const fn new() -> Self {
        Self { counts: OnceLock::new(), cell: AtomicU32::new(0) }
    }

    /// Others that count the same: of the policies of all keys.
    pub(crate) fn same(&self) -> Self {
        Self { counts: OnceLock::from(Arc::clone(self.shared())), cell: AtomicU32::new(self.assign()) }
    }

    pub(crate) fn count(&self, place: usize) {
        self.add(place, 1);
    }

    pub(crate) fn add(&self, place: usize, number: u64) {
        self.shared()[place].fetch_add(number, Relaxed);
    }

    /// Counts a success: with the feature `metrics` alone. There is one place for successes.
    #[inline]
    pub(crate) fn count_success(&self, place: usize) {
        if cfg!(feature = "metrics") {
            let cell = self.cell.load(Relaxed) as usize;
            match CELLS_HERE.get() {
                Some(cells) if cell != 0 && cell < CELLS => one_more(&cells[cell]),
                _ => self.count_slowly(place),
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn count_slowly(&self, place: usize) {
        let cell = self.assign() as usize;
        // While the thread ends there is no array any more.
        let cells = if cell < CELLS { LEASE.try_with(|lease| lease.0).ok().flatten() } else { None };
        match cells {
            None => self.count(place),
            Some(cells) => {
                CELLS_HERE.set(Some(cells));
                one_more(&cells[cell]);
            }
        }
    }

    pub(crate) fn get(&self, place: usize) -> u64 {
        self.counts.get().map_or(0, |counts| counts[place].load(Relaxed))
    }

    pub(crate) fn successes(&self, place: usize) -> u64 {
        let of_threads = match self.cell.load(Relaxed) as usize {
            cell @ 1..CELLS => arrays().all.iter().map(|cells| cells[cell].load(Relaxed)).fold(0, u64::wrapping_add),
            _ => 0,
        };
        of_threads.wrapping_add(self.get(place))
    }

    /// By name, in their order; after them the successes, with the feature `metrics`.
    pub(crate) fn counts(&self, names: &[&'static str], success: &'static str) -> Vec<Count> {
        let count = |(place, name): (usize, &&'static str)| Count { name, value: self.get(place) };
        let mut counts: Vec<Count> = names.iter().enumerate().map(count).collect();
        if cfg!(feature = "metrics") {
            counts.push(Count { name: success, value: self.successes(names.len()) });
        }
        counts
    }

    fn shared(&self) -> &Arc<[AtomicU64; N]> {
        self.counts.get_or_init(|| Arc::new(array::from_fn(|_| AtomicU64::new(0))))
    }

    /// The number of its cell, which is given away once.
    fn assign(&self) -> u32 {
        let cell = self.cell.load(Relaxed);
        if cell != 0 {
            return cell;
        }
        let mut arrays = arrays();
        let mut cell = self.cell.load(Relaxed);
        if cell == 0 {
            arrays.last = arrays.last.saturating_add(1);
            cell = arrays.last;
            self.cell.store(cell, Relaxed);
        }
        cell
    }
}

#[inline]
fn one_more(cell: &AtomicU64) {
    cell.store(cell.load(Relaxed).wrapping_add(1), Relaxed);
}

struct Arrays {
    all: Vec<&'static Cells>,
    /// Those whose threads have ended.
    free: Vec<&'static Cells>,
    /// The last cell that was given away.
    last: u32,
}

static ARRAYS: Mutex<Arrays> = Mutex::new(Arrays { all: Vec::new(), free: Vec::new(), last: 0 });

thread_local! {
    /// The array of this thread: without a destructor, so that asking for it is asking for an address.
    static CELLS_HERE: Cell<Option<&'static Cells>> = const { Cell::new(None) };
    static LEASE: Lease = Lease::begin();
}

/// Gives the array of a thread to the next one.
struct Lease(Option<&'static Cells>);

impl Lease {
    fn begin() -> Self {
        let mut arrays = arrays();
        if let Some(cells) = arrays.free.pop() {
            return Self(Some(cells));
        }
        // Not as an array to begin with, which would stand on the stack first.
        let cells: &'static [AtomicU64] = Vec::leak((0..CELLS).map(|_| AtomicU64::new(0)).collect());
        let cells = cells.first_chunk();
        arrays.all.extend(cells);
        Self(cells)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        CELLS_HERE.set(None);
        arrays().free.extend(self.0);
    }
}

/// No user code runs under the lock, so a poisoned one is as good as any.
fn arrays() -> MutexGuard<'static, Arrays> {
    ARRAYS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, feature = "metrics"))]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn threads_add_up() {
        static TOTALS: Totals<2> = Totals::new();
        static OTHER: Totals<2> = Totals::new();
        assert_eq!(TOTALS.successes(1), 0);
        // More threads than one after the other, so that arrays are handed on.
        for _ in 0..3 {
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..1000).for_each(|_| TOTALS.count_success(1)));
                    scope.spawn(|| (0..10).for_each(|_| OTHER.count_success(1)));
                    scope.spawn(|| (0..10).for_each(|_| TOTALS.count(0)));
                }
            });
        }
        assert_eq!((TOTALS.get(0), TOTALS.successes(1), OTHER.successes(1)), (120, 12_000, 120));
    }

    #[test]
    fn what_counts_the_same_has_one_total() {
        for totals in [Totals::<2>::new(), Totals { counts: OnceLock::new(), cell: AtomicU32::new(u32::MAX) }] {
            let same = totals.same();
            same.count_success(1);
            totals.count_success(1);
            same.count(0);
            assert_eq!((totals.get(0), totals.successes(1), same.get(0), same.successes(1)), (1, 2, 1, 2));
        }
    }

    #[test]
    fn without_a_cell_it_counts_all_the_same() {
        let totals: Totals<1> = Totals { counts: OnceLock::new(), cell: AtomicU32::new(u32::MAX) };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| totals.count_success(0)));
            }
        });
        assert_eq!(totals.successes(0), 4000);
    }

    /// Two threads must not write to one.
    #[test]
    fn a_thread_that_ends_has_no_array_any_more() {
        static TOTALS: Totals<1> = Totals::new();
        struct Last;
        impl Drop for Last {
            fn drop(&mut self) {
                assert!(LEASE.try_with(|_| ()).is_ok() || CELLS_HERE.get().is_none());
            }
        }
        thread_local! {
            static LAST: Last = const { Last };
        }
        // Whichever of them is dropped first.
        for is_first in [true, false] {
            let count = move || {
                let count = || TOTALS.count_success(0);
                let last = || LAST.with(|_| ());
                if is_first { (last(), count()) } else { (count(), last()) }
            };
            thread::spawn(count).join().unwrap();
        }
    }

    #[test]
    fn arrays_are_handed_on() {
        static TOTALS: Totals<1> = Totals::new();
        let begin = arrays().all.len();
        for _ in 0..400 {
            thread::spawn(|| TOTALS.count_success(0)).join().unwrap();
        }
        // Other tests have threads as well.
        assert!(arrays().all.len() - begin < 200, "{} arrays", arrays().all.len());
        assert_eq!(TOTALS.successes(0), 400);
    }

    #[test]
    fn what_is_counted_while_the_thread_ends_is_counted() {
        static TOTALS: Totals<1> = Totals::new();
        struct Last;
        impl Drop for Last {
            fn drop(&mut self) {
                TOTALS.count_success(0);
            }
        }
        thread_local! {
            static LAST: Last = const { Last };
        }
        for _ in 0..8 {
            thread::spawn(|| {
                LAST.with(|_| ());
                TOTALS.count_success(0);
            })
            .join()
            .unwrap();
        }
        assert_eq!(TOTALS.successes(0), 16);
    }
}
