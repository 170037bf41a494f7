//! The calls that are let through while half-open.

use std::collections::BTreeMap;

/// The places of probes, and how many have succeeded.
#[derive(Debug)]
pub(super) struct Probes {
    /// When each probe that holds a place began, by its number. The oldest stands first.
    under_way: BTreeMap<u64, u64>,
    next: u64,
    pub(super) successes: u32,
}

impl Probes {
    pub(super) const fn new() -> Self {
        Self { under_way: BTreeMap::new(), next: 0, successes: 0 }
    }

    /// A new half-open period. Numbers go on, so that a probe of an earlier one never holds a place in this.
    pub(super) fn restart(&mut self) {
        self.under_way.clear();
        self.successes = 0;
    }

    /// Gives a place to a new probe, if one is free or its holder overdue.
    pub(super) fn begin(&mut self, limit: u32, timeout: u64, now: u64) -> Option<u64> {
        if self.places() >= limit && !self.give_up_oldest(timeout, now) {
            return None;
        }
        self.next += 1;
        self.under_way.insert(self.next, now);
        Some(self.next)
    }

    /// Frees the place of a probe, if it has one still.
    pub(super) fn end(&mut self, probe: u64) {
        self.under_way.remove(&probe);
    }

    pub(super) fn places(&self) -> u32 {
        u32::try_from(self.under_way.len()).unwrap_or(u32::MAX)
    }

    fn give_up_oldest(&mut self, timeout: u64, now: u64) -> bool {
        let Some(mut oldest) = self.under_way.first_entry() else { return false };
        // A probe from the future: the clock is another one, and its time begins now.
        let began = (*oldest.get()).min(now);
        let overdue = now - began >= timeout;
        if overdue {
            oldest.remove();
        } else {
            *oldest.get_mut() = began;
        }
        overdue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p22_the_place_of_an_overdue_probe_is_given_once() {
        let mut probes = Probes::new();
        let late = probes.begin(1, 10, 0).unwrap();
        assert_eq!(probes.begin(1, 10, 9), None);
        let second = probes.begin(1, 10, 10).unwrap();
        assert_eq!(probes.places(), 1);
        probes.end(late);
        assert_eq!(probes.places(), 1, "the late one has no place to free");
        assert_eq!(probes.begin(1, 10, 19), None);
        probes.end(second);
        probes.end(second);
        assert_eq!(probes.places(), 0);
        assert!(probes.begin(1, 10, 19).is_some());
    }

    #[test]
    fn p30_a_clock_that_went_back_ends_the_wait_all_the_same() {
        let mut probes = Probes::new();
        probes.begin(1, 10, 1_000).unwrap();
        assert_eq!(probes.begin(1, 10, 5), None);
        assert!(probes.begin(1, 10, 15).is_some());
    }
}
