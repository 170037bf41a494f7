//! Retries whose first attempt succeeds.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use execution_policy::{ExecutionPolicy, ExecutionPolicyBuilder};
use layered::{Execute, Stack};
use seatbelt::RecoveryInfo;
use tokio_retry2::RetryError;
use tokio_retry2::strategy::{ExponentialBackoff, MaxInterval};
use tower::{ServiceBuilder, service_fn};
use tower_resilience::retry::RetryLayer;

use super::{context, ready_layered, ready_service};
use crate::contest::{Contestant, ready};
use crate::rows::body::{Answer, Error, at_once};

pub(super) fn ready_at_once() -> Vec<Contestant> {
    let layers = (
        seatbelt::retry::Retry::layer("retry", &context())
            .clone_input()
            .recovery_with(|answer: &Answer, _| recovery(answer)),
        Execute::new(at_once),
    );
    let attempts = RetryLayer::<u32, u32, Error>::builder().max_attempts(3).build();
    vec![
        ready!("backon", ExponentialBuilder::default(), backon),
        ready!("tokio-retry2", ExponentialBackoff::from_millis(10), tokio_retry2),
        ready_service("tower", ServiceBuilder::new().retry(Attempts(3)).service(service_fn(at_once))),
        ready!("execution-policy", policy(), execution_policy),
        ready_layered(layers.into_service()),
        ready_service("tower-resilience", ServiceBuilder::new().layer(attempts).service(service_fn(at_once))),
    ]
}

/// Seatbelt asks each answer.
pub(super) fn recovery(answer: &Answer) -> RecoveryInfo {
    if answer.is_err() { RecoveryInfo::retry() } else { RecoveryInfo::never() }
}

async fn backon(delays: &ExponentialBuilder, n: u32) -> Answer {
    (|| at_once(n)).retry(*delays).await
}

async fn tokio_retry2(delays: &ExponentialBackoff, n: u32) -> Answer {
    let attempt = || async move { at_once(n).await.map_err(RetryError::transient) };
    tokio_retry2::Retry::spawn(delays.clone().max_interval(1_000).take(3), attempt).await
}

type Policy = ExecutionPolicy<execution_policy::DefaultCore, u32, Error>;

fn policy() -> Policy {
    ExecutionPolicyBuilder::new().retry(execution_policy::Retry::exponential().max_attempts(3)).build()
}

async fn execution_policy(policy: &Policy, n: u32) -> Result<u32, execution_policy::ExecutionError<Error>> {
    policy.run(async || at_once(n).await).await
}

/// Tower leaves the delays to its user.
#[derive(Clone)]
struct Attempts(u32);

impl tower::retry::Policy<u32, u32, Error> for Attempts {
    type Future = tokio::time::Sleep;

    fn retry(&mut self, _: &mut u32, answer: &mut Answer) -> Option<Self::Future> {
        if answer.is_ok() || self.0 == 1 {
            return None;
        }
        self.0 -= 1;
        Some(tokio::time::sleep(Duration::from_millis(10)))
    }

    fn clone_request(&mut self, n: &u32) -> Option<u32> {
        Some(*n)
    }
}
