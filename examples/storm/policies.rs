//! One call of the server under different policies: what is to be compared.

use std::rc::Rc;
use std::time::Duration;

use steadfast::{Bulkhead, CircuitBreaker, RetryBudget, bulkhead, circuit_breaker, retry, timeout};

use super::clients::{Storm, storm};
use super::server::{Error, Server};

/// A process has fifty of the thousand clients, and they share what in a program of its own would stand in a `static`.
/// Here twenty of them are in one program, so it stands in fields.
#[derive(Debug)]
pub struct Process {
    server: Rc<Server>,
    breaker: CircuitBreaker,
    budget: RetryBudget,
    places: Bulkhead,
}

impl Process {
    /// Asks this server.
    pub fn new(server: Rc<Server>) -> Self {
        Self {
            server,
            breaker: CircuitBreaker::new().failure_threshold(5).reset_timeout(Duration::from_secs(5)),
            // A tenth of the calls, and one in a second.
            budget: RetryBudget::new(),
            // Twenty processes have 200 places. When every call takes its whole second, these are 200 calls a second.
            places: Bulkhead::new(10),
        }
    }

    #[timeout("1s")]
    async fn no_retry(&self) -> Result<(), Error> {
        self.server.ask().await
    }

    #[retry(backoff = none)]
    #[timeout("1s")]
    async fn at_once(&self) -> Result<(), Error> {
        self.server.ask().await
    }

    #[retry(backoff = exponential("500ms"), jitter = none)]
    #[timeout("1s")]
    async fn no_jitter(&self) -> Result<(), Error> {
        self.server.ask().await
    }

    #[retry(backoff = exponential("500ms"))]
    #[timeout("1s")]
    async fn full_jitter(&self) -> Result<(), Error> {
        self.server.ask().await
    }

    #[retry(backoff = exponential("4s"))]
    #[timeout("1s")]
    async fn patient(&self) -> Result<(), Error> {
        self.server.ask().await
    }

    #[retry(backoff = exponential("500ms"), budget = self.budget)]
    #[timeout("1s")]
    async fn budget(&self) -> Result<(), Error> {
        self.server.ask().await
    }

    #[retry(backoff = exponential("500ms"))]
    #[circuit_breaker(self.breaker)]
    #[timeout("1s")]
    async fn breaker(&self) -> Result<(), Error> {
        self.server.ask().await
    }

    #[retry(backoff = exponential("500ms"))]
    #[bulkhead(self.places)]
    #[timeout("1s")]
    async fn bulkhead(&self) -> Result<(), Error> {
        self.server.ask().await
    }

    #[retry(backoff = exponential("500ms"), budget = self.budget)]
    #[circuit_breaker(self.breaker)]
    #[bulkhead(self.places)]
    #[timeout("1s")]
    async fn together(&self) -> Result<(), Error> {
        self.server.ask().await
    }
}

/// The same storm for each. One after the other and in one runtime, since sliding windows begin with the first use of
/// the clock: so they begin alike each time.
pub async fn storms(seed: u64) -> Vec<Storm> {
    vec![
        storm("no retry", seed, Process::no_retry).await,
        storm("retry at once", seed, Process::at_once).await,
        storm("without jitter", seed, Process::no_jitter).await,
        storm("full jitter", seed, Process::full_jitter).await,
        storm("patient backoff", seed, Process::patient).await,
        storm("retry budget", seed, Process::budget).await,
        storm("circuit breaker", seed, Process::breaker).await,
        storm("bulkhead", seed, Process::bulkhead).await,
        storm("all of these", seed, Process::together).await,
    ]
}
