//! Methods of a library.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{CircuitBreaker, Keyed, Retry, circuit_breaker, fallback, retry, timeout};

use super::{Error, ask, ask_now, is_down};

/// Asks with settings of its own.
#[derive(Debug)]
pub struct Client {
    breaker: CircuitBreaker,
    shared: Arc<CircuitBreaker>,
    hosts: Arc<Keyed<CircuitBreaker>>,
    retry: Retry,
    limit: Option<Duration>,
    calls: u32,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            breaker: CircuitBreaker::new(),
            shared: Arc::default(),
            hosts: Arc::new(CircuitBreaker::new().keyed()),
            retry: Retry::new(),
            limit: Some(Duration::from_secs(1)),
            calls: 0,
        }
    }
}

impl Client {
    /// By reference.
    ///
    /// # Errors
    /// What the server says.
    #[retry(self.retry, on(Err(Error::Down)))]
    #[circuit_breaker(self.breaker, when = is_down)]
    #[timeout(self.limit)]
    pub async fn by_ref(&self, id: u32) -> Result<u32, Error> {
        Ok(ask(id).await? + self.calls)
    }

    /// By exclusive reference.
    ///
    /// # Errors
    /// What the server says.
    #[retry]
    #[circuit_breaker(self.hosts, key = host)]
    #[circuit_breaker(self.shared)]
    pub async fn by_mut(&mut self, id: u32, host: &str) -> Result<u32, Error> {
        self.calls += 1;
        drop(host.to_owned());
        ask(id).await
    }

    /// By value.
    ///
    /// # Errors
    /// What the server says.
    #[timeout("1s")]
    pub async fn by_value(mut self, id: u32) -> Result<Self, Error> {
        self.calls += ask(id).await?;
        Ok(self)
    }

    /// Shared.
    ///
    /// # Errors
    /// What the server says.
    #[retry]
    #[circuit_breaker(self.shared)]
    #[timeout("1s")]
    pub async fn arc(self: Arc<Self>, id: u32) -> Result<u32, Error> {
        Ok(ask(id).await? + self.calls)
    }

    /// Blocks.
    ///
    /// # Errors
    /// What the server says.
    #[retry(backoff = none)]
    #[circuit_breaker(self.shared)]
    pub fn blocking(&mut self, id: u32) -> Result<u32, Error> {
        self.calls += 1;
        ask_now(id)
    }
}

/// Asks.
pub trait Ask {
    /// By default.
    #[retry(attempts = 2)]
    #[timeout("1s")]
    fn by_default(&self, id: u32) -> impl Future<Output = Result<u32, Error>> + Send {
        async move { ask(id).await }
    }

    /// By each for itself.
    fn required(&self, id: u32) -> impl Future<Output = Result<u32, Error>> + Send;
}

impl Ask for Client {
    #[fallback(Ok(0))]
    #[retry(attempts = 2)]
    #[timeout("1s")]
    async fn required(&self, id: u32) -> Result<u32, Error> {
        Ok(ask(id).await? + self.calls)
    }
}
