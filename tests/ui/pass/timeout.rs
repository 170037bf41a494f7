//! What `#[timeout]` takes.

#![deny(warnings)]

use std::io;
use std::time::Duration;
use steadfast::timeout;

const LIMIT: Duration = Duration::from_secs(1);

#[timeout("1s")]
async fn literal() -> io::Result<u32> {
    Ok(1)
}

#[timeout(LIMIT * 2, name = "lookup", docs = false)]
async fn expression() -> io::Result<u32> {
    Ok(1)
}

#[timeout(limit)]
async fn argument(limit: Option<Duration>) -> io::Result<u32> {
    assert_eq!(limit, None);
    Ok(1)
}

struct Client {
    limit: Duration,
}

impl Client {
    #[timeout(self.limit, error = |rejection| rejection.to_string())]
    async fn field(&mut self) -> Result<u32, String> {
        self.limit += LIMIT;
        Ok(1)
    }
}

#[timeout("1s", error = |_| ())]
async fn option() -> Option<u32> {
    Some(1)
}

// Later than the one around it, but that is not known before.
#[timeout("1s")]
#[timeout(LIMIT * 2)]
async fn not_judged() -> io::Result<u32> {
    Ok(1)
}

const SHARE: f64 = 0.99;
const MIN: Duration = Duration::from_millis(50);

#[timeout(percentile(0.99, max = "5s"))]
async fn percentile_of_recent_calls() -> io::Result<u32> {
    Ok(1)
}

#[timeout(
    percentile(SHARE, factor = 2, min = MIN, max = LIMIT.saturating_mul(5), window = "5m", min_calls = 50),
    name = "lookup",
    error = |rejection| rejection.to_string(),
)]
async fn all_of_its_settings() -> Result<u32, String> {
    Ok(1)
}

fn percentile(share: f64) -> Duration {
    LIMIT.mul_f64(share)
}

// In parentheses it is a function like any other.
#[timeout((percentile(0.5)))]
async fn a_function_of_that_name() -> io::Result<u32> {
    Ok(1)
}

struct Named<T>(T);

impl<T: Send + Sync> Named<T> {
    #[timeout(percentile(0.95, max = "1s"))]
    async fn generic<'a>(&'a mut self, one: &'a u32) -> io::Result<&'a u32> {
        let _ = &self.0;
        Ok(one)
    }
}

fn is_send<T: Send>(value: T) -> T {
    value
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(percentile_of_recent_calls().await.unwrap(), 1);
    assert_eq!(all_of_its_settings().await.unwrap(), 1);
    assert_eq!(a_function_of_that_name().await.unwrap(), 1);
    assert_eq!(is_send(Named("x").generic(&1)).await.unwrap(), &1);
    assert_eq!(literal().await.unwrap(), 1);
    assert_eq!(expression().await.unwrap(), 1);
    assert_eq!(argument(None).await.unwrap(), 1);
    assert_eq!(Client { limit: LIMIT }.field().await.unwrap(), 1);
    assert_eq!(option().await, Some(1));
    assert_eq!(not_judged().await.unwrap(), 1);
}
