//! Settings and scripts for stacks, in tens of milliseconds, so that many things happen at the same time.
//!
//! But what has no order among themselves does not: others give back their places in between, and the calls of a hedge
//! start so that no two of them end in one moment.

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use steadfast::{Abandoned, Jitter, State, Window};
use steadfast_tests::{Answer, Error};

use super::world::{Does, Hedge, Plan, Step, Substitute};
use super::{Call, History, Hold};
use crate::models::bulkhead::reference::{Limit, Settings as BulkheadSettings};
use crate::models::circuit_breaker::reference::{Settings as BreakerSettings, Trip};
use crate::models::rate_limit::reference::Settings as RateSettings;
use crate::models::retry::reference::{Curve, Settings as RetrySettings};

const fn tens(tens: u32) -> Duration {
    Duration::from_millis(10).saturating_mul(tens)
}

/// Mostly short.
fn time() -> impl Strategy<Value = Duration> {
    prop_oneof![2 => Just(Duration::ZERO), 6 => (1..12_u32).prop_map(tens), 2 => (12..120_u32).prop_map(tens)]
}

fn some_time() -> impl Strategy<Value = Duration> {
    time().prop_map(|time| time.max(tens(1)))
}

fn retries() -> impl Strategy<Value = RetrySettings> {
    let curve = prop_oneof![
        3 => time().prop_map(Curve::Fixed),
        1 => time().prop_map(Curve::Linear),
        1 => time().prop_map(Curve::Fibonacci),
    ];
    let option = || proptest::option::weighted(0.3, time());
    let rejections = proptest::option::weighted(0.4, any::<[bool; 4]>());
    (0..5_u32, curve, option(), option(), rejections).prop_map(
        |(attempts, curve, max_delay, max_duration, rejections)| RetrySettings {
            attempts: Some(attempts),
            curve,
            jitter: Jitter::None,
            max_delay,
            max_duration,
            rejections,
        },
    )
}

fn breakers() -> impl Strategy<Value = BreakerSettings> {
    let trip = prop_oneof![
        3 => (1..4_u32).prop_map(Trip::Consecutive),
        1 => select(vec![0.5, 1.0]).prop_map(Trip::Rate),
    ];
    let abandoned = prop_oneof![Just(Abandoned::Neutral), Just(Abandoned::Failure)];
    let slow_call = proptest::option::weighted(0.3, some_time());
    let recovery =
        (some_time(), proptest::option::of(some_time()), 1..3_u32, 1..3_u32, proptest::option::of(some_time()));
    (trip, 1..5_u32, 1..4_u32, slow_call, recovery, abandoned).prop_map(
        |(trip, window, min_calls, slow_call, recovery, abandoned)| {
            let (reset_timeout, max_reset_timeout, success_threshold, max_probes, probe_timeout) = recovery;
            BreakerSettings {
                trip,
                window: Window::Calls(window),
                min_calls: Some(min_calls),
                slow_call,
                slow_call_rate: 0.5,
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

fn bulkheads() -> impl Strategy<Value = BulkheadSettings> {
    (1..3_u32, time(), proptest::option::of(0..3_u32)).prop_map(|(limit, max_wait, max_queue)| BulkheadSettings {
        limit: Limit::Fixed(limit),
        max_wait,
        max_queue,
    })
}

fn limits() -> impl Strategy<Value = RateSettings> {
    (1..4_u32, some_time(), proptest::option::of(1..3_u32), time())
        .prop_map(|(permits, per, burst, max_wait)| RateSettings { permits, per: per * permits, burst, max_wait })
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        5 => Just(Ok(7)),
        1 => Just(Ok(13)),
        8 => Just(Err(Error::Failed)),
        2 => Just(Err(Error::Io)),
        1 => time().prop_map(|hint| Err(Error::After(hint))),
        1 => proptest::option::of(time()).prop_map(|hint| Err(Error::Throttled(hint))),
        1 => Just(Err(Error::Permanent)),
        1 => Just(Err(Error::Neutral)),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let does = prop_oneof![14 => answers().prop_map(Does::Return), 2 => Just(Does::Hang), 1 => Just(Does::Panic)];
    proptest::collection::vec((time(), does).prop_map(|(takes, does)| Step { takes, does }), 1..12)
}

fn plans() -> impl Strategy<Value = Plan> {
    let substitute = || (time(), answers()).prop_map(|(takes, answer)| Substitute { takes, answer });
    let hedge = (select(vec![3, 13, 33, 103]), 1..4_u32)
        .prop_map(|(after, attempts)| Hedge { after: Duration::from_millis(after), attempts });
    (
        [retries(), retries()],
        [breakers(), breakers()],
        [time(), time()],
        [bulkheads(), bulkheads()],
        [limits(), limits()],
        hedge,
        [substitute(), substitute()],
        steps(),
    )
        .prop_map(|(retries, breakers, timeouts, bulkheads, limits, hedge, fallbacks, script)| Plan {
            retries,
            breakers,
            timeouts,
            bulkheads,
            limits,
            hedge,
            fallbacks,
            script,
        })
}

fn holds() -> impl Strategy<Value = Vec<Hold>> {
    let until = some_time().prop_map(|until| until + Duration::from_millis(5));
    proptest::collection::vec((0..2_usize, until), 0..5)
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let force = select(vec![State::Closed, State::ForcedOpen, State::ForcedClosed]);
    let force = proptest::option::weighted(0.05, (0..2_usize, force));
    // Nobody waits for ever.
    let cancelled = prop_oneof![3 => Just(Duration::from_secs(600)), 1 => time()];
    let call = (time(), force, cancelled).prop_map(|(after, force, cancelled)| Call { after, force, cancelled });
    proptest::collection::vec(call, 1..8)
}

pub(super) fn histories() -> impl Strategy<Value = History> {
    (any::<prop::sample::Index>(), plans(), holds(), calls()).prop_map(|(stack, plan, holds, calls)| History {
        stack: stack.index(10_000),
        plan,
        holds,
        calls,
    })
}
