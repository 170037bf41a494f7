//! What the functions name that `robust::valid` makes up.

#![allow(warnings)]
use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use steadfast::{
    Bulkhead, CircuitBreaker, Classify, Failure, Keyed, RateLimit, Rejection, Retry, RetryBudget, StaleFallback,
    bulkhead, circuit_breaker, fallback, hedge, outcome, rate_limit, retry, timeout,
};

#[derive(Debug, Classify, thiserror::Error)]
enum Error {
    #[error("away")] #[transient] Away,
    #[error("missing")] #[permanent] Missing,
    #[error(transparent)] Io(#[from] io::Error),
    #[error(transparent)] Rejected(#[from] Rejection),
}
type Answer<T = u32> = Result<T, Error>;

const ATTEMPTS: u32 = 4;
const SHORT: Duration = Duration::from_millis(20);
static POLICY: Retry = Retry::new().attempts(2);
static BUDGET: RetryBudget = RetryBudget::new();
static BREAKER: CircuitBreaker = CircuitBreaker::new();
static BREAKERS: Keyed<CircuitBreaker> = CircuitBreaker::new().keyed();
static PLACES: Bulkhead = Bulkhead::new(3);
static LIMIT: RateLimit = RateLimit::new(3);
static ANSWERS: StaleFallback = StaleFallback::new(Duration::from_secs(60));

struct Point { x: u32, y: u32 }
struct Client { breaker: CircuitBreaker, places: Arc<Bulkhead>, host: String }
fn step() -> io::Result<()> { Ok(()) }
async fn wait() -> io::Result<()> { Ok(()) }
fn any<T>() -> T { loop {} }
