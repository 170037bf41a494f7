//! P31: one breaker per key.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use steadfast::{CircuitBreaker, Keyed, StateChange, circuit_breaker};

use super::common::{Answer, Error, is_open, poll_once};

static HOSTS: Keyed<CircuitBreaker> = CircuitBreaker::new().failure_threshold(1).keyed().max_keys(10);

#[circuit_breaker(HOSTS, key = host)]
fn ask(host: u32, fails: bool) -> Answer {
    if fails { Err(Error::Body) } else { Ok(1) }
}

/// Any number of keys keeps only so many breakers, the clean ones going first.
#[test]
fn p31_keys_are_bounded() {
    for host in 0..10 {
        let _ = ask(host, host % 2 == 0);
    }
    assert_eq!(HOSTS.len(), 10);
    for host in 1_000..2_000 {
        assert_eq!(ask(host, false), Ok(1));
        assert!(HOSTS.len() <= 10);
    }
    for host in (0..10).step_by(2) {
        assert!(is_open(&ask(host, false)), "open circuits are kept: {host}");
    }
    // Until there is nothing else to forget.
    for host in 2_000..2_010 {
        assert_eq!(ask(host, true), Err(Error::Body));
    }
    assert_eq!(HOSTS.len(), 10);
    assert!(is_open(&ask(2_009, false)));
}

static FEW: Keyed<CircuitBreaker> = CircuitBreaker::new().failure_threshold(1).keyed().max_keys(2);

#[circuit_breaker(FEW, key = host)]
async fn ask_few(host: &str, hangs: bool) -> Answer {
    if hangs {
        pending::<()>().await;
    }
    Err(Error::Body)
}

/// A key with a call under way is not forgotten, or its report would be lost and its probes without limit.
#[tokio::test]
async fn p31_keys_in_use_are_kept() {
    let mut under_way = Box::pin(ask_few("kept", true));
    assert!(poll_once(&mut under_way).await.is_pending());
    for n in 0..100 {
        assert_eq!(ask_few(&n.to_string(), false).await, Err(Error::Body));
    }
    assert!(FEW.peek("kept").is_some());
    assert_eq!(FEW.len(), 2);
    drop(under_way);
    for n in 0..2 {
        let _ = ask_few(&n.to_string(), false).await;
    }
    assert!(FEW.peek("kept").is_none());
}

static TOLD: AtomicU32 = AtomicU32::new(0);

fn told(change: &StateChange) {
    assert_eq!(change.name, "hosts");
    TOLD.fetch_add(1, Relaxed);
}

#[circuit_breaker(key = host, failure_threshold = 1, name = "hosts", on_state_change = told)]
fn labelled(host: &str) -> Answer {
    let _ = host;
    Err(Error::Body)
}

/// The key is no part of a name, and so of no label.
#[test]
fn p31_keys_are_no_labels() {
    for host in ["a.example", "b.example", "c.example"] {
        assert_eq!(labelled(host), Err(Error::Body));
        let Err(Error::Rejected(rejection)) = labelled(host) else { panic!("closed") };
        assert_eq!(rejection.policy(), "hosts");
        assert!(!rejection.to_string().contains(host) && !format!("{rejection:?}").contains(host));
    }
    assert_eq!(TOLD.load(Relaxed), 3);
}
