use core::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;

use super::*;

const MILLISECOND: u64 = 1_000_000;

/// A dependency that does `capacity` calls at once in `base` each, and more of them in proportion slower; so many
/// callers ask it all the time.
struct Dependency {
    capacity: f64,
    base: u64,
    callers: u32,
    /// What a call takes, as a part of its share.
    noise: fn(&mut u64) -> f64,
    seed: u64,
    now: u64,
    /// When each call that runs ends, and how long it then has taken.
    running: BinaryHeap<Reverse<(u64, u64)>>,
}

impl Dependency {
    fn new(capacity: f64) -> Self {
        let base = 100 * MILLISECOND;
        Self { capacity, base, callers: 1000, noise: |_| 1.0, seed: 7, now: 0, running: BinaryHeap::new() }
    }

    /// As many calls begin as may; one ends, which tells how long it took.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "of a few seconds")]
    fn serve_one(&mut self, gradient: &mut Gradient) -> u64 {
        while self.running.len() < gradient.limit().min(self.callers) as usize {
            let share = (count(&self.running) + 1.0) / self.capacity;
            let takes = (nanos(self.base) * share.max(1.0) * (self.noise)(&mut self.seed)) as u64;
            self.running.push(Reverse((self.now + takes, takes)));
        }
        let running = u32::try_from(self.running.len()).unwrap();
        let Reverse((end, took)) = self.running.pop().unwrap();
        self.now = end;
        gradient.learn(Ended { at: end, running, took: Some(took) });
        took
    }

    /// The mean latency of so many calls, as a multiple of `base`, and the mean limit.
    fn serve(&mut self, gradient: &mut Gradient, calls: u32) -> (f64, f64) {
        let (mut latency, mut limit) = (0.0, 0.0);
        for _ in 0..calls {
            latency += nanos(self.serve_one(gradient)) / nanos(self.base);
            limit += f64::from(gradient.limit());
        }
        (latency / f64::from(calls), limit / f64::from(calls))
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
fn count<T>(heap: &BinaryHeap<T>) -> f64 {
    heap.len() as f64
}

#[expect(clippy::cast_precision_loss, reason = "of a few seconds")]
fn nanos(nanos: u64) -> f64 {
    nanos as f64
}

fn gradient(min: u32, max: u32, initial: u32) -> Gradient {
    Gradient::new(Range::new(min, max, initial))
}

/// From 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits")]
fn random(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*seed ^ *seed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ mixed >> 31) >> 11) as f64 / (1_u64 << 53) as f64
}

fn exponential(seed: &mut u64) -> f64 {
    -(1.0 - random(seed)).ln()
}

/// Nineteen of twenty are short.
fn mixed(seed: &mut u64) -> f64 {
    if random(seed) < 0.05 { 10.5 } else { 0.5 }
}

#[track_caller]
fn assert_between(value: f64, from: f64, to: f64) {
    assert!((from..=to).contains(&value), "{value} is not between {from} and {to}");
}

/// Where it comes to rest: 1.5 times what can be done without waiting, and room for a short queue.
#[test]
fn it_comes_to_rest_near_what_the_dependency_can_do() {
    for (capacity, initial, (from, to)) in [
        (1.0, 20, (2.0, 4.0)),
        (5.0, 20, (8.0, 11.0)),
        (20.0, 1, (31.0, 37.0)),
        (20.0, 20, (31.0, 37.0)),
        (20.0, 200, (31.0, 37.0)),
        (100.0, 20, (155.0, 165.0)),
    ] {
        let (mut gradient, mut dependency) = (gradient(1, 200, initial), Dependency::new(capacity));
        dependency.serve(&mut gradient, 40_000);
        let (_, limit) = dependency.serve(&mut gradient, 40_000);
        assert_between(limit, from, to);
    }
}

#[test]
fn it_does_so_too_where_latencies_are_spread() {
    for noise in [exponential, mixed] {
        for seed in 0..8 {
            let (mut gradient, mut dependency) = (gradient(1, 200, 20), Dependency::new(20.0));
            (dependency.noise, dependency.seed) = (noise, seed);
            dependency.serve(&mut gradient, 40_000);
            let (latency, limit) = dependency.serve(&mut gradient, 100_000);
            assert_between(limit, 22.0, 50.0);
            assert_between(latency, 1.1, 2.5);
        }
    }
}

/// What a long average of the latency would do: it follows the load, and the limit follows it.
#[test]
fn it_does_not_creep_upwards_under_a_load_that_lasts() {
    let (mut gradient, mut dependency) = (gradient(1, 1000, 20), Dependency::new(20.0));
    for _ in 0..20 {
        let (latency, _) = dependency.serve(&mut gradient, 50_000);
        assert!(latency < 1.9, "{latency}");
    }
}

#[test]
fn it_follows_what_the_dependency_can_do() {
    let (mut gradient, mut dependency) = (gradient(1, 200, 20), Dependency::new(20.0));
    dependency.serve(&mut gradient, 20_000);
    dependency.capacity = 4.0;
    // About ten rounds.
    dependency.serve(&mut gradient, 400);
    assert_between(gradient.limit().into(), 6.0, 15.0);
    dependency.serve(&mut gradient, 5_000);
    dependency.capacity = 20.0;
    dependency.serve(&mut gradient, 2_000);
    assert_between(gradient.limit().into(), 25.0, 40.0);
}

/// The dependency takes longer for each call from now on, and can do as many at once as before: the limit falls first,
/// and comes back when a probe has found out.
#[test]
fn it_learns_that_calls_take_longer_now() {
    for factor in [2, 3, 30] {
        let (mut gradient, mut dependency) = (gradient(1, 200, 20), Dependency::new(20.0));
        dependency.serve(&mut gradient, 20_000);
        dependency.base *= factor;
        dependency.serve(&mut gradient, 20_000);
        let (_, limit) = dependency.serve(&mut gradient, 20_000);
        assert_between(limit, 25.0, 38.0);
        // And that they are shorter again.
        dependency.base /= factor;
        dependency.serve(&mut gradient, 20_000);
        let (_, limit) = dependency.serve(&mut gradient, 20_000);
        assert_between(limit, 28.0, 38.0);
    }
}

#[test]
fn it_grows_only_where_it_is_used() {
    for (callers, grows) in [(1, false), (9, false), (10, true), (20, true)] {
        let (mut gradient, mut dependency) = (gradient(1, 200, 20), Dependency::new(1000.0));
        dependency.callers = callers;
        dependency.serve(&mut gradient, 10_000);
        assert_eq!(gradient.limit() > 20, grows, "{callers} callers: {gradient:?}");
        // One step beyond twice as many as ask, at most.
        assert!(gradient.limit() <= 2 * callers.max(10) + 3, "{callers} callers: {gradient:?}");
    }
}

/// Latencies without load are known from such a time, however long they are.
#[test]
fn a_limit_that_is_not_used_learns_from_what_it_sees() {
    let (mut gradient, mut dependency) = (gradient(1, 200, 50), Dependency::new(1000.0));
    dependency.callers = 5;
    dependency.serve(&mut gradient, 2_000);
    dependency.base *= 20;
    dependency.serve(&mut gradient, 2_000);
    dependency.callers = 1000;
    dependency.serve(&mut gradient, 10_000);
    assert_eq!(gradient.limit(), 200);
}

/// Two rounds of those that run, but enough calls for how far latencies may be spread: as a queue's, until it is known.
#[test]
fn so_many_calls_make_a_window() {
    for (running, calls) in [(1, 24), (12, 24), (13, 26), (50, 100)] {
        let mut gradient = gradient(1, 200, 50);
        let mut learn = |calls| {
            for _ in 0..calls {
                gradient.learn(Ended { at: 0, running, took: Some(100 * MILLISECOND) });
            }
            gradient.unloaded
        };
        assert_eq!(learn(50), None, "those of the first round");
        assert_eq!(learn(calls - 1), None, "{running} run");
        assert!(learn(1).is_some(), "{running} run");
        // All have taken the same time.
        assert_between(gradient.spread, 0.875, 0.875);
    }
}

/// Where the limit is not in use.
#[test]
fn a_window_says_an_eighth_of_the_latency_without_load() {
    let mut gradient = gradient(1, 200, 50);
    for (millis, known) in [(100, 100.0), (200, 112.5), (200, 123.4375), (100, 120.507_812_5)] {
        let before = gradient.unloaded;
        for _ in 0..100 {
            if gradient.unloaded == before {
                gradient.learn(Ended { at: 0, running: 5, took: Some(millis * MILLISECOND) });
            }
        }
        let found = gradient.unloaded.unwrap() / nanos(MILLISECOND);
        assert_between(found, known - 1e-9, known + 1e-9);
    }
}

/// What a probe has found moves what is known half-way, or in full where that was learnt under load; and the next one
/// comes soon where nobody expected it.
#[test]
fn what_a_probe_finds() {
    for (found, known, next) in [
        (1.0, 1.0, SOON),
        (49.0, 49.0, SOON),
        (50.0, 75.0, BETWEEN_PROBES),
        (100.0, 100.0, BETWEEN_PROBES),
        (200.0, 150.0, BETWEEN_PROBES),
        (201.0, 150.5, SOON),
        (5000.0, 2550.0, SOON),
    ] {
        let mut gradient = gradient(1, 200, 50);
        gradient.unloaded = Some(100.0);
        gradient.learn_unloaded(found, 10);
        assert_eq!((gradient.unloaded, gradient.next_probe), (Some(known), 10 * next), "{found}");
    }
}

/// Where the limit falls as fast as it can and nothing is won by it, a probe comes sooner.
#[test]
fn a_probe_comes_soon_where_nothing_else_helps() {
    let calls_to_the_next = |factor| {
        let (mut gradient, mut dependency) = (gradient(1, 200, 20), Dependency::new(20.0));
        dependency.serve(&mut gradient, 20_000);
        for is_under_way in [false, true, false] {
            while gradient.probe.is_some() != is_under_way {
                dependency.serve_one(&mut gradient);
            }
        }
        dependency.base *= factor;
        let mut calls = 0;
        while gradient.probe.is_none() {
            dependency.serve_one(&mut gradient);
            calls += 1;
        }
        calls
    };
    let (usual, soon) = (calls_to_the_next(1), calls_to_the_next(30));
    assert!(soon * 3 < usual, "{soon} of {usual}");
}

/// A sign of overload took no time, and does not shorten the mean.
#[test]
fn a_mean_is_that_of_the_answers() {
    let mut window = Window::default();
    for took in [Some(10), None, Some(30), None, None] {
        window.add(Ended { at: 0, running: 1, took }, 0);
    }
    assert_between(window.mean(), 20.0, 20.0);
    assert_between(window.spread(), 0.25, 0.25);
}

#[test]
fn probes_cost_little() {
    for capacity in [2.0, 5.0, 20.0, 100.0] {
        let (mut gradient, mut dependency) = (gradient(1, 200, 20), Dependency::new(capacity));
        dependency.serve(&mut gradient, 100_000);
        let (start, calls) = (dependency.now, 200_000.0);
        dependency.serve(&mut gradient, 200_000);
        let possible = nanos(dependency.now - start) / nanos(dependency.base) * capacity;
        assert_between(calls / possible, 0.97, 1.0);
    }
}

/// A tenth of the calls, or more.
#[test]
fn overload_shrinks_it() {
    for (every, shrinks) in [(1, true), (9, true), (12, false)] {
        let mut gradient = gradient(2, 200, 20);
        for number in 1..=4_000 {
            let took = (number % every != 0).then_some(MILLISECOND);
            gradient.learn(Ended { at: number * MILLISECOND, running: gradient.limit(), took });
        }
        assert_eq!(gradient.limit() == 2, shrinks, "one in {every}: {gradient:?}");
        assert_eq!(gradient.limit() > 100, !shrinks, "one in {every}: {gradient:?}");
    }
}

/// All those under way end at the same time, and are one sign.
#[test]
fn it_shrinks_once_in_a_round() {
    let mut gradient = gradient(1, 200, 20);
    let overload = |gradient: &mut Gradient, calls: u64| {
        for ended in 0..calls {
            let running = u32::try_from(20 - ended % 20).unwrap();
            gradient.learn(Ended { at: 0, running, took: None });
        }
    };
    overload(&mut gradient, 20);
    assert_eq!(gradient.limit(), 20, "the first round is not looked at");
    overload(&mut gradient, 20);
    assert_eq!(gradient.limit(), 15);
    overload(&mut gradient, 20);
    assert_eq!(gradient.limit(), 11);
}

#[test]
fn it_comes_back_after_an_outage() {
    let (mut gradient, mut dependency) = (gradient(1, 200, 20), Dependency::new(20.0));
    dependency.serve(&mut gradient, 20_000);
    for _ in 0..2_000 {
        gradient.learn(Ended { at: dependency.now, running: gradient.limit(), took: None });
    }
    assert_eq!(gradient.limit(), 1);
    dependency.serve(&mut gradient, 2_000);
    assert_between(gradient.limit().into(), 25.0, 38.0);
}

#[test]
fn answers_that_take_no_time() {
    let mut gradient = gradient(1, 200, 20);
    for _ in 0..10_000 {
        gradient.learn(Ended { at: 5, running: gradient.limit(), took: Some(0) });
    }
    assert_eq!(gradient.limit(), 200);
    assert_eq!(gradient.unloaded, Some(1.0));
}

#[test]
fn a_range_of_one_stays() {
    let (mut gradient, mut dependency) = (gradient(7, 7, 7), Dependency::new(2.0));
    for _ in 0..50 {
        dependency.serve(&mut gradient, 100);
        assert_eq!(gradient.limit(), 7);
    }
}

fn latency() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![
        Just(Some(0)),
        Just(Some(u64::MAX)),
        Just(None),
        any::<u64>().prop_map(Some),
        (0..100 * MILLISECOND).prop_map(Some),
    ]
}

/// A run of calls that are alike, since single ones hardly end a window.
fn calls() -> impl Strategy<Value = (Option<u64>, u64, u32, usize)> {
    let running = prop_oneof![0..300_u32, any::<u32>()];
    let at = prop_oneof![Just(0), Just(u64::MAX), any::<u64>()];
    (latency(), at, running, 1..400_usize)
}

proptest! {
    /// Whatever it is told, times that run backwards included.
    #[test]
    fn it_never_leaves_its_range(
        min in prop_oneof![1..300_u32, any::<u32>()],
        max in prop_oneof![1..300_u32, any::<u32>()],
        initial in prop_oneof![1..300_u32, any::<u32>()],
        calls in prop::collection::vec(calls(), 1..30),
        follows: bool,
    ) {
        let (min, max) = (min.max(1), max.max(min).max(1));
        let mut gradient = gradient(min, max, initial);
        for (took, at, running, times) in calls {
            for _ in 0..times {
                let running = if follows { gradient.limit() } else { running };
                gradient.learn(Ended { at, running, took });
                prop_assert!((min..=max).contains(&gradient.limit()));
                prop_assert!(gradient.limit.is_finite() && gradient.spread.is_finite());
                prop_assert!(gradient.unloaded.is_none_or(|latency| latency.is_finite() && latency >= 1.0));
            }
        }
    }
}
