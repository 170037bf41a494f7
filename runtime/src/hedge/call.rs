//! A hedge without an attribute.

use core::future::Future;

use super::Hedge;
use super::layer::hedge;
use crate::class::{class, class_when};
use crate::flow::{call, returned};
use crate::{Classify, Flow};

impl Hedge {
    /// Makes the call that `body` makes, and others of them when it is late; errors say what they are by [`Classify`].
    ///
    /// # Errors
    /// The error of the call that won, or of the first one where all failed.
    pub async fn call<F, Fut, T, E>(self, body: F) -> Result<T, E>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Classify,
    {
        returned(hedge(&self).around(move || call(body()), class).await)
    }

    /// As [`call`](Self::call), around the flow of another policy. A rejection is never better than another call.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::{CircuitBreaker, Flow, Hedge};
    ///
    /// static HEDGE: Hedge = Hedge::new(Duration::from_millis(20));
    /// static REPLICAS: CircuitBreaker = CircuitBreaker::new();
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// async fn read() -> std::io::Result<u32> {
    ///     Ok(7)
    /// }
    /// let outcome = HEDGE.try_call(|| REPLICAS.try_call(read())).await;
    /// assert!(matches!(outcome, Flow::Returned(Ok(7))));
    /// # }
    /// ```
    pub async fn try_call<F, Fut, T, E>(self, body: F) -> Flow<Result<T, E>>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Flow<Result<T, E>>>,
        E: Classify,
    {
        hedge(&self).around(body, class).await
    }
}

/// A [`Hedge`] with a predicate that decides which errors are failures; made by [`Hedge::when`].
#[derive(Debug, Clone, Copy)]
pub struct HedgeWhen<W> {
    hedge: Hedge,
    when: W,
}

impl<W> HedgeWhen<W> {
    pub(super) const fn new(hedge: Hedge, when: W) -> Self {
        Self { hedge, when }
    }

    /// Makes the call that `body` makes, and others of them when it is late.
    ///
    /// # Errors
    /// The error of the call that won, or of the first one where all failed.
    pub async fn call<F, Fut, T, E>(self, body: F) -> Result<T, E>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        W: Fn(&E) -> bool,
    {
        let class = move |outcome: &_| class_when(outcome, &self.when);
        returned(hedge(&self.hedge).around(move || call(body()), class).await)
    }

    /// As [`call`](Self::call), around the flow of another policy.
    pub async fn try_call<F, Fut, T, E>(self, body: F) -> Flow<Result<T, E>>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Flow<Result<T, E>>>,
        W: Fn(&E) -> bool,
    {
        let class = move |outcome: &_| class_when(outcome, &self.when);
        hedge(&self.hedge).around(body, class).await
    }
}
