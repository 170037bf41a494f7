//! Breakers that are closed, and ones that are open.

use std::time::Duration;

use execution_policy::{DefaultCore, ExecutionError, ExecutionPolicy, ExecutionPolicyBuilder};
use failsafe::{backoff, failure_policy};
use layered::{Execute, Service as Layered, Stack};
use recloser::{AsyncRecloser, Recloser};
use tower::{Service, ServiceBuilder, service_fn};
use tower_resilience::circuitbreaker::{CircuitBreakerConfigBuilder, CircuitBreakerLayer};

use super::retry::recovery;
use super::{context, ready_layered, ready_service};
use crate::contest::{Contestant, ready};
use crate::rows::body::{Answer, Error, FAILS_FROM, at_once};

/// Those that are open stay so.
pub(super) const LONG: Duration = Duration::from_secs(3_600);
/// The window of those that count over a time.
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// Recloser and seatbelt know rates only.
pub(super) fn consecutive() -> Vec<Contestant> {
    let breaker = CircuitBreakerLayer::builder().consecutive_failures(5);
    vec![
        ready!("failsafe", failsafe_consecutive(), failsafe),
        ready!("nobreak", nobreak::builder().with_open_duration(LONG).build(), nobreak),
        ready!("recloser (rate)", recloser(), call_recloser),
        ready!("execution-policy", consecutive_policy(), execution_policy),
        ready_layered(seatbelt()),
        ready_service("tower-resilience", tower_resilience(breaker)),
    ]
}

pub(super) fn count_window() -> Vec<Contestant> {
    let config = breaker::CircuitBreakerConfig::builder().failure_rate_threshold(0.5).sliding_window_size(100);
    let breaker = CircuitBreakerLayer::builder().failure_rate_threshold(0.5).sliding_window_size(100);
    vec![
        ready!("breaker", breaker::CircuitBreaker::new(config.build()), call_breaker),
        ready!("recloser", recloser(), call_recloser),
        ready_service("tower-resilience", tower_resilience(breaker)),
    ]
}

pub(super) fn time_window() -> Vec<Contestant> {
    let rate = failure_policy::success_rate_over_time_window(0.5, 10, TEN_SECONDS, backoff::constant(LONG));
    let ratio = execution_policy::CircuitBreaker::failure_ratio().ratio(0.5).sampling_window(TEN_SECONDS);
    vec![
        ready!("failsafe", failsafe::Config::new().failure_policy(rate).build(), failsafe),
        ready!("execution-policy", ExecutionPolicyBuilder::new().circuit_breaker(ratio).build(), execution_policy),
        ready_layered(seatbelt()),
    ]
}

/// Opened by failures.
pub(super) fn open() -> Vec<Contestant> {
    let breakers = consecutive();
    for breaker in &breakers {
        breaker.call(FAILS_FROM..FAILS_FROM + 1_000);
    }
    breakers
}

pub(super) fn failsafe_consecutive() -> impl failsafe::futures::CircuitBreaker + Send + Sync + 'static {
    let policy = failure_policy::consecutive_failures(5, backoff::constant(LONG));
    failsafe::Config::new().failure_policy(policy).build()
}

async fn failsafe(breaker: &impl failsafe::futures::CircuitBreaker, n: u32) -> Result<u32, failsafe::Error<Error>> {
    breaker.call(at_once(n)).await
}

async fn nobreak(breaker: &nobreak::CircuitBreaker, n: u32) -> Result<u32, nobreak::CircuitError<Error>> {
    breaker.call_async(|| at_once(n)).await
}

async fn call_breaker(breaker: &breaker::CircuitBreaker, n: u32) -> Result<u32, breaker::CircuitBreakerError<Error>> {
    breaker.call(|| at_once(n)).await
}

pub(super) fn recloser() -> AsyncRecloser {
    Recloser::custom().error_rate(0.5).closed_len(100).open_wait(LONG).build().into()
}

async fn call_recloser(breaker: &AsyncRecloser, n: u32) -> Result<u32, recloser::Error<Error>> {
    breaker.call(at_once(n)).await
}

fn consecutive_policy() -> ExecutionPolicy<DefaultCore, u32, Error> {
    let breaker = execution_policy::CircuitBreaker::consecutive_failures(5).open_for(LONG);
    ExecutionPolicyBuilder::new().circuit_breaker(breaker).build()
}

async fn execution_policy(
    policy: &ExecutionPolicy<DefaultCore, u32, Error>,
    n: u32,
) -> Result<u32, ExecutionError<Error>> {
    policy.run(async || at_once(n).await).await
}

fn seatbelt() -> impl Layered<u32, Out = Answer> + 'static {
    let breaker = seatbelt::breaker::Breaker::layer("breaker", &context())
        .recovery_with(|answer: &Answer, _| recovery(answer))
        .rejected_input_error(|_, _| Error::Failed)
        .failure_threshold(0.5)
        .min_throughput(10)
        .sampling_duration(TEN_SECONDS)
        .break_duration(LONG);
    (breaker, Execute::new(at_once)).into_service()
}

fn tower_resilience(breaker: CircuitBreakerConfigBuilder) -> impl Service<u32> + Clone + Send + Sync + 'static {
    let layer = breaker.wait_duration_in_open(LONG).build().expect("settings");
    ServiceBuilder::new().layer(layer).service(service_fn(at_once))
}
