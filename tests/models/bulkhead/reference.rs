//! A list of those who have a place and one of those who wait.

use std::time::Duration;

use steadfast::Bulkhead;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) limit: Limit,
    pub(crate) max_wait: Duration,
    pub(crate) max_queue: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    Fixed(u32),
    Adaptive { min: u32, max: u32, initial: u32 },
}

impl Settings {
    pub(crate) fn bulkhead(&self) -> Bulkhead {
        let bulkhead = match self.limit {
            Limit::Fixed(limit) => Bulkhead::new(limit),
            Limit::Adaptive { min, max, initial } => Bulkhead::adaptive(min, max).initial(initial),
        };
        let bulkhead = bulkhead.max_wait(self.max_wait);
        match self.max_queue {
            Some(calls) => bulkhead.max_queue(calls),
            None => bulkhead,
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
    Runs,
    Waits,
    Rejected(Full),
}

/// How many run, and how many others wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) running: u32,
    pub(crate) waiting: u32,
}

/// What a call finds that was polled again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Now {
    Waits,
    /// It has a place.
    Runs,
    Rejected(Full),
}

#[derive(Debug)]
pub(crate) struct Reference {
    /// The limit in force.
    pub(crate) limit: u32,
    max_wait: Duration,
    max_queue: Option<u32>,
    pub(crate) now: Duration,
    /// By number, like those who wait, who also have a time until which they do.
    running: Vec<usize>,
    waiting: Vec<(usize, Duration)>,
    /// Those who waited when it was forced open and have not been told yet. Open in the rules: who goes away before that
    /// was not rejected.
    turned_away: Vec<usize>,
    pub(crate) forced: Option<Forced>,
    pub(crate) rejected: u64,
}

impl Reference {
    pub(crate) fn new(settings: Settings) -> Self {
        // Out of range is the nearest in range.
        let limit = match settings.limit {
            Limit::Fixed(limit) => limit.max(1),
            Limit::Adaptive { min, max, initial } => initial.clamp(min.max(1), max.max(min).max(1)),
        };
        Self {
            limit,
            max_wait: settings.max_wait,
            max_queue: settings.max_queue,
            now: Duration::ZERO,
            running: Vec::new(),
            waiting: Vec::new(),
            turned_away: Vec::new(),
            forced: None,
            rejected: 0,
        }
    }

    pub(crate) fn full(&self) -> Full {
        let number = |list: usize| u32::try_from(list).expect("few");
        Full { running: number(self.running.len()), waiting: number(self.waiting.len()) }
    }

    fn reject(&mut self) -> Full {
        self.rejected += 1;
        self.full()
    }

    /// A call that does not wait where `max_wait` is nothing, and never beyond the deadline.
    pub(crate) fn ask(&mut self, number: usize, may_wait: bool, deadline: Option<Duration>) -> Answer {
        let passes = match self.forced {
            Some(forced) => forced == Forced::Closed,
            None => self.has_place() && self.waiting.is_empty(),
        };
        if passes {
            self.running.push(number);
            return Answer::Runs;
        }
        let until = self.until(deadline);
        let room = self.waiting.len() < self.max_queue.unwrap_or(self.limit) as usize;
        if self.forced.is_some() || !may_wait || until <= self.now || !room {
            return Answer::Rejected(self.reject());
        }
        self.waiting.push((number, until));
        Answer::Waits
    }

    pub(crate) fn until(&self, deadline: Option<Duration>) -> Duration {
        self.now.saturating_add(self.max_wait).min(deadline.unwrap_or(Duration::MAX))
    }

    fn has_place(&self) -> bool {
        self.running.len() < self.limit as usize
    }

    /// Lets in who waits, in order.
    pub(crate) fn let_in(&mut self) {
        while self.forced.is_none() && self.has_place() && !self.waiting.is_empty() {
            let (number, _) = self.waiting.remove(0);
            self.running.push(number);
        }
    }

    /// A call that waits looks again. Open in the rules: one that was given a place when its time was already over, and
    /// has not been told of either, runs; a value wins against a timer too.
    pub(crate) fn look(&mut self, number: usize) -> Now {
        if self.running.contains(&number) {
            return Now::Runs;
        }
        if self.turned_away.contains(&number) {
            self.turned_away.retain(|&other| other != number);
            return Now::Rejected(self.reject());
        }
        let place = self.waiting.iter().position(|&(other, _)| other == number).expect("it waits");
        if self.now < self.waiting[place].1 {
            return Now::Waits;
        }
        self.waiting.remove(place);
        Now::Rejected(self.reject())
    }

    /// It has ended or gone away, wherever it was.
    pub(crate) fn gone(&mut self, number: usize) {
        self.waiting.retain(|&(other, _)| other != number);
        self.turned_away.retain(|&other| other != number);
        self.running.retain(|&other| other != number);
        self.let_in();
    }

    pub(crate) fn force(&mut self, forced: Option<Forced>) {
        self.forced = forced;
        match forced {
            None => self.let_in(),
            Some(Forced::Open) => self.turned_away.extend(self.waiting.drain(..).map(|(number, _)| number)),
            Some(Forced::Closed) => self.running.extend(self.waiting.drain(..).map(|(number, _)| number)),
        }
    }

    /// When something is going to happen.
    pub(crate) fn moments(&self) -> Vec<Duration> {
        self.waiting.iter().map(|waiting| waiting.1).collect()
    }
}
