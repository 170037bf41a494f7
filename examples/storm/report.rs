//! What came of a storm, in numbers.

use std::fmt::{self, Display};
use std::time::Duration;

use super::clients::{Answer, END, Storm};
use super::server::OUTAGE;

/// Above the reports. [`COLUMNS`] says what it means.
pub const HEADING: &str =
    "                  asked   calls  ratio   outage    after  recovers    peak  in vain      p99";

/// What the columns are.
pub const COLUMNS: &str = "\
asked     requests of users, from the outage on; calls: those that reached the server; ratio: of both
outage    share of good answers in the outage; after: in the half a minute after it
recovers  so long after the outage, and from then on, every second has 99 % good answers
peak      most calls in a tenth of a second, but for the moment when all clients come at once
in vain   share of the server's work, from the outage on, for clients who had given up
p99       99 of 100 users had an answer or an error within this, after the outage";

/// A line of the table. Counted from the outage on, if nothing else is said.
#[derive(Debug)]
pub struct Report {
    /// The name of the policies.
    pub name: &'static str,
    /// How often users asked.
    pub asked: usize,
    /// How often the server was called.
    pub calls: usize,
    /// The share of good answers in the outage.
    pub in_outage: f64,
    /// And in all the time after it.
    pub after: f64,
    /// So long after the outage, and from then on, every second has 99 % good answers.
    pub recovers: Option<Duration>,
    /// Most calls in a tenth of a second, but for the first in which all clients come at once, whatever their policy.
    pub peak: usize,
    /// The share of the server's work that was for clients who had given up.
    pub in_vain: f64,
    /// Of a hundred answers or errors after the outage, 99 came within this.
    pub p99: Duration,
}

impl Report {
    /// The numbers of this storm.
    pub fn of(storm: &Storm) -> Self {
        let (start, end) = (tenth(OUTAGE.start), tenth(OUTAGE.end));
        let (good, all) = (Counts::of(storm.good()), Counts::of(storm.answers.iter().map(|answer| answer.at)));
        let calls = Counts::of(storm.server.calls.iter().copied());
        let done = storm.server.done.iter().filter(|(at, _)| *at >= OUTAGE.start);
        let in_vain = done.clone().filter(|(_, is_useful)| !is_useful);
        let is_good = |second: usize| good.sum(second, second + 10) * 100 >= all.sum(second, second + 10) * 99;
        let well = (end..=tenth(END) - 10).rev().take_while(|second| is_good(*second)).last();
        Self {
            name: storm.name,
            asked: storm.asked.iter().filter(|at| **at >= OUTAGE.start).count(),
            calls: calls.sum(start, tenth(END)),
            in_outage: share(good.sum(start, end), all.sum(start, end)),
            after: share(good.sum(end, tenth(END)), all.sum(end, tenth(END))),
            recovers: well.map(|at| TENTH.saturating_mul(u32::try_from(at - end).unwrap_or(u32::MAX))),
            peak: calls.0[start + 1..].iter().copied().max().unwrap_or(0),
            in_vain: share(in_vain.count(), done.count()),
            p99: p99(storm.answers.iter().filter(|answer| answer.at >= OUTAGE.end)),
        }
    }

    /// Calls for each request.
    pub fn ratio(&self) -> f64 {
        share(self.calls, self.asked)
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, asked, calls, in_outage, after, peak, in_vain, .. } = self;
        let [in_outage, after, in_vain] = [in_outage, after, in_vain].map(|share| 100.0 * share);
        let recovers = self.recovers.map_or("never".to_owned(), |after| format!("{:.1} s", after.as_secs_f64()));
        write!(f, "{name:<16} {asked:>6} {calls:>7} {:>6.2} {in_outage:>7.1}% {after:>7.1}% ", self.ratio())?;
        write!(f, "{recovers:>9} {peak:>7} {in_vain:>7.0}% {:>6.2} s", self.p99.as_secs_f64())
    }
}

/// How many in each tenth of a second.
#[derive(Debug)]
pub struct Counts(pub Vec<usize>);

impl Counts {
    /// Of these times.
    pub fn of(times: impl Iterator<Item = Duration>) -> Self {
        let mut counts = vec![0; tenth(END)];
        for at in times {
            // What is at the very end comes too late.
            if let Some(count) = counts.get_mut(tenth(at)) {
                *count += 1;
            }
        }
        Self(counts)
    }

    fn sum(&self, from: usize, to: usize) -> usize {
        self.0[from..to].iter().sum()
    }
}

const TENTH: Duration = Duration::from_millis(100);

/// The number of the tenth of a second in which this is.
pub fn tenth(at: Duration) -> usize {
    usize::try_from(at.as_millis() / TENTH.as_millis()).unwrap_or(usize::MAX)
}

fn p99<'a>(answers: impl Iterator<Item = &'a Answer>) -> Duration {
    let mut took: Vec<_> = answers.map(|answer| answer.took).collect();
    took.sort();
    took.get(took.len() * 99 / 100).copied().unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "these are small numbers")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
