//! The functions, and the policies that they share.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use steadfast::{
    Bulkhead, CircuitBreaker, Keyed, RateLimit, RetryBudget, StaleFallback, bulkhead, circuit_breaker, fallback, hedge,
    rate_limit, retry, timeout,
};

use crate::chaos::{Error, body, body_blocking};

pub(crate) static BREAKER: CircuitBreaker = CircuitBreaker::new()
    .failure_threshold(8)
    .reset_timeout(Duration::from_millis(5))
    .max_probes(3)
    .success_threshold(2);
pub(crate) static RATED: CircuitBreaker = CircuitBreaker::new()
    .failure_rate(0.6)
    .window(steadfast::Window::Duration(Duration::from_millis(50)))
    .min_calls(20);
/// One probe that is lost shuts it for good. Nobody resets it.
pub(crate) static PROBED: CircuitBreaker = CircuitBreaker::new()
    .failure_threshold(2)
    .reset_timeout(Duration::from_millis(1))
    .probe_timeout(Duration::from_secs(3600));
pub(crate) static KEYED: Keyed<CircuitBreaker> =
    CircuitBreaker::new().failure_threshold(3).reset_timeout(Duration::from_millis(2)).keyed().max_keys(MOST_KEYS);
pub(crate) static BULKHEAD: Bulkhead = Bulkhead::new(MOST).max_wait(Duration::from_millis(3)).max_queue(16);
pub(crate) static ADAPTIVE: Bulkhead = Bulkhead::adaptive(2, 40).max_wait(Duration::from_millis(3));
pub(crate) static LIMIT: RateLimit = RateLimit::new(20_000).burst(20).max_wait(Duration::from_millis(3));
pub(crate) static BUDGET: RetryBudget = RetryBudget::new().ratio(0.3).window(Duration::from_secs(1));
pub(crate) static STALE: StaleFallback = StaleFallback::new(Duration::from_millis(50)).max_keys(MOST_KEYS);

pub(crate) const MOST: u32 = 12;
pub(crate) const MOST_KEYS: usize = 8;

/// Bodies in the bulkhead, and the most that there have been.
pub(crate) static INSIDE: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Inside;

impl Inside {
    fn enter() -> Self {
        INSIDE.fetch_add(1, Relaxed);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Relaxed);
    }
}

#[fallback(stale(STALE), key = n % 32)]
#[timeout("20ms")]
#[retry(attempts = 4, backoff = fixed("1ms"), budget = BUDGET, rejections(timeout, circuit_open))]
#[circuit_breaker(BREAKER)]
#[bulkhead(BULKHEAD)]
#[timeout("4ms")]
pub(crate) async fn stack(n: u64) -> Result<u64, Error> {
    let _inside = Inside::enter();
    body(n).await
}

#[timeout("10ms")]
#[hedge(after = "1ms", attempts = 3, budget = BUDGET)]
#[circuit_breaker(RATED)]
#[rate_limit(LIMIT)]
pub(crate) async fn hedged(n: u64) -> Result<u64, Error> {
    body(n).await
}

#[retry(attempts = 3, backoff = none, nested = once)]
#[bulkhead(ADAPTIVE)]
#[circuit_breaker(KEYED, key = n % 20)]
#[timeout(percentile(0.9, factor = 2.0, min = "1ms", max = "5ms"))]
pub(crate) async fn keyed(n: u64) -> Result<u64, Error> {
    body(n).await
}

/// What hangs here hangs until the caller goes away.
#[circuit_breaker(PROBED)]
pub(crate) async fn probed(n: u64) -> Result<u64, Error> {
    body(n).await
}

#[retry(attempts = 2)]
#[timeout("10ms")]
pub(crate) async fn nested(n: u64) -> Result<u64, Error> {
    let (one, other) = tokio::join!(keyed(n), hedged(n));
    one.or(other)
}

#[fallback(Ok(0))]
#[retry(attempts = 3, backoff = fixed("100us"), budget = BUDGET)]
#[circuit_breaker(BREAKER)]
#[rate_limit(LIMIT)]
#[bulkhead(BULKHEAD)]
pub(crate) fn blocking(n: u64) -> Result<u64, Error> {
    let _inside = Inside::enter();
    body_blocking(n)
}
