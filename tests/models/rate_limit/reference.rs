//! A bucket that is counted in whole numbers: a permit is `per` in nanoseconds, and each nanosecond brings `permits`.

use std::time::Duration;

use steadfast::RateLimit;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) permits: u32,
    pub(crate) per: Duration,
    pub(crate) burst: Option<u32>,
    pub(crate) max_wait: Duration,
}

impl Settings {
    pub(crate) fn limit(&self) -> RateLimit {
        let limit = RateLimit::new(self.permits).per(self.per).max_wait(self.max_wait);
        match self.burst {
            Some(calls) => limit.burst(calls),
            None => limit,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forced {
    Open,
    Closed,
}

/// What becomes of a call that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Passes,
    Waits,
    /// With the time until it would have had its permit, where that is known.
    Rejected(Option<Duration>),
}

#[derive(Debug, Clone, Copy)]
struct Waiter {
    number: usize,
    /// When there is a permit for it, in parts of a nanosecond of which there are `permits` in each.
    permit: i128,
    /// When it passes: never later than it was told, also where a reset finds that time over and others before it.
    due: i128,
}

#[derive(Debug)]
pub(crate) struct Reference {
    permits: i128,
    per: i128,
    full: i128,
    max_wait: Duration,
    pub(crate) now: Duration,
    /// Since when all is remembered, and what was in the bucket then.
    since: i128,
    level_then: i128,
    /// When permits were taken, and will be by those who wait; in order.
    taken: Vec<i128>,
    waiters: Vec<Waiter>,
    pub(crate) forced: Option<Forced>,
    pub(crate) rejected: u64,
}

fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).expect("94 bits")
}

impl Reference {
    pub(crate) fn new(settings: Settings) -> Self {
        // Out of range is the nearest in range. Open in the rules: more than a permit in each nanosecond is, since no
        // clock could tell.
        let permits = i128::from(settings.permits.max(1));
        let per = nanos(settings.per).max(permits);
        let full = settings.burst.map_or(permits, |burst| i128::from(burst.max(1))) * per;
        Self {
            permits,
            per,
            full,
            max_wait: settings.max_wait,
            now: Duration::ZERO,
            since: 0,
            level_then: full,
            taken: Vec::new(),
            waiters: Vec::new(),
            forced: None,
            rejected: 0,
        }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn present(&self) -> i128 {
        nanos(self.now) * self.permits
    }

    /// What is in the bucket now. Those who wait have taken theirs: then it may be less than nothing.
    fn level(&self) -> i128 {
        let (mut level, mut at) = (self.level_then, self.since);
        for &taken in self.taken.iter().filter(|&&taken| taken <= self.present()) {
            level = (level + taken - at).min(self.full) - self.per;
            at = taken;
        }
        let later = self.taken.iter().filter(|&&taken| taken > self.present()).count();
        (level + self.present() - at).min(self.full) - i128::try_from(later).expect("few") * self.per
    }

    fn take(&mut self, at: i128) {
        self.taken.push(at);
        self.taken.sort_unstable();
    }

    /// A call that is rejected where it would wait for longer than `max_wait`, or its permit be due when the deadline
    /// is there.
    pub(crate) fn ask(&mut self, number: usize, max_wait: Duration, deadline: Option<Duration>) -> Answer {
        match self.forced {
            Some(Forced::Closed) => return Answer::Passes,
            Some(Forced::Open) => {
                self.rejected += 1;
                return Answer::Rejected(None);
            }
            None => {}
        }
        let missing = self.per - self.level();
        if missing <= 0 {
            self.take(self.present());
            return Answer::Passes;
        }
        let due = self.present() + missing;
        let in_time = deadline.is_none_or(|deadline| due < nanos(deadline) * self.permits);
        if !in_time || missing > nanos(max_wait) * self.permits {
            self.rejected += 1;
            return Answer::Rejected(self.retry_after());
        }
        self.take(due);
        self.waiters.push(Waiter { number, permit: due, due });
        Answer::Waits
    }

    /// Whether it is a whole number of nanoseconds from one permit to the next.
    pub(crate) const fn is_exact(&self) -> bool {
        self.per % self.permits == 0
    }

    pub(crate) const fn max_wait(&self) -> Duration {
        self.max_wait
    }

    /// The time until one who asked now would have a permit.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let missing = self.per - self.level();
        (missing > 0).then(|| self.time(missing))
    }

    /// In whole nanoseconds, never less.
    fn time(&self, parts: i128) -> Duration {
        let nanos = (parts + self.permits - 1) / self.permits;
        let seconds = u64::try_from(nanos / 1_000_000_000).unwrap_or(u64::MAX);
        Duration::new(seconds, u32::try_from(nanos % 1_000_000_000).expect("less than a second"))
    }

    pub(crate) fn available(&self) -> u32 {
        u32::try_from(self.level().max(0) / self.per).expect("not above the burst")
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiters.len()
    }

    /// When the permit of a call that waits is due.
    pub(crate) fn due(&self, number: usize) -> Option<Duration> {
        let waiter = self.waiters.iter().find(|waiter| waiter.number == number)?;
        Some(self.time(waiter.due))
    }

    /// A call that waited has passed.
    pub(crate) fn passed(&mut self, number: usize) {
        self.waiters.retain(|waiter| waiter.number != number);
    }

    /// It goes away and leaves its time to the one behind it, that one its own to the next, and the last time is given
    /// back: as though it had never asked.
    pub(crate) fn gone(&mut self, number: usize) {
        let Some(place) = self.waiters.iter().position(|waiter| waiter.number == number) else { return };
        let mut time = self.waiters.remove(place).permit;
        for behind in &mut self.waiters[place..] {
            std::mem::swap(&mut behind.permit, &mut time);
            behind.due = behind.due.min(behind.permit);
        }
        // Open in the rules: a permit that was due a while ago is worth a whole one until the bucket has had the time to
        // become full since, and then nothing.
        let present = self.present();
        if present < time + self.full {
            let level = self.level() + self.per;
            self.taken.retain(|&taken| taken > present && taken != time);
            let later = i128::try_from(self.taken.len()).expect("few") * self.per;
            (self.since, self.level_then) = (present, (level + later).min(self.full));
        }
    }

    /// Those who waited; all of them are told at once.
    pub(crate) fn force(&mut self, forced: Forced) -> Vec<usize> {
        self.forced = Some(forced);
        if forced == Forced::Open {
            self.rejected += self.waiters.len() as u64;
        }
        self.waiters.drain(..).map(|waiter| waiter.number).collect()
    }

    /// A full bucket, from which those who wait take first.
    pub(crate) fn reset(&mut self) {
        self.forced = None;
        (self.since, self.level_then) = (self.present(), self.full);
        self.taken.clear();
        for place in 0..self.waiters.len() {
            let due = self.present() + (self.per - self.level()).max(0);
            let waiter = &mut self.waiters[place];
            (waiter.permit, waiter.due) = (due, waiter.due.min(due));
            self.take(due);
        }
    }

    /// When something is going to happen.
    pub(crate) fn moments(&self) -> Vec<Duration> {
        let mut moments: Vec<_> = self.waiters.iter().take(3).map(|waiter| self.time(waiter.due)).collect();
        moments.extend(self.retry_after().map(|wait| self.now.saturating_add(wait)));
        moments.push(self.now.saturating_add(self.time(self.full - self.level())));
        moments
    }
}
