//! Timeouts over a body that is ready at once, and over one that waits once.

use std::future::Future;
use std::time::Duration;

use layered::{Execute, Service as Layered, Stack};
use tower::{Service, ServiceBuilder, service_fn};
use tower_resilience::timelimiter::TimeLimiterLayer;

use super::{context, ready_layered, ready_service, waits_layered, waits_service};
use crate::contest::Contestant;
use crate::rows::body::{Answer, Error, after_one_wait, at_once};

const SECOND: Duration = Duration::from_secs(1);

pub(super) fn ready_at_once() -> Vec<Contestant> {
    vec![
        ready_service("tower", ServiceBuilder::new().timeout(SECOND).service(service_fn(at_once))),
        ready_layered(seatbelt(at_once)),
        ready_service("tower-resilience", tower_resilience(at_once)),
    ]
}

pub(super) fn waiting() -> Vec<Contestant> {
    vec![
        waits_service("tower", ServiceBuilder::new().timeout(SECOND).service(service_fn(after_one_wait))),
        waits_layered(seatbelt(after_one_wait)),
        waits_service("tower-resilience", tower_resilience(after_one_wait)),
    ]
}

fn seatbelt<F>(body: impl Fn(u32) -> F + Send + Sync + 'static) -> impl Layered<u32, Out = Answer> + 'static
where
    F: Future<Output = Answer> + Send + 'static,
{
    let timeout = seatbelt::timeout::Timeout::layer("timeout", &context());
    (timeout.timeout_error(|_| Error::Failed).timeout(SECOND), Execute::new(body)).into_service()
}

fn tower_resilience<F>(
    body: impl Fn(u32) -> F + Clone + Send + Sync + 'static,
) -> impl Service<u32> + Clone + Send + Sync + 'static
where
    F: Future<Output = Answer> + Send + 'static,
{
    let limit = TimeLimiterLayer::builder().timeout_duration(SECOND).build();
    ServiceBuilder::new().layer(limit).service(service_fn(body))
}
