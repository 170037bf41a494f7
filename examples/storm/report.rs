//! What came of a storm, in numbers.

use std::fmt::{self, Display};
use std::time::Duration;

use super::clients::{END, Storm};
use super::server::OUTAGE;

const SECOND: Duration = Duration::from_secs(1);
/// Calls are counted by tenths of a second.
pub const TENTH: Duration = Duration::from_millis(100);

/// A line of the table. All but the shares of success is counted from the outage on.
#[derive(Debug)]
pub struct Report {
    pub name: &'static str,
    /// How often users asked.
    pub requests: usize,
    /// How often the server was called.
    pub calls: usize,
    /// The share of good answers in the outage, and in all the time after it.
    pub in_outage: f64,
    pub after: f64,
    /// So long after the outage every second has 99 % good answers.
    pub recovered: Option<Duration>,
    /// Most calls in a tenth of a second, but for the first in which all clients come at once, whatever their policy.
    pub peak: usize,
    /// The share of the server's work that was for clients who had given up.
    pub in_vain: f64,
    /// Of a hundred answers or errors after the outage, 99 came within this.
    pub p99: Duration,
}

impl Report {
    pub fn of(storm: &Storm) -> Self {
        let since = |times: &[Duration]| times.iter().filter(|at| **at >= OUTAGE.start).count();
        let done = storm.server.done.iter().filter(|(at, _)| *at >= OUTAGE.start);
        let mut waits: Vec<_> = storm.answers.iter().filter(|a| a.at >= OUTAGE.end).map(|a| a.took).collect();
        waits.sort();
        Self {
            name: storm.name,
            requests: since(&storm.asked),
            calls: since(&storm.server.calls),
            in_outage: success(storm, OUTAGE.start, OUTAGE.end),
            after: success(storm, OUTAGE.end, END),
            recovered: recovered(storm),
            peak: tenths(&storm.server.calls, OUTAGE.start + TENTH).into_iter().max().unwrap_or(0),
            in_vain: share(done.map(|(_, is_useful)| !is_useful)),
            p99: waits.get(waits.len() * 99 / 100).copied().unwrap_or_default(),
        }
    }

    /// Calls for each request.
    pub fn amplification(&self) -> f64 {
        ratio(self.calls, self.requests)
    }
}

/// As the columns of [`HEADING`].
impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, requests, calls, in_outage, after, peak, in_vain, p99, .. } = self;
        let recovered = self.recovered.map_or("never".to_owned(), |after| format!("{:.1} s", after.as_secs_f64()));
        let (amplified, p99) = (self.amplification(), p99.as_secs_f64());
        let [in_outage, after, in_vain] = [in_outage, after, in_vain].map(|share| 100.0 * share);
        write!(f, "{name:<11} {requests:>8} {calls:>7} {amplified:>6.2}x {in_outage:>9.1}% {after:>6.1}% ")?;
        write!(f, "{recovered:>9} {peak:>6} {in_vain:>6.0}% {p99:>6.2} s")
    }
}

/// Above the reports.
pub const HEADING: &str =
    "policies    requests   calls  ratio  in outage   after recovered   peak in vain      p99";

/// The share of good answers among those of this time, the end excluded.
fn success(storm: &Storm, from: Duration, to: Duration) -> f64 {
    share(storm.answers.iter().filter(|answer| (from..to).contains(&answer.at)).map(|answer| answer.is_good))
}

/// Goes back from the end, for as long as all is well.
fn recovered(storm: &Storm) -> Option<Duration> {
    let mut since = None;
    let mut from = END - SECOND;
    while from >= OUTAGE.end && success(storm, from, from + SECOND) >= 0.99 {
        since = Some(from - OUTAGE.end);
        from -= TENTH;
    }
    since
}

/// How many in each tenth of a second of the storm that begins at `from` or later.
pub fn tenths(times: &[Duration], from: Duration) -> Vec<usize> {
    let tenth = |at: Duration| usize::try_from(at.as_millis() / TENTH.as_millis()).expect("a storm is short");
    let mut counts = vec![0; tenth(END)];
    for at in times.iter().filter(|at| (from..END).contains(*at)) {
        counts[tenth(*at)] += 1;
    }
    counts
}

/// The share of those that are so; of none, none.
fn share(all: impl Iterator<Item = bool>) -> f64 {
    let (so, count) = all.fold((0, 0), |(so, count), is_so| (so + usize::from(is_so), count + 1));
    ratio(so, count)
}

#[expect(clippy::cast_precision_loss, reason = "these are small numbers")]
fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}
