//! The breaker against a naive one, in long random histories.
//!
//! The naive breaker remembers everything and looks through all of it each time. The real one is driven by its public
//! API, so that its short cuts are compared too.

use proptest::prelude::*;
use tokio::time::advance;

use crate::time::saturated;
use crate::{Abandoned, CircuitBreaker, Permit, State, Window};

use super::*;

#[derive(Debug, Clone, Copy)]
struct Config {
    trip: Result<u32, f64>,
    window: Window,
    min_calls: u32,
    slow_call: Option<u64>,
    slow_call_rate: f64,
    reset_timeout: u64,
    max_reset_timeout: u64,
    success_threshold: u32,
    max_probes: u32,
    probe_timeout: u64,
    abandoned: Abandoned,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Begin,
    /// Ends one of the calls under way.
    End(usize, End),
    Wait(u64),
    Force(State),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Success,
    Failure,
    Ignored,
    Dropped,
}

/// In milliseconds throughout.
struct Naive {
    config: Config,
    now: u64,
    state: State,
    period: u32,
    /// When, failed, slow.
    outcomes: Vec<(u64, bool, bool)>,
    consecutive: u32,
    calls: u32,
    /// The calls that hold a place, and since when.
    probes: Vec<(u32, u64)>,
    probe_successes: u32,
    open_since: u64,
    open_for: u64,
}

struct Call<'b> {
    permit: Permit<'b>,
    number: u32,
    period: u32,
    began: u64,
}

impl Naive {
    fn new(config: Config) -> Self {
        Self {
            config,
            now: 0,
            state: State::Closed,
            period: 0,
            outcomes: Vec::new(),
            consecutive: 0,
            calls: 0,
            probes: Vec::new(),
            probe_successes: 0,
            open_since: 0,
            open_for: 0,
        }
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.period += 1;
        self.probes.clear();
        self.probe_successes = 0;
        if matches!(state, State::Closed | State::ForcedOpen | State::ForcedClosed) {
            self.outcomes.clear();
            self.consecutive = 0;
        }
    }

    fn open(&mut self, open_for: u64) {
        self.turn(State::Open);
        self.open_since = self.now;
        self.open_for = open_for;
    }

    /// The number of the call, or how long to wait.
    fn begin(&mut self) -> Result<u32, Option<u64>> {
        if self.state == State::Open {
            let until = self.open_since + self.open_for;
            if self.now < until {
                return Err(Some(until - self.now));
            }
            self.turn(State::HalfOpen);
        }
        if self.state == State::ForcedOpen {
            return Err(None);
        }
        self.calls += 1;
        if self.state == State::HalfOpen {
            if self.probes.len() >= self.config.max_probes as usize {
                if self.now - self.probes[0].1 < self.config.probe_timeout {
                    return Err(None);
                }
                self.probes.remove(0);
            }
            self.probes.push((self.calls, self.now));
        }
        Ok(self.calls)
    }

    fn end(&mut self, number: u32, period: u32, began: u64, end: End) {
        if period != self.period {
            return;
        }
        let slow = end != End::Ignored && self.config.slow_call.is_some_and(|slow| self.now - began >= slow);
        let failed = end == End::Failure || (end == End::Dropped && self.config.abandoned == Abandoned::Failure);
        match self.state {
            State::HalfOpen => {
                self.probes.retain(|&(probe, _)| probe != number);
                if failed || slow {
                    let doubled = (self.open_for * 2).min(self.config.max_reset_timeout);
                    self.open(doubled.max(self.config.reset_timeout));
                } else if end == End::Success {
                    self.probe_successes += 1;
                    if self.probe_successes >= self.config.success_threshold {
                        self.turn(State::Closed);
                    }
                }
            }
            State::Closed => {
                if failed {
                    self.consecutive += 1;
                } else if end == End::Success {
                    self.consecutive = 0;
                }
                if failed || slow || end == End::Success {
                    self.outcomes.push((self.now, failed, slow));
                    self.judge();
                }
            }
            _ => {}
        }
    }

    fn keeps_outcomes(&self) -> bool {
        self.config.trip.is_err() || self.config.slow_call.is_some()
    }

    /// Calls, failures and slow calls in the window.
    fn tally(&self) -> (u64, u64, u64) {
        let count = |outcomes: &[(u64, bool, bool)]| {
            let failures = outcomes.iter().filter(|outcome| outcome.1).count() as u64;
            let slow = outcomes.iter().filter(|outcome| outcome.2).count() as u64;
            (outcomes.len() as u64, failures, slow)
        };
        if !self.keeps_outcomes() {
            return (0, 0, 0);
        }
        match self.config.window {
            Window::Calls(size) => count(&self.outcomes[self.outcomes.len().saturating_sub(size as usize)..]),
            Window::Duration(duration) => {
                let epoch = |millis: u64| (self.base() + millis * 1_000_000) / (saturated(duration) / 32);
                let young = |outcome: &&(u64, bool, bool)| epoch(self.now) - epoch(outcome.0) < 32;
                count(&self.outcomes.iter().filter(young).copied().collect::<Vec<_>>())
            }
        }
    }

    /// What the breaker's clock says now, less what has passed here.
    fn base(&self) -> u64 {
        crate::time::nanos() - self.now * 1_000_000
    }

    fn judge(&mut self) {
        let (calls, failures, slow) = self.tally();
        let enough = match self.config.window {
            Window::Calls(size) => calls >= self.config.min_calls.min(size).into(),
            Window::Duration(_) => calls >= self.config.min_calls.into(),
        };
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let share = |part: u64| part as f64 / calls as f64;
        let tripped = match self.config.trip {
            Ok(threshold) => self.consecutive >= threshold,
            Err(rate) => enough && share(failures) >= rate,
        };
        let too_slow = self.config.slow_call.is_some() && enough && share(slow) >= self.config.slow_call_rate;
        if tripped || too_slow {
            self.open(self.config.reset_timeout);
        }
    }
}

fn configs() -> impl Strategy<Value = Config> {
    let rate = || prop_oneof![Just(0.25), Just(0.5), Just(0.9), Just(1.0)];
    let trip = prop_oneof![(1..5_u32).prop_map(Ok), rate().prop_map(Err)];
    let window = prop_oneof![
        (1..40_u32).prop_map(Window::Calls),
        prop_oneof![Just(32_u64), Just(320), Just(1_000)].prop_map(|length| Window::Duration(millis(length))),
    ];
    let recovery = (1..4_u32, 1..4_u32, 1..60_u64, any::<bool>());
    let times = (1..60_u64, 0..200_u64);
    (trip, window, 1..12_u32, proptest::option::of(1..20_u64), rate(), times, recovery).prop_map(
        |(trip, window, min_calls, slow_call, slow_call_rate, (reset_timeout, max_reset_timeout), recovery)| {
            let (success_threshold, max_probes, probe_timeout, failure) = recovery;
            let abandoned = if failure { Abandoned::Failure } else { Abandoned::Neutral };
            Config {
                trip,
                window,
                min_calls,
                slow_call,
                slow_call_rate,
                reset_timeout,
                max_reset_timeout,
                success_threshold,
                max_probes,
                probe_timeout,
                abandoned,
            }
        },
    )
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let end = prop_oneof![
        6 => Just(End::Success),
        4 => Just(End::Failure),
        1 => Just(End::Ignored),
        1 => Just(End::Dropped),
    ];
    let force = prop_oneof![Just(State::Closed), Just(State::ForcedOpen), Just(State::ForcedClosed)];
    let act = prop_oneof![
        30 => Just(Act::Begin),
        30 => (0..8_usize, end).prop_map(|(which, end)| Act::End(which, end)),
        12 => (1..40_u64).prop_map(Act::Wait),
        1 => (1..2_000_u64).prop_map(Act::Wait),
        1 => force.prop_map(Act::Force),
    ];
    proptest::collection::vec(act, 1..300)
}

impl Config {
    fn breaker(&self) -> CircuitBreaker {
        let breaker = CircuitBreaker::new()
            .window(self.window)
            .min_calls(self.min_calls)
            .slow_call_rate(self.slow_call_rate)
            .reset_timeout(millis(self.reset_timeout))
            .max_reset_timeout(millis(self.max_reset_timeout))
            .success_threshold(self.success_threshold)
            .max_probes(self.max_probes)
            .probe_timeout(millis(self.probe_timeout))
            .abandoned(self.abandoned);
        let breaker = match self.trip {
            Ok(threshold) => breaker.failure_threshold(threshold),
            Err(rate) => breaker.failure_rate(rate),
        };
        match self.slow_call {
            Some(slow) => breaker.slow_call(millis(slow)),
            None => breaker,
        }
    }
}

async fn compare(config: Config, acts: Vec<Act>) {
    let breaker = config.breaker();
    let mut naive = Naive::new(config);
    let mut under_way: Vec<Call<'_>> = Vec::new();
    for act in acts {
        match act {
            Act::Begin => match (breaker.try_acquire(), naive.begin()) {
                (Ok(permit), Ok(number)) => {
                    under_way.push(Call { permit, number, period: naive.period, began: naive.now });
                }
                (Err(rejection), Err(wait)) => assert_eq!(rejection.retry_after(), wait.map(millis)),
                (real, naive) => panic!("{real:?}, {naive:?}"),
            },
            Act::End(which, end) if which < under_way.len() => {
                let Call { permit, number, period, began } = under_way.remove(which);
                match end {
                    End::Success => permit.success(),
                    End::Failure => permit.failure(),
                    End::Ignored => permit.ignore(),
                    End::Dropped => drop(permit),
                }
                naive.end(number, period, began, end);
            }
            Act::End(..) => {}
            Act::Wait(wait) => {
                advance(millis(wait)).await;
                naive.now += wait;
            }
            Act::Force(state) => {
                match state {
                    State::ForcedOpen => breaker.force_open(),
                    State::ForcedClosed => breaker.force_closed(),
                    _ => breaker.reset(),
                }
                if state == State::Closed || state != naive.state {
                    naive.turn(state);
                }
            }
        }
        assert_eq!(breaker.state(), naive.state, "after {act:?}");
        if naive.state == State::Closed {
            let counts = breaker.counts();
            assert_eq!((counts.calls, counts.failures, counts.slow), naive.tally(), "after {act:?}");
            assert_eq!(counts.consecutive_failures, naive.consecutive);
            assert_eq!(breaker.is_clean(), naive.consecutive == 0 && naive_is_clean(&breaker), "after {act:?}");
        }
        if naive.state == State::HalfOpen {
            let counts = breaker.counts();
            assert_eq!(counts.probes as usize, naive.probes.len());
            assert_eq!(counts.probe_successes, naive.probe_successes);
        }
    }
}

fn naive_is_clean(breaker: &CircuitBreaker) -> bool {
    let counts = breaker.counts();
    counts.failures == 0 && counts.slow == 0
}

proptest! {
    #[test]
    fn it_does_what_a_naive_one_does(config in configs(), acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(compare(config, acts));
    }
}
