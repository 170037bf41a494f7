//! Four policies on one function: a fallback, a retry, a breaker of consecutive failures and a timeout.

use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use execution_policy::{DefaultCore, ExecutionPolicy, ExecutionPolicyBuilder};
use layered::{Execute, Service as Layered, Stack};
use recloser::AsyncRecloser;
use tower::{Service, ServiceBuilder, service_fn};
use tower_resilience::circuitbreaker::CircuitBreakerLayer;
use tower_resilience::fallback::FallbackLayer;
use tower_resilience::retry::RetryLayer;
use tower_resilience::timelimiter::TimeLimiterLayer;

use super::circuit_breaker::{LONG, failsafe_consecutive, recloser};
use super::retry::recovery;
use super::{context, ready_layered, ready_service, waits_layered, waits_service};
use crate::contest::{Contestant, ready, waits};
use crate::rows::body::{Answer, Error, after_one_wait, at_once};

const SECOND: Duration = Duration::from_secs(1);

const FAILSAFE: &str = "backon + failsafe + tokio";
const RECLOSER: &str = "backon + recloser + tokio";
const EXECUTION_POLICY: &str = "execution-policy";
const TOWER_RESILIENCE: &str = "tower-resilience";

pub(super) fn ready_at_once() -> Vec<Contestant> {
    vec![
        ready!(FAILSAFE, failsafe_consecutive(), with_failsafe_ready),
        ready!(RECLOSER, recloser(), with_recloser_ready),
        ready!(EXECUTION_POLICY, policy(), execution_policy_ready),
        ready_layered(seatbelt(at_once)),
        ready_service(TOWER_RESILIENCE, tower_resilience(at_once)),
    ]
}

pub(super) fn waiting() -> Vec<Contestant> {
    vec![
        waits!(FAILSAFE, failsafe_consecutive(), with_failsafe_waits),
        waits!(RECLOSER, recloser(), with_recloser_waits),
        waits!(EXECUTION_POLICY, policy(), execution_policy_waits),
        waits_layered(seatbelt(after_one_wait)),
        waits_service(TOWER_RESILIENCE, tower_resilience(after_one_wait)),
    ]
}

async fn limited(body: impl Future<Output = Answer>) -> Answer {
    tokio::time::timeout(SECOND, body).await.unwrap_or(Err(Error::Failed))
}

async fn with_failsafe<F: Future<Output = Answer>>(
    breaker: &impl failsafe::futures::CircuitBreaker,
    body: impl Fn(u32) -> F,
    n: u32,
) -> Answer {
    let answer = (|| breaker.call(limited(body(n)))).retry(ExponentialBuilder::default()).await;
    Ok(answer.unwrap_or(0))
}

fn with_failsafe_ready(policy: &impl failsafe::futures::CircuitBreaker, n: u32) -> impl Future<Output = Answer> {
    with_failsafe(policy, at_once, n)
}

fn with_failsafe_waits(policy: &impl failsafe::futures::CircuitBreaker, n: u32) -> impl Future<Output = Answer> {
    with_failsafe(policy, after_one_wait, n)
}

async fn with_recloser<F: Future<Output = Answer>>(breaker: &AsyncRecloser, body: impl Fn(u32) -> F, n: u32) -> Answer {
    let answer = (|| breaker.call(limited(body(n)))).retry(ExponentialBuilder::default()).await;
    Ok(answer.unwrap_or(0))
}

fn with_recloser_ready(policy: &AsyncRecloser, n: u32) -> impl Future<Output = Answer> {
    with_recloser(policy, at_once, n)
}

fn with_recloser_waits(policy: &AsyncRecloser, n: u32) -> impl Future<Output = Answer> {
    with_recloser(policy, after_one_wait, n)
}

/// Its breaker stands around its retry, and its fallback is the caller's.
fn policy() -> ExecutionPolicy<DefaultCore, u32, Error> {
    ExecutionPolicyBuilder::new()
        .retry(execution_policy::Retry::exponential().max_attempts(3))
        .circuit_breaker(execution_policy::CircuitBreaker::consecutive_failures(5).open_for(LONG))
        .attempt_timeout(SECOND)
        .build()
}

async fn execution_policy<F: Future<Output = Answer>>(
    policy: &ExecutionPolicy<DefaultCore, u32, Error>,
    body: impl Fn(u32) -> F,
    n: u32,
) -> Answer {
    Ok(policy.run(async || body(n).await).await.unwrap_or(0))
}

fn execution_policy_ready(policy: &ExecutionPolicy<DefaultCore, u32, Error>, n: u32) -> impl Future<Output = Answer> {
    execution_policy(policy, at_once, n)
}

fn execution_policy_waits(policy: &ExecutionPolicy<DefaultCore, u32, Error>, n: u32) -> impl Future<Output = Answer> {
    execution_policy(policy, after_one_wait, n)
}

/// Its breaker knows rates only.
fn seatbelt<F>(body: impl Fn(u32) -> F + Send + Sync + 'static) -> impl Layered<u32, Out = Answer> + 'static
where
    F: Future<Output = Answer> + Send + 'static,
{
    let context = context();
    let layers = (
        seatbelt::fallback::Fallback::layer("fallback", &context)
            .should_fallback(Answer::is_err)
            .fallback(|_, _| Ok(0)),
        seatbelt::retry::Retry::layer("retry", &context)
            .clone_input()
            .recovery_with(|answer: &Answer, _| recovery(answer)),
        seatbelt::breaker::Breaker::layer("breaker", &context)
            .recovery_with(|answer: &Answer, _| recovery(answer))
            .rejected_input_error(|_, _| Error::Failed),
        seatbelt::timeout::Timeout::layer("timeout", &context).timeout_error(|_| Error::Failed).timeout(SECOND),
        Execute::new(body),
    );
    layers.into_service()
}

fn tower_resilience<F>(
    body: impl Fn(u32) -> F + Clone + Send + Sync + 'static,
) -> impl Service<u32> + Clone + Send + Sync + 'static
where
    F: Future<Output = Answer> + Send + 'static,
{
    ServiceBuilder::new()
        .layer(FallbackLayer::value(0))
        .layer(RetryLayer::builder().max_attempts(3).build())
        .layer(CircuitBreakerLayer::builder().consecutive_failures(5).build().expect("settings"))
        .layer(TimeLimiterLayer::builder().timeout_duration(SECOND).build())
        .service(service_fn(body))
}
