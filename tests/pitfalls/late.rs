//! P24: reports of an earlier period.

use std::future::Future;
use std::time::Duration;

use steadfast::{Abandoned, CircuitBreaker, State, circuit_breaker};
use tokio::time::{advance, sleep};

use super::common::{Answer, Error, poll_once};
use super::half_open::{Probe, ask, hanging, open};

/// A call of an earlier period, which reports in a later one.
async fn late_report(late: Probe, change: impl AsyncFnOnce(&CircuitBreaker)) -> CircuitBreaker {
    let breaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(Duration::from_secs(10));
    let call = async {
        sleep(Duration::from_secs(100)).await;
        match late {
            Probe::Succeed => Ok(1),
            _ => Err(Error::Body),
        }
    };
    let report = wait(&breaker, call);
    let mut report = Box::pin(report);
    assert!(poll_once(&mut report).await.is_pending());
    change(&breaker).await;
    let _ = report.await;
    breaker
}

#[circuit_breaker(breaker)]
async fn wait(breaker: &CircuitBreaker, call: impl Future<Output = Answer>) -> Answer {
    call.await
}

#[tokio::test(start_paused = true)]
async fn p24_a_late_success_does_not_close() {
    let fail = async |breaker: &CircuitBreaker| {
        assert_eq!(ask(breaker, Probe::Fail).await, Err(Error::Body));
        // Its time is over when the report comes: a success that counted would close it.
        advance(Duration::from_secs(10)).await;
        assert_eq!(ask(breaker, Probe::Ignored).await, Err(Error::Other));
        assert_eq!(breaker.state(), State::HalfOpen);
    };
    let breaker = late_report(Probe::Succeed, fail).await;
    assert_eq!((breaker.state(), breaker.counts().probe_successes), (State::HalfOpen, 0));
}

#[tokio::test(start_paused = true)]
async fn p24_a_late_failure_does_not_open() {
    let recover = async |breaker: &CircuitBreaker| {
        open(breaker).await;
        assert_eq!(ask(breaker, Probe::Succeed).await, Ok(1));
    };
    let breaker = late_report(Probe::Fail, recover).await;
    assert_eq!((breaker.state(), breaker.counts().consecutive_failures), (State::Closed, 0));
    // Nor from half-open.
    let half_open = async |breaker: &CircuitBreaker| {
        open(breaker).await;
        assert_eq!(ask(breaker, Probe::Ignored).await, Err(Error::Other));
    };
    let breaker = late_report(Probe::Fail, half_open).await;
    assert_eq!((breaker.state(), breaker.counts().opened), (State::HalfOpen, 1));
}

#[tokio::test(start_paused = true)]
async fn p24_a_late_failure_does_not_prolong() {
    let fail_later = async |breaker: &CircuitBreaker| {
        advance(Duration::from_secs(95)).await;
        assert_eq!(ask(breaker, Probe::Fail).await, Err(Error::Body));
    };
    // It reports five seconds into the ten of the open period.
    let breaker = late_report(Probe::Fail, fail_later).await;
    assert_eq!(breaker.retry_after(), Some(Duration::from_secs(5)));
    assert_eq!(breaker.counts().opened, 1);
}

/// One that is dropped after its period is as late.
#[tokio::test(start_paused = true)]
async fn p24_a_late_drop_changes_nothing() {
    let breaker =
        CircuitBreaker::new().failure_threshold(1).reset_timeout(Duration::from_secs(10)).abandoned(Abandoned::Failure);
    let mut late = hanging(&breaker);
    assert!(poll_once(&mut late).await.is_pending());
    open(&breaker).await;
    assert_eq!(ask(&breaker, Probe::Succeed).await, Ok(1));
    let mut in_time = hanging(&breaker);
    assert!(poll_once(&mut in_time).await.is_pending());
    drop(late);
    assert_eq!((breaker.state(), breaker.counts().opened), (State::Closed, 1));
    drop(in_time);
    assert_eq!((breaker.state(), breaker.counts().opened), (State::Open, 2));
}

/// Of a period of which only the number has changed: closed, open, half-open and closed again.
#[tokio::test(start_paused = true)]
async fn p24_reset_begins_a_new_period() {
    let breaker = late_report(Probe::Fail, async |breaker: &CircuitBreaker| breaker.reset()).await;
    assert_eq!((breaker.state(), breaker.counts().consecutive_failures), (State::Closed, 0));
}
