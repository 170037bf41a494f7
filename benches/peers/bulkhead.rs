//! Bulkheads with a free place.

use execution_policy::{ConcurrencyLimit, DefaultCore, ExecutionError, ExecutionPolicy, ExecutionPolicyBuilder};
use tower::{ServiceBuilder, service_fn};
use tower_resilience::bulkhead::BulkheadLayer;

use super::ready_service;
use crate::contest::{Contestant, ready};
use crate::rows::body::{Error, at_once};

pub(super) fn ready_at_once() -> Vec<Contestant> {
    let limit = ConcurrencyLimit::operations(10).reject();
    let policy = ExecutionPolicyBuilder::new().concurrency_limit(limit).build();
    let bulkhead = BulkheadLayer::builder().max_concurrent_calls(10).reject_when_full().build().expect("settings");
    vec![
        ready_service("tower", ServiceBuilder::new().concurrency_limit(10).service(service_fn(at_once))),
        ready!("execution-policy", policy, execution_policy),
        ready_service("tower-resilience", ServiceBuilder::new().layer(bulkhead).service(service_fn(at_once))),
    ]
}

async fn execution_policy(
    policy: &ExecutionPolicy<DefaultCore, u32, Error>,
    n: u32,
) -> Result<u32, ExecutionError<Error>> {
    policy.run(async || at_once(n).await).await
}
