//! The limit of an adaptive bulkhead, found from how long calls take: a sequential function of what it is told of calls
//! that have ended, without a clock or a lock.
//!
//! Calls are looked at in windows of about two rounds of those that run at once. At the end of a window
//!
//! ```text
//! gradient = 1.5 * latency without load / latency in the window, from 1/2 to 1
//! limit    = the mean of limit and (limit * gradient + its square root)
//! ```
//!
//! so that it comes to rest where calls take about half as long again as they do without load. As in Netflix's
//! `Gradient2` the square root, room for a queue, is added only where the limit is in use. Unlike there the latency
//! without load is no long average, which would follow a load that lasts, and the limit with it; it is measured, by a
//! short time at a quarter of the limit, once in so many calls that this costs about a hundredth of the throughput.

use core::mem;

use super::settings::Range;

/// As much longer may calls take than without load before the limit shrinks.
const TOLERANCE: f64 = 1.5;
/// The most that one window takes off, before it is halved by the mean.
const STEEPEST: f64 = 0.5;
/// A window in which every so many-th call was a sign of overload shrinks the limit, whatever the others say.
const OVERLOADED: u64 = 10;
/// The fewest calls of a window.
const FEWEST: u64 = 16;
/// The error of a window's mean that is aimed at, where latencies are spread; and the most calls for its sake.
const STANDARD_ERROR: f64 = 0.2;
const MOST_FOR_SPREAD: f64 = 256.0;
/// What one window says of how far latencies are spread, or of the latency without load where the limit is not in use.
const MEMORY: f64 = 0.125;
/// Where the limit goes for a probe, as a part of what it was.
const DEPTH: u32 = 4;
/// So many times the calls of a probe lie between it and the next: few where it found what nobody expected.
const BETWEEN_PROBES: u64 = 64;
const SOON: u64 = 8;
/// Before the first probe: what was learnt until then may have been learnt under load.
const FIRST_PROBE: u64 = 128;

/// A call that has ended, or was dropped by a timeout.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended {
    /// When, in nanoseconds.
    pub(super) at: u64,
    /// How many ran then, itself included.
    pub(super) running: u32,
    /// How long it took; `None` for a sign of overload.
    pub(super) took: Option<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct Gradient {
    range: Range,
    /// With its fraction, so that small steps add up.
    limit: f64,
    /// The limit in force while a probe is under way.
    probe: Option<u32>,
    /// The latency without load, as far as it is known.
    unloaded: Option<f64>,
    /// How far latencies are spread: their variance as a part of their squared mean.
    spread: f64,
    window: Window,
    /// Calls of another limit, which are not looked at.
    to_skip: u64,
    /// Calls since the last probe, those of a limit that was in use.
    since_probe: u64,
    next_probe: u64,
    last: u64,
}

impl Gradient {
    pub(super) fn new(range: Range) -> Self {
        Self {
            range,
            limit: range.initial.into(),
            probe: None,
            unloaded: None,
            // Until it is known, that of a queue.
            spread: 1.0,
            window: Window::default(),
            // Those of the first round that end first are the short ones.
            to_skip: range.initial.into(),
            since_probe: 0,
            next_probe: FIRST_PROBE,
            last: 0,
        }
    }

    /// Moves within another range from now on, and gives the limit. What was learnt is kept; a probe goes no lower.
    pub(super) fn within(&mut self, range: Range) -> u32 {
        if range != self.range {
            self.range = range;
            self.limit = self.limit.clamp(range.min.into(), range.max.into());
            self.probe = self.probe.map(|probe| probe.clamp(range.min, range.max));
        }
        self.limit()
    }

    /// How many calls may run now.
    pub(super) fn limit(&self) -> u32 {
        self.probe.unwrap_or(self.whole_limit())
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the range, which is of `u32`")]
    fn whole_limit(&self) -> u32 {
        self.limit as u32
    }

    /// Learns from a call.
    pub(super) fn learn(&mut self, call: Ended) {
        let elapsed = call.at.saturating_sub(mem::replace(&mut self.last, call.at));
        if self.to_skip > 0 {
            self.to_skip -= 1;
            return;
        }
        self.window.add(call, elapsed);
        let size = self.window_size();
        if self.window.overloads.saturating_mul(OVERLOADED) >= size {
            self.back_off(call.running);
        } else if self.window.calls >= size {
            let window = mem::take(&mut self.window);
            self.spread += (window.spread() - self.spread) * MEMORY;
            match self.probe.take() {
                Some(_) => self.learn_unloaded(window.shortest_mean(), window.calls + u64::from(self.whole_limit())),
                None => self.follow(&window),
            }
        }
    }

    /// How many calls it takes to judge by.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most `MOST_FOR_SPREAD`")]
    fn window_size(&self) -> u64 {
        let for_spread = (self.spread / (STANDARD_ERROR * STANDARD_ERROR)).min(MOST_FOR_SPREAD) as u64;
        FEWEST.max(for_spread).max(2 * u64::from(self.window.most_running))
    }

    /// The dependency does not keep up: calls time out, or it says so. Those that run now began before this, and say no
    /// more than was said.
    fn back_off(&mut self, running: u32) {
        self.window = Window::default();
        self.probe = None;
        self.move_to(self.limit * STEEPEST);
        self.to_skip = running.into();
    }

    /// Follows the latency of a window.
    fn follow(&mut self, window: &Window) {
        let latency = window.mean();
        let Some(mut unloaded) = self.unloaded else {
            self.unloaded = Some(latency);
            return;
        };
        let in_use = f64::from(window.most_running) * 2.0 >= self.limit;
        if !in_use {
            // Nobody is kept waiting here, so that the latency is what it is.
            unloaded += (latency - unloaded) * MEMORY;
            self.unloaded = Some(unloaded);
        }
        let gradient = (TOLERANCE * unloaded / latency).clamp(STEEPEST, 1.0);
        let headroom = if in_use { self.limit.sqrt() } else { 0.0 };
        self.move_to(self.limit * gradient + headroom);
        if in_use {
            // Where the limit falls as fast as it can and nothing is won by it, the latency without load is no longer
            // what it was.
            let weight = if gradient > STEEPEST { 1 } else { BETWEEN_PROBES / SOON };
            self.since_probe = self.since_probe.saturating_add(window.calls.saturating_mul(weight));
        }
        if self.since_probe >= self.next_probe {
            self.begin_probe(window);
        }
    }

    /// Half-way, since what is seen now is in part the work of the limit before.
    fn move_to(&mut self, aim: f64) {
        let limit = f64::midpoint(self.limit, aim);
        self.limit = limit.clamp(self.range.min.into(), self.range.max.into());
    }

    fn begin_probe(&mut self, window: &Window) {
        let limit = self.whole_limit();
        let probe = (limit / DEPTH).max(self.range.min);
        if probe < limit {
            self.probe = Some(probe);
            self.to_skip = limit.into();
        } else {
            // There is no less than this.
            self.learn_unloaded(window.mean(), window.calls);
        }
    }

    /// Takes what a probe has found, at the cost of so many calls.
    fn learn_unloaded(&mut self, found: f64, cost: u64) {
        let known = self.unloaded.unwrap_or(found);
        let was_loaded = found < known / 2.0;
        let is_expected = !was_loaded && found <= known * 2.0;
        self.unloaded = Some(if was_loaded { found } else { f64::midpoint(known, found) });
        self.since_probe = 0;
        self.next_probe = cost.saturating_mul(if is_expected { BETWEEN_PROBES } else { SOON });
    }
}

#[cfg(test)]
impl Gradient {
    /// How many answers and signs of overload there are since the last decision.
    pub(super) fn taken_in(&self) -> (u64, u64) {
        (self.window.calls - self.window.overloads, self.window.overloads)
    }

    /// The mean latency since then.
    pub(super) fn mean(&self) -> f64 {
        self.window.mean()
    }
}

/// The calls between two decisions, of those that ended.
#[derive(Debug, Clone, Default)]
struct Window {
    calls: u64,
    overloads: u64,
    most_running: u32,
    /// Of the latencies, in nanoseconds.
    sum: f64,
    squares: f64,
    /// The time of all places that were taken.
    occupied: f64,
}

#[expect(clippy::cast_precision_loss, reason = "a billionth more or less does not matter")]
impl Window {
    fn add(&mut self, call: Ended, elapsed: u64) {
        self.calls += 1;
        self.most_running = self.most_running.max(call.running);
        self.occupied += elapsed as f64 * f64::from(call.running);
        match call.took {
            None => self.overloads += 1,
            Some(took) => {
                self.sum += took as f64;
                self.squares += took as f64 * took as f64;
            }
        }
    }

    fn answered(&self) -> f64 {
        (self.calls - self.overloads).max(1) as f64
    }

    /// Never zero, so that it can be divided by.
    fn mean(&self) -> f64 {
        (self.sum / self.answered()).max(1.0)
    }

    fn spread(&self) -> f64 {
        let mean = self.mean();
        (self.squares / self.answered() / (mean * mean) - 1.0).max(0.0)
    }

    /// The mean latency, or what it must be where so many places let so many calls through (Little's law), if that is
    /// less: it leaves out what calls waited for before the window.
    fn shortest_mean(&self) -> f64 {
        self.mean().min(self.occupied / self.calls.max(1) as f64).max(1.0)
    }
}

#[cfg(test)]
mod tests;
