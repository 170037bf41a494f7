//! P12 to P16: delays.

use std::collections::BTreeSet;
use std::time::Duration;

use steadfast::testing::{advance_on_sleep, record_sleeps};
use steadfast::{Backoff, Jitter, Retry, retry};

use super::common::{Answer, Error, millis, timed};

const MANY: u32 = 10_000;

/// The delays of a policy that never succeeds.
fn delays(policy: Retry) -> Vec<Duration> {
    #[retry(policy)]
    fn fail(policy: &Retry) -> Answer {
        Err(Error::Body)
    }
    let sleeps = record_sleeps();
    assert_eq!(fail(&policy), Err(Error::Body));
    sleeps.taken()
}

macro_rules! curve {
    ($name:ident, $($backoff:tt)*) => {
        #[retry(attempts = 10_000, backoff = $($backoff)*, jitter = none, max_delay = "30s")]
        fn $name() -> Answer {
            Err(Error::Body)
        }
    };
}

curve!(exponential, exponential("1ms"));
curve!(exponential_of_three, exponential("1ns", factor = 3.0));
curve!(linear, linear("10ms"));
curve!(fibonacci, fibonacci("1us"));
curve!(fixed, fixed("30s"));
curve!(closure, |n| Duration::from_secs(1) * n);

#[test]
fn p12_ten_thousand_attempts_of_each_curve() {
    for curve in [exponential, exponential_of_three, linear, fibonacci, fixed, closure] {
        let sleeps = record_sleeps();
        assert_eq!(curve(), Err(Error::Body));
        let taken = sleeps.taken();
        assert_eq!(taken.len(), MANY as usize - 1);
        assert!(taken.is_sorted(), "a delay shrinks");
        assert!(!taken[0].is_zero(), "a hot loop");
        assert_eq!(taken.last(), Some(&Duration::from_secs(30)), "the cap");
    }
}

/// Settings that no literal can give, as they come from a configuration.
#[retry(attempts = 100, backoff = exponential(base, factor = factor), jitter = jitter, max_delay = cap)]
fn extreme(base: Duration, factor: f64, jitter: f64, cap: Duration) -> Answer {
    Err(Error::Body)
}

#[test]
fn p12_extreme_settings() {
    let durations = [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1), Duration::MAX];
    let numbers =
        [0.0, -0.0, -1.0, 0.5, 1.0, 1e-300, 1e300, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::EPSILON];
    for base in durations {
        for cap in durations {
            for factor in numbers {
                for jitter in numbers {
                    let sleeps = record_sleeps();
                    assert_eq!(extreme(base, factor, jitter, cap), Err(Error::Body));
                    assert!(sleeps.taken().iter().all(|delay| *delay <= cap), "{base:?} {factor} {jitter} {cap:?}");
                }
            }
        }
    }
}

/// A cap below the base is still the cap.
#[test]
fn p12_cap_below_base() {
    let sleeps = record_sleeps();
    assert_eq!(extreme(Duration::from_secs(9), 2.0, 0.0, Duration::from_secs(2)), Err(Error::Body));
    assert!(sleeps.taken().iter().all(|delay| *delay == Duration::from_secs(2)));
}

#[retry(attempts = 1_000, backoff = exponential("1s"), max_delay = "4s")]
fn full_jitter() -> Answer {
    Err(Error::Body)
}

#[retry(attempts = 1_000, backoff = exponential("1s"), max_delay = "4s", jitter = 0.25)]
fn quarter_jitter() -> Answer {
    Err(Error::Body)
}

#[test]
fn p13_jitter_never_exceeds_the_cap_and_spreads_at_it() {
    let cap = Duration::from_secs(4);
    for (function, lowest) in [(full_jitter as fn() -> Answer, Duration::ZERO), (quarter_jitter, cap * 3 / 4)] {
        let sleeps = record_sleeps();
        assert_eq!(function(), Err(Error::Body));
        let taken = sleeps.taken();
        let at_the_cap = &taken[2..];
        assert!(at_the_cap.iter().all(|delay| (lowest..=cap).contains(delay)));
        let tenth = cap.abs_diff(lowest) / 10;
        for n in 0..10 {
            let part = lowest + tenth * n..=lowest + tenth * (n + 1);
            assert!(at_the_cap.iter().any(|delay| part.contains(delay)), "none in {part:?}");
        }
    }
}

#[retry(attempts = 4, backoff = exponential("1s"))]
async fn jittered(taken: &mut Vec<Duration>, last: &mut tokio::time::Instant) -> Answer {
    taken.push(last.elapsed());
    *last = tokio::time::Instant::now();
    Err(Error::Body)
}

#[tokio::test(start_paused = true)]
async fn p14_concurrent_calls_draw_differently() {
    let call = || async {
        let mut taken = Vec::new();
        let mut last = tokio::time::Instant::now();
        assert_eq!(jittered(&mut taken, &mut last).await, Err(Error::Body));
        taken
    };
    let (one, other) = tokio::join!(call(), call());
    assert_eq!((one.len(), other.len()), (4, 4));
    assert_ne!(one, other);
}

/// Nor do two threads that have just begun.
#[test]
fn p14_threads_draw_differently() {
    let draw = || {
        let sleeps = record_sleeps();
        assert_eq!(full_jitter(), Err(Error::Body));
        sleeps.taken()
    };
    let draws: BTreeSet<_> = (0..8).map(|_| std::thread::spawn(draw).join().unwrap()).collect();
    assert_eq!(draws.len(), 8);
}

/// A policy that is copied does not copy its draws.
#[test]
fn p14_a_copied_policy_draws_anew() {
    let policy = Retry::new().attempts(10);
    assert_ne!(delays(policy), delays(policy));
}

#[retry(attempts = 4, backoff = exponential("1s"), jitter = none)]
async fn four(runs: &mut u32) -> Answer {
    *runs += 1;
    assert_eq!(steadfast::attempt(), *runs);
    Err(Error::Body)
}

#[retry(attempts = 1)]
async fn one(runs: &mut u32) -> Answer {
    *runs += 1;
    Err(Error::Body)
}

/// `attempts` are calls, here and in the value; the first delay is the base.
#[tokio::test(start_paused = true)]
async fn p15_attempts_are_calls_and_the_first_delay_is_the_base() {
    let mut runs = 0;
    let (outcome, took) = timed(four(&mut runs)).await;
    assert_eq!((outcome, runs, took), (Err(Error::Body), 4, Duration::from_secs(1 + 2 + 4)));
    let mut runs = 0;
    let (outcome, took) = timed(one(&mut runs)).await;
    assert_eq!((outcome, runs, took), (Err(Error::Body), 1, Duration::ZERO));

    let second = Duration::from_secs(1);
    let taken = delays(Retry::new().attempts(4).backoff(Backoff::exponential(second)).jitter(Jitter::None));
    assert_eq!(taken, [second, second * 2, second * 4]);
}

#[retry(attempts = 60, jitter = none)]
fn by_default() -> Answer {
    Err(Error::Body)
}

#[retry(attempts = 3, backoff = fixed("1h"), jitter = none)]
fn long_base() -> Answer {
    Err(Error::Body)
}

#[test]
fn p16_a_cap_by_default() {
    let sleeps = record_sleeps();
    assert_eq!(by_default(), Err(Error::Body));
    assert_eq!(sleeps.taken().into_iter().max(), Some(Duration::from_secs(10)));
    // A base beyond it was asked for.
    let sleeps = record_sleeps();
    assert_eq!(long_base(), Err(Error::Body));
    assert_eq!(sleeps.taken(), [Duration::from_secs(3600); 2]);
}

#[retry(attempts = 3, backoff = linear("1s500ms"), jitter = none)]
async fn with_fraction() -> Answer {
    Err(Error::Body)
}

#[retry(attempts = 3, backoff = fixed("250us"), jitter = none)]
fn below_a_millisecond() -> Answer {
    Err(Error::Body)
}

#[tokio::test(start_paused = true)]
async fn p16_parts_of_seconds_are_kept() {
    assert_eq!(timed(with_fraction()).await.1, millis(1500 + 3000));
    let sleeps = advance_on_sleep();
    assert_eq!(below_a_millisecond(), Err(Error::Body));
    assert_eq!(sleeps.taken(), [Duration::from_micros(250); 2]);
}
