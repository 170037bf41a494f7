//! Counting on the path of a success: each thread counts for itself, and whoever reads adds up.
//!
//! A thread has an array with a cell for each tally. Only it writes there, so that counting is a load and a store, and no
//! two threads write to one cache line. An array outlives its thread: the next one goes on with it.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::registry::Count;

/// How many tallies have cells; any more are counted in one place for all threads.
const CELLS: usize = 4096;

type Cells = [AtomicU64; CELLS];

/// How often something took place.
#[derive(Debug)]
pub(crate) struct Tally {
    /// The number of its cell; 0 where it has none as yet, and what is not below [`CELLS`] where there is none for it.
    cell: AtomicU32,
    /// What is counted without a cell.
    shared: AtomicU64,
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

impl Tally {
    pub(crate) const fn new() -> Self {
        Self { cell: AtomicU32::new(0), shared: AtomicU64::new(0) }
    }

    /// Another one that counts the same.
    pub(crate) fn same(&self) -> Self {
        Self { cell: AtomicU32::new(self.assign()), shared: AtomicU64::new(0) }
    }

    /// Counts one more.
    #[inline]
    pub(crate) fn count(&self) {
        self.add(1);
    }

    /// Counts so many more.
    #[inline]
    pub(crate) fn add(&self, number: u64) {
        let cell = self.cell.load(Relaxed) as usize;
        match CELLS_HERE.get() {
            Some(cells) if cell != 0 && cell < CELLS => {
                let cell = &cells[cell];
                cell.store(cell.load(Relaxed).wrapping_add(number), Relaxed);
            }
            _ => self.add_slowly(number),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_slowly(&self, number: u64) {
        let cell = self.assign() as usize;
        // While the thread ends there is no array any more.
        let cells = LEASE.try_with(|lease| lease.0).ok().flatten().filter(|_| cell < CELLS);
        let Some(cells) = cells else {
            self.shared.fetch_add(number, Relaxed);
            return;
        };
        CELLS_HERE.set(Some(cells));
        let cell = &cells[cell];
        cell.store(cell.load(Relaxed).wrapping_add(number), Relaxed);
    }

    /// What all threads have counted.
    pub(crate) fn total(&self) -> u64 {
        let cell = self.cell.load(Relaxed) as usize;
        let of_threads = match cell {
            1..CELLS => arrays().all.iter().map(|cells| cells[cell].load(Relaxed)).fold(0, u64::wrapping_add),
            _ => 0,
        };
        of_threads.wrapping_add(self.shared.load(Relaxed))
    }

    /// The number of its cell, which is given away under the lock.
    fn assign(&self) -> u32 {
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

/// No user code runs under the lock, so a poisoned one is as good as any.
fn arrays() -> MutexGuard<'static, Arrays> {
    ARRAYS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a policy has counted since the program began, each count by its place.
#[derive(Debug)]
pub(crate) struct Totals<const N: usize>([Tally; N]);

impl<const N: usize> Totals<N> {
    pub(crate) const fn new() -> Self {
        Self([const { Tally::new() }; N])
    }

    /// Others that count the same: of the policies of all keys.
    pub(crate) fn same(&self) -> Self {
        Self(self.0.each_ref().map(Tally::same))
    }

    #[inline]
    pub(crate) fn count(&self, place: usize) {
        self.0[place].count();
    }

    /// Counts where a success passes: with the feature `metrics` alone.
    #[inline]
    pub(crate) fn count_success(&self, place: usize) {
        if cfg!(feature = "metrics") {
            self.count(place);
        }
    }

    pub(crate) fn add(&self, place: usize, number: u64) {
        self.0[place].add(number);
    }

    pub(crate) fn get(&self, place: usize) -> u64 {
        self.0[place].total()
    }

    /// By name, in their order. Without the feature `metrics` those at the end that are for it alone are left out.
    pub(crate) fn counts(&self, names: &[&'static str], for_metrics: &[&'static str]) -> Vec<Count> {
        let for_metrics = if cfg!(feature = "metrics") { for_metrics } else { &[] };
        let names = names.iter().chain(for_metrics);
        names.zip(&self.0).map(|(name, tally)| Count { name, value: tally.total() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn threads_add_up() {
        static TALLY: Tally = Tally::new();
        static OTHER: Tally = Tally::new();
        assert_eq!(TALLY.total(), 0);
        // More threads than one after the other, so that arrays are handed on.
        for _ in 0..3 {
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..1000).for_each(|_| TALLY.count()));
                    scope.spawn(|| (0..10).for_each(|_| OTHER.count()));
                }
            });
        }
        assert_eq!((TALLY.total(), OTHER.total()), (12_000, 120));
    }

    #[test]
    fn what_counts_the_same_has_one_total() {
        let tally = Tally::new();
        let same = tally.same();
        same.count();
        tally.count();
        assert_eq!((tally.total(), same.total()), (2, 2));
    }

    #[test]
    fn without_a_cell_it_counts_all_the_same() {
        let tally = Tally { cell: AtomicU32::new(u32::MAX), shared: AtomicU64::new(0) };
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1000).for_each(|_| tally.count()));
            }
        });
        assert_eq!(tally.total(), 4000);
    }

    #[test]
    fn what_is_counted_while_the_thread_ends_is_counted() {
        static TALLY: Tally = Tally::new();
        struct Last;
        impl Drop for Last {
            fn drop(&mut self) {
                TALLY.count();
            }
        }
        thread_local! {
            static LAST: Last = const { Last };
        }
        for _ in 0..8 {
            thread::spawn(|| {
                LAST.with(|_| ());
                TALLY.count();
            })
            .join()
            .unwrap();
        }
        assert_eq!(TALLY.total(), 16);
    }
}
