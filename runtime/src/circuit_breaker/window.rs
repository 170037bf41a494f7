//! Windows of outcomes that really slide.

use super::settings::{BUCKETS, RING, Span};

/// How many outcomes are in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) calls: u64,
    pub(super) failures: u64,
    pub(super) slow: u64,
}

/// One outcome, as a window keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Outcome {
    pub(super) failed: bool,
    pub(super) slow: bool,
}

impl Tally {
    pub(super) const fn is_clean(&self) -> bool {
        self.failures == 0 && self.slow == 0
    }

    fn add(&mut self, outcome: Outcome) {
        self.calls += 1;
        self.failures += u64::from(outcome.failed);
        self.slow += u64::from(outcome.slow);
    }

    #[cfg(any(feature = "registry", steadfast_loom))]
    fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.failures += other.failures;
        self.slow += other.slow;
    }

    fn remove(&mut self, other: Self) {
        self.calls -= other.calls;
        self.failures -= other.failures;
        self.slow -= other.slow;
    }
}

/// The window of a breaker: nothing is allocated before the first outcome.
#[derive(Debug)]
pub(super) enum Outcomes {
    Calls(CallWindow),
    Time(TimeWindow),
}

impl Outcomes {
    pub(super) fn new(span: Span) -> Self {
        match span {
            Span::Calls(size) => Self::Calls(CallWindow::new(size)),
            Span::Buckets(width) => Self::Time(TimeWindow::new(width)),
        }
    }

    pub(super) fn push(&mut self, outcome: Outcome, now: impl Fn() -> u64) {
        match self {
            Self::Calls(window) => window.push(outcome),
            Self::Time(window) => window.push(outcome, now()),
        }
    }

    /// What fits into another window: the newest of a number of calls, those of a time that are not too old. Nothing is
    /// known of the time of the one, nor of the order of the other.
    #[cfg(any(feature = "registry", steadfast_loom))]
    pub(super) fn within(self, span: Span, now: impl Fn() -> u64) -> Self {
        match (self, span) {
            (Self::Calls(window), Span::Calls(size)) => Self::Calls(window.within(size)),
            (Self::Time(window), Span::Buckets(width)) => Self::Time(window.within(width, now())),
            (_, span) => Self::new(span),
        }
    }

    pub(super) const fn tally(&self) -> Tally {
        match self {
            Self::Calls(window) => window.tally,
            Self::Time(window) => window.tally,
        }
    }

    /// Whether one more success changes nothing, or in a time window nothing but the number of successes.
    pub(super) fn is_settled(&self) -> bool {
        self.tally().is_clean()
            && match self {
                Self::Calls(window) => window.tally.calls == u64::from(window.size),
                Self::Time(_) => true,
            }
    }
}

/// The last `size` outcomes, two bits each.
#[derive(Debug)]
pub(super) struct CallWindow {
    size: u32,
    next: u32,
    bits: Vec<u64>,
    tally: Tally,
}

const PER_WORD: u32 = u64::BITS / 2;

impl CallWindow {
    const fn new(size: u32) -> Self {
        Self { size, next: 0, bits: Vec::new(), tally: Tally { calls: 0, failures: 0, slow: 0 } }
    }

    #[cfg(any(feature = "registry", steadfast_loom))]
    fn within(&self, size: u32) -> Self {
        let mut window = Self::new(size);
        let kept = u32::try_from(self.tally.calls).unwrap_or(self.size);
        let oldest = if kept == self.size { self.next } else { 0 };
        for age in kept.saturating_sub(size)..kept {
            // Both are at most 65,536.
            let place = (oldest + age) % self.size;
            let bits = self.bits[(place / PER_WORD) as usize] >> (place % PER_WORD * 2);
            window.push(Outcome { failed: bits & 1 != 0, slow: bits & 2 != 0 });
        }
        window
    }

    fn push(&mut self, outcome: Outcome) {
        let (word, shift) = ((self.next / PER_WORD) as usize, self.next % PER_WORD * 2);
        if word == self.bits.len() {
            self.bits.push(0);
        }
        if self.tally.calls == u64::from(self.size) {
            let oldest = self.bits[word] >> shift;
            self.tally.remove(Tally { calls: 1, failures: oldest & 1, slow: oldest >> 1 & 1 });
        }
        let new = u64::from(outcome.failed) | u64::from(outcome.slow) << 1;
        self.bits[word] = self.bits[word] & !(0b11 << shift) | new << shift;
        self.next = (self.next + 1) % self.size;
        self.tally.add(outcome);
    }
}

/// The outcomes of the last so long: a ring of buckets, each as wide as the [`BUCKETS`]th part of it.
///
/// The present bucket and those before it count, as many as make the whole length if the present one were over. So
/// nothing older ever counts, and what is dropped early is younger than the length by less than one bucket.
#[derive(Debug)]
pub(super) struct TimeWindow {
    width: u64,
    /// The number of the present bucket, counted from the beginning of time.
    present: u64,
    buckets: Vec<Tally>,
    tally: Tally,
}

impl TimeWindow {
    const fn new(width: u64) -> Self {
        Self { width, present: 0, buckets: Vec::new(), tally: Tally { calls: 0, failures: 0, slow: 0 } }
    }

    #[cfg(any(feature = "registry", steadfast_loom))]
    fn within(mut self, width: u64, now: u64) -> Self {
        self.slide(now);
        let mut window = Self::new(width);
        window.slide(now);
        for age in 0..BUCKETS {
            let Some(number) = self.present.checked_sub(age) else { break };
            // As old as the oldest in it may be, so that nothing counts for too long.
            let then = number.saturating_mul(self.width) / width;
            if window.present.saturating_sub(then) < BUCKETS {
                let tally = *self.bucket(number);
                window.bucket(then.min(window.present)).merge(tally);
                window.tally.merge(tally);
            }
        }
        window
    }

    fn push(&mut self, outcome: Outcome, now: u64) {
        self.slide(now);
        let present = self.present;
        self.bucket(present).add(outcome);
        self.tally.add(outcome);
    }

    /// Takes in successes that were counted elsewhere, in the bucket of that number, which is in the window.
    pub(super) fn absorb(&mut self, number: u64, successes: u64) {
        self.bucket(number).calls += successes;
        self.tally.calls += successes;
    }

    /// Forgets what is too old at `now`.
    pub(super) fn slide(&mut self, now: u64) {
        let present = now / self.width;
        if self.buckets.is_empty() {
            self.buckets = vec![Tally::default(); RING];
            self.present = present;
        }
        if present.abs_diff(self.present) >= BUCKETS {
            // Everything is too old, or the clock is another one, which went back.
            self.buckets.fill(Tally::default());
            self.tally = Tally::default();
            self.present = present;
        }
        // A clock that went back by less stands still.
        while self.present < present {
            self.present += 1;
            let present = self.present;
            let oldest = core::mem::take(self.bucket(present));
            self.tally.remove(oldest);
        }
    }

    pub(super) const fn present(&self) -> u64 {
        self.present
    }

    fn bucket(&mut self, number: u64) -> &mut Tally {
        &mut self.buckets[(number % BUCKETS) as usize]
    }
}
