//! Health: what policies tell of the program. A test program of its own, since it looks at all policies at once.

#![allow(clippy::items_after_statements, reason = "an annotated function stands beside what is asked of it")]
#![allow(clippy::await_holding_lock, reason = "of this test alone, and its runtime has one thread")]

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use steadfast::health::{Health, Status, health};
use steadfast::registry::{self, Value};
use steadfast::{Bulkhead, CircuitBreaker, Keyed, RateLimit, circuit_breaker, retry};

/// What a test sees of `name` alone: others have policies too.
fn of(name: &str) -> Option<(Status, String)> {
    let reasons = health().reasons;
    reasons.iter().find(|reason| reason.policy == name).map(|reason| (reason.status, reason.to_string()))
}

/// One test at a time, where the whole is looked at.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// H1: the table of the docs, for a breaker.
#[tokio::test(start_paused = true)]
async fn h01_a_breaker_in_all_states() {
    let _alone = alone();
    static CRITICAL: CircuitBreaker =
        CircuitBreaker::new().name("h01 critical").critical(true).failure_threshold(1).reset_timeout(SECOND);
    static OTHER: CircuitBreaker = CircuitBreaker::new().name("h01 other").failure_threshold(1).reset_timeout(SECOND);
    steadfast::register!(CRITICAL);
    steadfast::register!(OTHER);
    const SECOND: Duration = Duration::from_secs(1);
    let stands = |breaker: &str| of(&format!("h01 {breaker}")).map(|(status, _)| status);
    let both = || (stands("critical"), stands("other"));
    let breakers = [&CRITICAL, &OTHER];

    assert_eq!(both(), (None, None));
    for breaker in breakers {
        breaker.try_acquire().expect("it is closed").failure();
    }
    assert_eq!(both(), (Some(Status::Down), Some(Status::Degraded)));
    let why = of("h01 critical").expect("it is open").1;
    assert_eq!(why, "circuit_breaker `h01 critical` is open for another 1.0s");
    assert!(!health().is_ready());

    // Nobody calls, as no call comes to what is down; it must become ready all the same.
    tokio::time::advance(SECOND).await;
    assert_eq!(both(), (Some(Status::Degraded), None));
    let probes = breakers.map(|breaker| breaker.try_acquire().expect("its time is over"));
    assert_eq!(both(), (Some(Status::Degraded), None));
    for probe in probes {
        probe.success();
    }
    assert_eq!(both(), (None, None));

    for breaker in breakers {
        breaker.force_open();
    }
    assert_eq!(both(), (Some(Status::Down), Some(Status::Degraded)));
    for breaker in breakers {
        breaker.force_closed();
    }
    assert_eq!(both(), (None, None));
    for breaker in breakers {
        breaker.reset();
    }
}

/// H2: what is in shadow or switched off never counts.
#[test]
fn h02_shadow_and_off() {
    let _alone = alone();
    #[circuit_breaker(name = "h02 shadow", failure_threshold = 1, critical = true, shadow = true)]
    fn shadow() -> io::Result<()> {
        Err(io::Error::other("no"))
    }
    #[circuit_breaker(name = "h02 off", failure_threshold = 1, critical = true)]
    fn off() -> io::Result<()> {
        Err(io::Error::other("no"))
    }
    let _ = (shadow(), off());
    assert_eq!(of("h02 shadow"), None);
    assert_eq!(of("h02 off").expect("it is open").0, Status::Down);
    let policy = &registry::find("h02 off")[0];
    policy.change(&[("enabled", Value::Flag(false))]).expect("it is a flag");
    assert_eq!(of("h02 off"), None);
    let shadow = &registry::find("h02 shadow")[0];
    for policy in [policy, shadow] {
        policy.force_open();
        assert_eq!(of(policy.name()).expect("it is forced").0, Status::Down);
        policy.reset();
    }
    policy.change(&[]).expect("there is nothing to refuse");
    policy.reset();
}

/// H2: a bulkhead and a rate limit.
#[tokio::test(start_paused = true)]
async fn h02_what_is_spent_is_degraded() {
    let _alone = alone();
    static PLACES: Bulkhead = Bulkhead::new(2).name("h02 full").critical(true);
    static QUEUED: Bulkhead = Bulkhead::new(1).name("h02 queued").max_wait(Duration::from_secs(5));
    static LIMIT: RateLimit = RateLimit::new(1).name("h02 spent").critical(true);
    static PATIENT: RateLimit = RateLimit::new(1).name("h02 patient").max_wait(Duration::from_secs(5));
    steadfast::register!(PLACES);
    steadfast::register!(QUEUED);
    steadfast::register!(LIMIT);
    steadfast::register!(PATIENT);
    let place = PLACES.try_acquire().expect("it is free");
    assert_eq!(of("h02 full"), None);
    let other = PLACES.try_acquire().expect("it is free");
    let full = (Status::Degraded, "bulkhead `h02 full` is full: 2 running and 0 waiting".to_owned());
    assert_eq!(of("h02 full"), Some(full));
    drop(place);
    assert_eq!(of("h02 full"), None);
    drop(other);
    let _place = QUEUED.try_acquire().expect("it is free");
    assert_eq!(of("h02 queued"), None, "the next call waits, and passes");

    for limit in [&LIMIT, &PATIENT] {
        limit.try_acquire().expect("it is there");
    }
    let spent = (Status::Degraded, "rate_limit `h02 spent` is spent: the next permit in 1.0s, 0 waiting".to_owned());
    assert_eq!(of("h02 spent"), Some(spent));
    assert_eq!(of("h02 patient"), None, "the next call waits, and passes");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(of("h02 spent"), None);

    // What lets pass what comes beyond is not spent.
    let (_places, policy) = ([PLACES.try_acquire(), PLACES.try_acquire()], &registry::find("h02 full")[0]);
    LIMIT.try_acquire().expect("it is there");
    let limit = &registry::find("h02 spent")[0];
    for key in ["shadow", "enabled"] {
        for policy in [policy, limit] {
            assert!(of(policy.name()).is_some());
            policy.change(&[(key, Value::Flag(key == "shadow"))]).expect("it is a flag");
            assert_eq!(of(policy.name()), None, "{key}");
            policy.change(&[]).expect("there is nothing to refuse");
        }
        LIMIT.reset();
        LIMIT.try_acquire().expect("it is there");
    }
    for policy in [policy, limit] {
        policy.force_closed();
        assert_eq!(of(policy.name()), None, "forced closed");
        policy.reset();
    }

    PLACES.force_open();
    assert_eq!(of("h02 full").expect("it is forced").0, Status::Down);
    PLACES.reset();
    LIMIT.force_open();
    assert_eq!(of("h02 spent").expect("it is forced").0, Status::Down);
    LIMIT.reset();
}

/// H2: one key of many.
#[test]
fn h02_keys() {
    let _alone = alone();
    static HOSTS: Keyed<CircuitBreaker> =
        CircuitBreaker::new().name("h02 hosts").failure_threshold(1).critical(true).keyed();
    steadfast::register!(HOSTS);
    HOSTS.get("a").try_acquire().expect("it is closed").failure();
    let _other = HOSTS.get("b").try_acquire().map(steadfast::Permit::success);
    let (status, why) = of("h02 hosts").expect("it is open");
    assert_eq!(
        (status, why.as_str()),
        (Status::Degraded, "circuit_breaker `h02 hosts` rejects the calls of 1 of 2 keys")
    );
    let policy = &registry::find("h02 hosts")[0];
    assert!(policy.force_open());
    assert_eq!(of("h02 hosts").expect("it is forced").0, Status::Down);
    policy.reset();
    assert_eq!(of("h02 hosts"), None);

    // To reject a key that asks too often is what a limit is for.
    static TENANTS: Keyed<RateLimit> = RateLimit::new(1).name("h02 tenants").keyed();
    steadfast::register!(TENANTS);
    TENANTS.get("a").try_acquire().expect("it is there");
    assert!(TENANTS.get("a").try_acquire().is_err());
    assert_eq!(of("h02 tenants"), None);
}

/// H3: configuration says what is critical.
#[test]
fn h03_critical_changes_while_it_runs() {
    let _alone = alone();
    #[circuit_breaker(name = "h03", failure_threshold = 1)]
    fn call() -> io::Result<()> {
        Err(io::Error::other("no"))
    }
    let _ = call();
    assert_eq!(of("h03").expect("it is open").0, Status::Degraded);
    let policy = &registry::find("h03")[0];
    policy.change(&[("critical", Value::Flag(true))]).expect("it is a flag");
    assert_eq!(of("h03").expect("it is open").0, Status::Down);
    policy.reset();
}

/// H4: a retry says nothing.
#[test]
fn h04_without_a_state() {
    #[retry(name = "h04", critical = true)]
    fn call() -> io::Result<()> {
        Ok(())
    }
    let _ = call();
    assert_eq!(of("h04"), None);
}

/// H5: for a probe, and for people.
#[test]
fn h05_what_it_says() {
    let _alone = alone();
    static A: CircuitBreaker = CircuitBreaker::new().name("h05 a");
    static B: CircuitBreaker = CircuitBreaker::new().name("h05 b").critical(true);
    steadfast::register!(A);
    steadfast::register!(B);
    let only = |mut health: Health| {
        health.reasons.retain(|reason| reason.policy.starts_with("h05"));
        health
    };
    let well = only(health());
    assert_eq!((well.to_string().as_str(), well.http_status(), well.is_ready()), ("up", 200, true));

    A.force_open();
    let degraded = only(health());
    assert_eq!((degraded.http_status(), degraded.is_ready()), (200, true));
    assert_eq!(degraded.to_string(), "degraded: circuit_breaker `h05 a` is forced open");

    B.force_open();
    let down = only(health());
    assert_eq!((down.http_status(), down.is_ready()), (503, false));
    let text = "down: circuit_breaker `h05 b` is forced open; circuit_breaker `h05 a` is forced open";
    assert_eq!(down.to_string(), text);
    assert_eq!(
        serde_json::to_value(&down).expect("it can be serialised"),
        serde_json::json!({
            "status": "down",
            "reasons": [
                {
                    "policy": "h05 b", "kind": "circuit_breaker", "critical": true, "status": "down",
                    "why": "is forced open",
                },
                {
                    "policy": "h05 a", "kind": "circuit_breaker", "critical": false, "status": "degraded",
                    "why": "is forced open",
                },
            ],
        })
    );
    A.reset();
    B.reset();
}
