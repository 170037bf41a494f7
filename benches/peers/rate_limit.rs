//! Rate limits with permits left.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota};
use tower::{ServiceBuilder, service_fn};
use tower_resilience::ratelimiter::RateLimiterLayer;

use super::ready_service;
use crate::contest::{Contestant, ready};
use crate::rows::body::{Answer, Error, at_once};

const PERMITS: NonZeroU32 = NonZeroU32::new(1_000_000_000).unwrap();
const SECOND: Duration = Duration::from_secs(1);

/// Without tower's, whose services share no state: it is a limit of one caller.
pub(super) fn ready_at_once() -> Vec<Contestant> {
    let limiter = DefaultDirectRateLimiter::direct(Quota::per_second(PERMITS));
    let limit = RateLimiterLayer::builder().limit_for_period(1_000_000_000).refresh_period(SECOND).build();
    let limit = limit.expect("settings");
    vec![
        ready!("governor", limiter, governor),
        ready_service("tower-resilience", ServiceBuilder::new().layer(limit).service(service_fn(at_once))),
    ]
}

async fn governor(limiter: &DefaultDirectRateLimiter, n: u32) -> Answer {
    match limiter.check() {
        Ok(()) => at_once(n).await,
        Err(_) => Err(Error::Failed),
    }
}
