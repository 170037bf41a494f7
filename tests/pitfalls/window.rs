//! P25 to P27: what is counted, and when it is enough.

use std::time::Duration;

use steadfast::{CircuitBreaker, State, Window, circuit_breaker};
use tokio::time::advance;

use super::common::{Answer, Error, is_open};

#[circuit_breaker(breaker, ignore(Err(Error::Other)))]
async fn ask(breaker: &CircuitBreaker, outcome: Answer) -> Answer {
    outcome
}

const OK: Answer = Ok(1);
const FAIL: Answer = Err(Error::Body);

/// Calls as written, `S` and `F`; how many were let through.
async fn calls(breaker: &CircuitBreaker, outcomes: &str) -> usize {
    let mut passed = 0;
    for outcome in outcomes.chars() {
        let outcome = ask(breaker, if outcome == 'S' { OK } else { FAIL }).await;
        passed += usize::from(!is_open(&outcome));
    }
    passed
}

const fn half_of_ten() -> CircuitBreaker {
    CircuitBreaker::new().failure_rate(0.5).window_calls(10).min_calls(10)
}

#[tokio::test(start_paused = true)]
async fn p25_a_count_window_slides() {
    let breaker = half_of_ten();
    assert_eq!(calls(&breaker, &"S".repeat(1_000)).await, 1_000);
    assert_eq!(calls(&breaker, "FFFFFFFFFF").await, 5);
    assert_eq!(breaker.state(), State::Open);
}

/// Failures leave it too: five of ten are never in it at once.
#[tokio::test(start_paused = true)]
async fn p25_a_count_window_forgets() {
    let breaker = half_of_ten();
    assert_eq!(calls(&breaker, &"FFFFSSSSSS".repeat(100)).await, 1_000);
    assert_eq!((breaker.counts().calls, breaker.counts().failures), (10, 4));
}

#[tokio::test(start_paused = true)]
async fn p25_a_time_window_slides() {
    let breaker =
        CircuitBreaker::new().failure_rate(0.5).window(Window::Duration(Duration::from_secs(10))).min_calls(10);
    assert_eq!(calls(&breaker, &"S".repeat(1_000)).await, 1_000);
    advance(Duration::from_secs(10)).await;
    assert_eq!(breaker.counts().calls, 0, "what is older counts");
    assert_eq!(calls(&breaker, "FFFFFFFFF").await, 9);
    advance(Duration::from_secs(10)).await;
    assert_eq!(calls(&breaker, "FFFFFFFFFFF").await, 10);
    assert_eq!(breaker.state(), State::Open);
}

/// Old outcomes that would leave the window meanwhile do not hold up the half-open circuit.
#[tokio::test(start_paused = true)]
async fn p25_a_window_does_not_wedge_the_half_open_circuit() {
    for window in [Window::Calls(4), Window::Duration(Duration::from_secs(4))] {
        let breaker = CircuitBreaker::new()
            .failure_rate(0.5)
            .window(window)
            .min_calls(4)
            .reset_timeout(Duration::from_secs(60))
            .success_threshold(3);
        assert_eq!(calls(&breaker, "SSFF").await, 4);
        advance(Duration::from_secs(60)).await;
        assert_eq!(calls(&breaker, "SS").await, 2);
        assert_eq!(breaker.state(), State::HalfOpen);
        advance(Duration::from_secs(60)).await;
        assert_eq!(calls(&breaker, "S").await, 1);
        assert_eq!(breaker.state(), State::Closed);
        // With empty windows: the failures of before are gone.
        assert_eq!(calls(&breaker, "SFS").await, 3);
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[tokio::test(start_paused = true)]
async fn p26_n_failures_for_a_threshold_of_n() {
    for threshold in [1, 2, 5, 17] {
        let breaker = CircuitBreaker::new().failure_threshold(threshold);
        assert_eq!(calls(&breaker, &"F".repeat(40)).await, threshold as usize);
        let breaker = CircuitBreaker::new().failure_rate(1.0).window_calls(threshold);
        assert_eq!(calls(&breaker, &"F".repeat(40)).await, threshold as usize, "window of calls");
        let breaker =
            CircuitBreaker::new().failure_rate(1.0).window_duration(Duration::from_secs(60)).min_calls(threshold);
        assert_eq!(calls(&breaker, &"F".repeat(40)).await, threshold as usize, "window of time");
    }
}

/// `>=` and not `>`, for shares that a binary fraction cannot say as well.
#[tokio::test(start_paused = true)]
async fn p26_the_rate_itself_is_enough() {
    for (rate, failures, calls_in_all) in [(0.5, 5, 10), (0.1, 3, 30), (0.3, 3, 10), (0.7, 7, 10), (1.0 / 3.0, 1, 3)] {
        let breaker = CircuitBreaker::new().failure_rate(rate).window_calls(calls_in_all).min_calls(calls_in_all);
        let successes = (calls_in_all - failures) as usize;
        calls(&breaker, &("S".repeat(successes) + &"F".repeat(failures as usize - 1))).await;
        assert_eq!(breaker.state(), State::Closed, "{rate}");
        calls(&breaker, "F").await;
        assert_eq!(breaker.state(), State::Open, "{rate}");
    }
}

#[tokio::test(start_paused = true)]
async fn p26_no_rate_on_fewer_calls() {
    let breaker = CircuitBreaker::new().failure_rate(0.5).window_calls(100);
    assert_eq!(calls(&breaker, &"F".repeat(19)).await, 19);
    assert_eq!(breaker.state(), State::Closed);
    // The twentieth decides, though it is a success itself.
    calls(&breaker, "S").await;
    assert_eq!(breaker.state(), State::Open);
}

#[circuit_breaker(failure_threshold = 3, reset_timeout = "10s", ignore(Err(Error::Other)))]
async fn by_attribute(outcome: Answer) -> Answer {
    outcome
}

#[tokio::test(start_paused = true)]
async fn p27_ignored_outcomes_are_no_successes() {
    let ignored: Answer = Err(Error::Other);
    // They do not end a row of failures.
    for outcome in [FAIL, FAIL, ignored.clone(), ignored.clone()] {
        assert_eq!(by_attribute(outcome.clone()).await, outcome);
    }
    assert_eq!(by_attribute(FAIL).await, FAIL);
    assert!(is_open(&by_attribute(OK).await));
    // They do not close a sick circuit, and keep no place in it.
    advance(Duration::from_secs(10)).await;
    for _ in 0..100 {
        assert_eq!(by_attribute(ignored.clone()).await, ignored);
    }
    assert_eq!(by_attribute(FAIL).await, FAIL);
    assert!(is_open(&by_attribute(OK).await));
}

/// Nor do they thin a rate.
#[tokio::test(start_paused = true)]
async fn p27_ignored_outcomes_are_not_in_the_window() {
    let breaker = half_of_ten();
    for _ in 0..4 {
        assert_eq!(ask(&breaker, FAIL).await, FAIL);
        assert_eq!(ask(&breaker, OK).await, OK);
        for _ in 0..10 {
            assert_eq!(ask(&breaker, Err(Error::Other)).await, Err(Error::Other));
        }
    }
    assert_eq!((breaker.counts().calls, breaker.counts().failures), (8, 4));
    assert_eq!(calls(&breaker, "SF").await, 2);
    assert_eq!(breaker.state(), State::Open);
}
