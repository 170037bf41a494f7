//! Methods under `#[async_trait]`.
#![deny(
    warnings,
    unused,
    unused_qualifications,
    unused_results,
    single_use_lifetimes,
    unused_lifetimes,
    clippy::all,
    clippy::pedantic,
    clippy::nursery
)]

use std::sync::Arc;

use async_trait::async_trait;
use steadfast::{CircuitBreaker, circuit_breaker, fallback, retry, timeout};
use steadfast_tests::public::Error;

#[async_trait]
trait Ask: Send + Sync {
    fn breaker(&self) -> &CircuitBreaker;

    #[fallback(Ok(0))]
    #[timeout("10s")]
    #[retry(backoff = none, clone(text))]
    #[circuit_breaker(self.breaker())]
    #[timeout("1s")]
    async fn by_default(&self, text: String) -> Result<usize, Error> {
        let bytes = text.into_bytes();
        if bytes.is_empty() {
            return Err(Error::Down);
        }
        Ok(bytes.len())
    }

    async fn required(&mut self, count: &u32) -> Result<u32, Error>;
}

struct Client {
    calls: u32,
    breaker: Arc<CircuitBreaker>,
}

#[async_trait]
impl Ask for Client {
    fn breaker(&self) -> &CircuitBreaker {
        &self.breaker
    }

    #[retry(attempts = self.calls + count, backoff = none, on(Err(_) if *count > 0))]
    #[circuit_breaker(self.breaker)]
    async fn required(&mut self, count: &u32) -> Result<u32, Error> {
        self.calls += 1;
        if self.calls < *count { Err(Error::Down) } else { Ok(self.calls) }
    }
}

#[tokio::test(start_paused = true)]
async fn they_work() {
    let mut client = Client { calls: 0, breaker: Arc::default() };
    assert_eq!(client.by_default("text".to_owned()).await, Ok(4));
    assert_eq!(client.by_default(String::new()).await, Ok(0));
    client.breaker().reset();
    assert_eq!(client.required(&3).await, Ok(3));
}
