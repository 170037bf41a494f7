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
use super::{context, ready_layered, ready_service, waits_layered, waits_service, waits_with};
use crate::contest::{Contestant, ready_with};
use crate::rows::body::{Answer, Error, after_one_wait, at_once};

const SECOND: Duration = Duration::from_secs(1);

const FAILSAFE: &str = "backon + failsafe + tokio";
const RECLOSER: &str = "backon + recloser + tokio";
const EXECUTION_POLICY: &str = "execution-policy";
const TOWER_RESILIENCE: &str = "tower-resilience";

pub(super) fn ready_at_once() -> Vec<Contestant> {
    vec![
        ready_with(FAILSAFE, failsafe_consecutive(), async |breaker, n| with_failsafe(breaker, at_once, n).await),
        ready_with(RECLOSER, recloser(), async |breaker, n| with_recloser(breaker, at_once, n).await),
        ready_with(EXECUTION_POLICY, policy(), async |policy, n| execution_policy(policy, at_once, n).await),
        ready_layered(seatbelt(at_once)),
        ready_service(TOWER_RESILIENCE, tower_resilience(at_once)),
    ]
}

pub(super) fn waiting() -> Vec<Contestant> {
    vec![
        waits_with(FAILSAFE, failsafe_consecutive(), async |breaker, n| {
            with_failsafe(breaker, after_one_wait, n).await
        }),
        waits_with(RECLOSER, recloser(), async |breaker, n| with_recloser(breaker, after_one_wait, n).await),
        waits_with(EXECUTION_POLICY, policy(), async |policy, n| execution_policy(policy, after_one_wait, n).await),
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

async fn with_recloser<F: Future<Output = Answer>>(breaker: &AsyncRecloser, body: impl Fn(u32) -> F, n: u32) -> Answer {
    let answer = (|| breaker.call(limited(body(n)))).retry(ExponentialBuilder::default()).await;
    Ok(answer.unwrap_or(0))
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
