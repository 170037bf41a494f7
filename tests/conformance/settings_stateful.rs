//! G1: settings of breakers, bulkheads and rate limits that change while the program runs.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use steadfast::registry::{Managed, Steer, Value};
use steadfast::{
    Bulkhead, CircuitBreaker, Decision, Keyed, RateLimit, Rejection, State, bulkhead, circuit_breaker, rate_limit,
};
use steadfast_tests::{Answer, Error, Script, letter};

fn put(policy: &dyn Managed, over: &[(&str, Value)]) {
    match policy.change(over) {
        Ok(change) => change(),
        Err(refusals) => panic!("{refusals:?}"),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// What a call came to: `R` for any rejection.
fn said(answer: &Answer) -> char {
    if matches!(answer, Err(Error::Rejected(_))) { 'R' } else { letter(answer) }
}

/// What the calls of a script come to.
macro_rules! letters {
    ($call:ident, $script:expr) => {{
        let script = Script::new($script);
        let mut letters = String::new();
        for _ in 0..$script.len() {
            letters.push(said(&$call(&script).await));
        }
        letters
    }};
}

#[tokio::test(start_paused = true)]
async fn g01_a_change_is_in_force_with_the_next_call() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new();
    #[circuit_breaker(BREAKER)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    assert_eq!(letters!(call, "FFF"), "FFF");
    put(&BREAKER, &[("failure_threshold", Value::Integer(4)), ("reset_timeout", text("1s"))]);
    assert_eq!(letters!(call, "FS"), "FR", "what was counted is kept");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(letters!(call, "S"), "S");
    put(&BREAKER, &[]);
    assert_eq!(letters!(call, "FFFFFS"), "FFFFFR");
}

#[tokio::test(start_paused = true)]
async fn g02_one_mistake_and_nothing_changes() {
    static LIMIT: RateLimit = RateLimit::new(1);
    let refused =
        LIMIT.change(&[("permits", Value::Integer(5)), ("per", Value::Integer(5)), ("window", Value::Integer(5))]);
    let refusals = refused.err().expect("two of them are mistakes");
    let keys: Vec<&str> = refusals.iter().map(|refusal| refusal.key.as_str()).collect();
    assert_eq!(keys, ["per", "window"]);
    assert_eq!(LIMIT.available(), 1);
}

#[tokio::test(start_paused = true)]
async fn g03_switched_off_a_policy_is_not_there() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    static BULKHEAD: Bulkhead = Bulkhead::new(1);
    static LIMIT: RateLimit = RateLimit::new(1);
    #[circuit_breaker(BREAKER)]
    #[rate_limit(LIMIT)]
    #[bulkhead(BULKHEAD)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let _place = BULKHEAD.try_acquire().unwrap();
    for policy in [&BREAKER as &dyn Managed, &BULKHEAD, &LIMIT] {
        put(policy, &[("enabled", Value::Flag(false))]);
    }
    assert_eq!(letters!(call, "FSFFS"), "FSFFS");
    assert_eq!((BREAKER.counts().rejected, BULKHEAD.rejected(), LIMIT.rejected()), (0, 0, 0));
    for policy in [&BREAKER as &dyn Managed, &BULKHEAD, &LIMIT] {
        put(policy, &[]);
    }
    assert_eq!(letters!(call, "S"), "R", "the place is taken");
    assert_eq!(BREAKER.state(), State::Closed);
}

/// Each by itself, so that it is known whose rejection is told.
#[tokio::test(start_paused = true)]
async fn g04_in_shadow_rejections_are_told_and_calls_pass() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).name("breaker").shadow(true);
    static BULKHEAD: Bulkhead = Bulkhead::new(1).name("bulkhead").shadow(true);
    static LIMIT: RateLimit = RateLimit::new(1).name("limit").shadow(true);
    let (sender, events) = mpsc::channel();
    let here = thread::current().id();
    let _observer = steadfast::observe(move |event| {
        if thread::current().id() == here {
            let _ = sender.send(*event);
        }
    });
    let told = || -> Vec<String> {
        let told = events.try_iter();
        told.filter(|event| !matches!(event.decision, Decision::StateChanged { .. }))
            .map(|event| event.to_string())
            .collect()
    };

    #[circuit_breaker(BREAKER)]
    async fn guarded(script: &Script) -> Answer {
        script.run().await
    }
    assert_eq!(letters!(guarded, "FFS"), "FFS");
    let rejected = "circuit_breaker `breaker` would have rejected a call: circuit `breaker` is open, retry after 30s";
    let seen = told();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen.iter().all(|seen| seen.starts_with(&rejected[..50])), "{seen:?}");
    assert_eq!((BREAKER.state(), BREAKER.counts().rejected, BREAKER.is_open()), (State::Open, 2, false));

    #[rate_limit(LIMIT)]
    async fn limited(script: &Script) -> Answer {
        script.run().await
    }
    assert_eq!(letters!(limited, "SSS"), "SSS");
    let seen = told();
    assert!(seen.iter().all(|seen| seen.starts_with("rate_limit `limit` would have rejected a call: ")), "{seen:?}");
    assert_eq!((seen.len(), LIMIT.rejected(), LIMIT.available()), (2, 2, 0));

    #[bulkhead(BULKHEAD)]
    fn one_of_two(inner: impl FnOnce() -> u32) -> Result<u32, Rejection> {
        Ok(inner())
    }
    let inner = || one_of_two(|| BULKHEAD.running()).expect("it passes");
    assert_eq!(one_of_two(inner), Ok(1), "the second has no place");
    let seen = told();
    assert!(seen.iter().all(|seen| seen.starts_with("bulkhead `bulkhead` would have rejected a call: ")), "{seen:?}");
    assert_eq!((seen.len(), BULKHEAD.rejected(), BULKHEAD.running()), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn g05_what_is_forced_wins() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().enabled(false).shadow(true);
    static BULKHEAD: Bulkhead = Bulkhead::new(1).enabled(false).shadow(true);
    static LIMIT: RateLimit = RateLimit::new(1).enabled(false).shadow(true);
    #[circuit_breaker(BREAKER)]
    async fn guarded(script: &Script) -> Answer {
        script.run().await
    }
    #[bulkhead(BULKHEAD)]
    async fn placed(script: &Script) -> Answer {
        script.run().await
    }
    #[rate_limit(LIMIT)]
    async fn limited(script: &Script) -> Answer {
        script.run().await
    }
    for policy in [&BREAKER as &dyn Managed, &BULKHEAD, &LIMIT] {
        assert!(policy.steer(Steer::ForceOpen));
        assert_eq!(policy.state(), Some("forced_open"));
    }
    assert_eq!(letters!(guarded, "SS") + &letters!(placed, "SS") + &letters!(limited, "SS"), "RRRRRR");
    for policy in [&BREAKER as &dyn Managed, &BULKHEAD, &LIMIT] {
        assert!(policy.steer(Steer::Reset));
    }
    assert_eq!(letters!(guarded, "SS") + &letters!(placed, "SS") + &letters!(limited, "SS"), "SSSSSS");
}

#[tokio::test(start_paused = true)]
async fn g06_keys_change_together() {
    static HOSTS: Keyed<CircuitBreaker> = CircuitBreaker::new().keyed();
    #[circuit_breaker(HOSTS, key = host)]
    async fn call(host: &str, script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FFFSFS");
    assert_eq!(said(&call("a", &script).await), 'F');
    put(&HOSTS, &[("failure_threshold", Value::Integer(2))]);
    let mut letters = String::new();
    for host in ["a", "b", "a", "b", "b", "b"] {
        letters.push(said(&call(host, &script).await));
    }
    assert_eq!(letters, "FFRSFS", "`a` had failed before");
}

#[tokio::test(start_paused = true)]
async fn g07_a_rate_is_another_one_at_once() {
    static LIMIT: RateLimit = RateLimit::new(10);
    #[rate_limit(LIMIT)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    assert_eq!(letters!(call, "SSSSS"), "SSSSS");
    put(&LIMIT, &[("permits", Value::Integer(2)), ("per", text("10s"))]);
    assert_eq!(letters!(call, "SSS"), "RRR", "five are taken, of two");
    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(letters!(call, "SS"), "SR");
    put(&LIMIT, &[]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(letters!(call, "SSSSSSSSSSS"), "SSSSSSSSSSR");
}

#[tokio::test(start_paused = true)]
async fn g08_places_come_and_go_with_the_limit() {
    static BULKHEAD: Bulkhead = Bulkhead::new(1).max_wait(Duration::from_secs(10));
    #[bulkhead(BULKHEAD)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let place = BULKHEAD.try_acquire().unwrap();
    let script = Script::new("S");
    let change = async { put(&BULKHEAD, &[("max_concurrent", Value::Integer(2))]) };
    let start = tokio::time::Instant::now();
    let (called, ()) = tokio::join!(call(&script), change);
    assert_eq!((said(&called), start.elapsed()), ('S', Duration::ZERO));
    drop(place);
    put(&BULKHEAD, &[("max_wait", text("0s"))]);
    let _place = BULKHEAD.try_acquire().unwrap();
    assert_eq!(letters!(call, "S"), "R");
}
