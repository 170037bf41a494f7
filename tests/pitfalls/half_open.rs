//! P22 and P23: the half-open circuit.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use steadfast::{CircuitBreaker, State, circuit_breaker, retry, timeout};
use tokio::time::{advance, sleep};

use super::common::{Answer, Error, is_open, is_timeout, millis, poll_once};

/// What a probe does.
#[derive(Clone, Copy)]
pub(super) enum Probe {
    Succeed,
    Fail,
    Panic,
    Ignored,
    Hang,
    Slow,
}

#[circuit_breaker(breaker, ignore(Err(Error::Other)))]
pub(super) async fn ask(breaker: &CircuitBreaker, probe: Probe) -> Answer {
    match probe {
        Probe::Succeed => Ok(1),
        Probe::Fail => Err(Error::Body),
        Probe::Panic => panic!("as planned"),
        Probe::Ignored => Err(Error::Other),
        Probe::Hang => pending().await,
        Probe::Slow => {
            sleep(Duration::from_secs(1)).await;
            Ok(1)
        }
    }
}

#[circuit_breaker(breaker, ignore(Err(Error::Other)))]
fn ask_blocking(breaker: &CircuitBreaker, probe: Probe) -> Answer {
    match probe {
        Probe::Fail => Err(Error::Body),
        Probe::Panic => panic!("as planned"),
        Probe::Ignored => Err(Error::Other),
        _ => Ok(1),
    }
}

/// Ten seconds open, and then half-open for the next call.
async fn half_open() -> CircuitBreaker {
    let breaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(Duration::from_secs(10));
    open(&breaker).await;
    breaker
}

pub(super) async fn open(breaker: &CircuitBreaker) {
    assert_eq!(ask(breaker, Probe::Fail).await, Err(Error::Body));
    assert!(is_open(&ask(breaker, Probe::Succeed).await));
    advance(Duration::from_secs(10)).await;
}

pub(super) fn hanging<'a>(breaker: &'a CircuitBreaker) -> Pin<Box<dyn Future<Output = Answer> + 'a>> {
    Box::pin(ask(breaker, Probe::Hang))
}

#[tokio::test(start_paused = true)]
async fn p22_a_cancelled_probe_gives_back_its_place() {
    let breaker = half_open().await;
    let mut probe = hanging(&breaker);
    assert!(poll_once(&mut probe).await.is_pending());
    assert!(is_open(&ask(&breaker, Probe::Succeed).await), "the only place is taken");
    drop(probe);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(ask(&breaker, Probe::Succeed).await, Ok(1));
    assert_eq!(breaker.state(), State::Closed);
}

/// Again and again, as a client that hangs up each time.
#[tokio::test(start_paused = true)]
async fn p22_a_thousand_cancelled_probes() {
    let breaker = half_open().await;
    for _ in 0..1_000 {
        let mut probe = hanging(&breaker);
        assert!(poll_once(&mut probe).await.is_pending());
    }
    assert_eq!(ask(&breaker, Probe::Succeed).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn p22_a_panicking_probe_gives_back_its_place() {
    let breaker = half_open().await;
    let panicked = tokio::spawn(async move {
        let probe = tokio::spawn({
            let breaker: &'static CircuitBreaker = Box::leak(Box::new(breaker));
            async move {
                let _ = BREAKER.set(breaker);
                ask(breaker, Probe::Panic).await
            }
        });
        probe.await.unwrap_err().is_panic()
    });
    assert!(panicked.await.unwrap());
    let breaker = BREAKER.get().unwrap();
    assert_eq!(breaker.state(), State::Open);
    advance(Duration::from_secs(10)).await;
    assert_eq!(ask(breaker, Probe::Succeed).await, Ok(1));
}

static BREAKER: std::sync::OnceLock<&CircuitBreaker> = std::sync::OnceLock::new();

#[tokio::test(start_paused = true)]
async fn p22_a_panicking_probe_that_blocks_gives_back_its_place() {
    let breaker = half_open().await;
    let panicked = catch_unwind(AssertUnwindSafe(|| ask_blocking(&breaker, Probe::Panic)));
    assert!(panicked.is_err());
    assert_eq!(breaker.state(), State::Open);
    advance(Duration::from_secs(10)).await;
    assert_eq!(ask_blocking(&breaker, Probe::Ignored), Err(Error::Other));
    assert_eq!(ask_blocking(&breaker, Probe::Succeed), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn p22_an_ignored_probe_gives_back_its_place() {
    let breaker = half_open().await;
    for _ in 0..4 {
        assert_eq!(ask(&breaker, Probe::Ignored).await, Err(Error::Other));
        assert_eq!((breaker.state(), breaker.counts().probes), (State::HalfOpen, 0));
    }
    assert_eq!(ask(&breaker, Probe::Succeed).await, Ok(1));
    assert_eq!(breaker.state(), State::Closed);
}

/// A probe that never ends loses its place after `probe_timeout`, by default as long as the circuit was open.
#[tokio::test(start_paused = true)]
async fn p22_a_probe_that_never_ends_loses_its_place() {
    let breaker = half_open().await;
    let mut probe = hanging(&breaker);
    assert!(poll_once(&mut probe).await.is_pending());
    advance(millis(9_999)).await;
    assert!(is_open(&ask(&breaker, Probe::Succeed).await));
    advance(millis(1)).await;
    assert_eq!(ask(&breaker, Probe::Succeed).await, Ok(1));
    assert_eq!(breaker.state(), State::Closed);
    // Whatever becomes of it now is late.
    drop(probe);
    assert_eq!(breaker.state(), State::Closed);
}

#[circuit_breaker(failure_threshold = 1, reset_timeout = "1s")]
#[timeout("500ms")]
async fn hangs_once(hang: bool) -> Answer {
    if hang { pending().await } else { Ok(1) }
}

/// Six days of a dependency that is well again, whatever the first probes did.
#[tokio::test(start_paused = true)]
async fn p22_never_half_open_for_ever() {
    assert!(is_timeout(&hangs_once(true).await));
    for _ in 0..20 {
        advance(Duration::from_secs(1)).await;
        assert!(is_timeout(&hangs_once(true).await));
        assert!(is_open(&hangs_once(false).await));
    }
    advance(Duration::from_secs(1)).await;
    for _ in 0..100 {
        assert_eq!(hangs_once(false).await, Ok(1));
    }
}

#[retry(attempts = 2, backoff = fixed("2s"), jitter = none, rejections(circuit_open))]
#[circuit_breaker(breaker)]
async fn probes_again(breaker: &CircuitBreaker) -> Answer {
    Ok(1)
}

/// A caller that meets a half-open circuit without a place may wait for one.
#[tokio::test(start_paused = true)]
async fn p22_a_retry_waits_for_a_place() {
    let breaker = half_open().await;
    let mut probe = Box::pin(ask(&breaker, Probe::Slow));
    assert!(poll_once(&mut probe).await.is_pending());
    let (one, other) = tokio::join!(probe, probes_again(&breaker));
    assert_eq!((one, other), (Ok(1), Ok(1)));
}

static RUNS: AtomicU32 = AtomicU32::new(0);

#[circuit_breaker(breaker)]
async fn slow(breaker: &CircuitBreaker) -> Answer {
    RUNS.fetch_add(1, Relaxed);
    sleep(millis(100)).await;
    Ok(1)
}

async fn hundred(breaker: &'static CircuitBreaker) -> (u32, usize) {
    RUNS.store(0, Relaxed);
    let callers: Vec<_> = (0..100).map(|_| tokio::spawn(slow(breaker))).collect();
    let mut rejected = 0;
    for caller in callers {
        rejected += usize::from(is_open(&caller.await.unwrap()));
    }
    (RUNS.load(Relaxed), rejected)
}

#[tokio::test(start_paused = true)]
async fn p23_half_open_admits_only_probes() {
    static ONE: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(Duration::from_secs(10));
    static THREE: CircuitBreaker = CircuitBreaker::new()
        .failure_threshold(1)
        .reset_timeout(Duration::from_secs(10))
        .max_probes(3)
        .success_threshold(3);
    open(&ONE).await;
    assert_eq!(hundred(&ONE).await, (1, 99));
    assert_eq!(ONE.state(), State::Closed);
    open(&THREE).await;
    assert_eq!(hundred(&THREE).await, (3, 97));
    assert_eq!(THREE.state(), State::Closed);
}

/// Threads that come at the very same time: one of them probes.
#[test]
fn p23_half_open_admits_one_of_many_threads() {
    static BREAKER: CircuitBreaker =
        CircuitBreaker::new().failure_threshold(1).reset_timeout(Duration::ZERO).success_threshold(1_000);
    assert_eq!(ask_blocking(&BREAKER, Probe::Fail), Err(Error::Body));
    let start = std::sync::Barrier::new(8);
    // All hold what they got until each has asked.
    let asked = std::sync::Barrier::new(8);
    let admitted: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let permit = BREAKER.try_acquire();
                    asked.wait();
                    usize::from(permit.is_ok())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(admitted, 1);
}
