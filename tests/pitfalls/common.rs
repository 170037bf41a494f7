//! An error and futures that all themes use.

use std::future::Future;
use std::task::Poll;
use std::time::Duration;

use steadfast::Rejection;
use tokio::time::Instant;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    Body,
    /// Of another kind, for filters.
    Other,
    Rejected(Rejection),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

pub(crate) type Answer = Result<u32, Error>;

/// Whether an open circuit answered.
pub(crate) fn is_open<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Rejected(rejection)) if rejection.is_circuit_open())
}

/// Whether a timeout answered.
pub(crate) fn is_timeout<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Rejected(rejection)) if rejection.is_timeout())
}

pub(crate) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Polls once, and gives back what is then to be held or dropped.
pub(crate) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx))).await
}

/// How much of the paused time a future takes.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let value = future.await;
    (value, start.elapsed())
}
