//! A budget that remembers every call and every retry.

use std::time::Duration;

use steadfast::RetryBudget;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) ratio: f64,
    pub(crate) min_per_second: u32,
    pub(crate) window: Duration,
}

impl Settings {
    pub(crate) const fn budget(&self) -> RetryBudget {
        RetryBudget::new().ratio(self.ratio).min_per_second(self.min_per_second).window(self.window)
    }
}

/// Nine decimals.
const WHOLE: u128 = 1_000_000_000;

#[derive(Debug)]
pub(crate) struct Reference {
    ratio: u128,
    min_per_second: u128,
    window: Duration,
    pub(crate) now: Duration,
    calls: Vec<Duration>,
    /// With the number of the call; in order of time.
    retries: Vec<(usize, Duration)>,
    pub(crate) refused: u64,
}

impl Reference {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the nearest number, or 0")]
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            ratio: u128::from((settings.ratio * 1e9).round() as u64),
            min_per_second: settings.min_per_second.into(),
            window: settings.window.max(Duration::from_millis(1)),
            now: Duration::ZERO,
            calls: Vec::new(),
            retries: Vec::new(),
            refused: 0,
        }
    }

    pub(crate) fn call(&mut self) {
        self.calls.push(self.now);
    }

    pub(crate) fn balance(&self) -> u64 {
        let granted = self.ratio * self.calls.len() as u128 + self.min_per_second * self.window.as_nanos();
        u64::try_from(granted / WHOLE).unwrap_or(u64::MAX).saturating_sub(self.retries.len() as u64)
    }

    pub(crate) fn retry(&mut self, call: usize) -> bool {
        let granted = self.balance() > 0;
        if granted {
            self.retries.push((call, self.now));
        } else {
            self.refused += 1;
        }
        granted
    }

    /// The last retry of this call does not take place. Open in the rules: one that is older than the window is not
    /// given back, since it no longer counts.
    pub(crate) fn give_back(&mut self, call: usize) {
        if let Some(place) = self.retries.iter().rposition(|&(other, _)| other == call) {
            self.retries.remove(place);
        }
    }

    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        (self.calls.len() as u64, self.retries.len() as u64, self.refused)
    }

    /// Time has passed. A call may be forgotten up to 1/32 of the window early, and a retry as much late: so the budget
    /// is asked what it has kept, and that must be within the rule.
    pub(crate) fn forget(&mut self, calls: u64, retries: u64) {
        let inexact = self.window / 32;
        let ages = |times: Vec<Duration>| times.into_iter().map(|at| self.now - at).collect::<Vec<_>>();
        let call_ages = ages(self.calls.clone());
        let retry_ages = ages(self.retries.iter().map(|retry| retry.1).collect());
        let rules = [
            (calls, call_ages, self.window - inexact, self.window),
            (retries, retry_ages, self.window, self.window + inexact),
        ];
        for (kept, ages, least, most) in rules {
            let forgotten =
                ages.len().checked_sub(usize::try_from(kept).expect("few")).expect("no more than there were");
            let (forgotten, kept) = ages.split_at(forgotten);
            assert!(forgotten.iter().all(|age| *age >= least), "forgotten: {forgotten:?}");
            assert!(kept.iter().all(|age| *age <= most), "kept: {kept:?}");
        }
        self.calls.drain(..self.calls.len() - usize::try_from(calls).expect("few"));
        self.retries.drain(..self.retries.len() - usize::try_from(retries).expect("few"));
    }

    pub(crate) fn reset(&mut self) {
        self.calls.clear();
        self.retries.clear();
        self.refused = 0;
    }

    /// When something is going to happen.
    pub(crate) fn moments(&self) -> Vec<Duration> {
        let oldest = self.retries.first().map(|retry| retry.1).into_iter().chain(self.calls.first().copied());
        oldest.map(|at| at.saturating_add(self.window)).collect()
    }
}
