//! A retry without an attribute.

use super::{Rejections, Retry, retry};
use crate::class::{class, class_when};
use crate::flow::{call, call_blocking, returned};
use crate::{Class, Classify, Flow, Rejection};

impl Retry {
    /// Calls `body` until it succeeds, or there is no more attempt or time; its errors say what they are by
    /// [`Classify`].
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn call<F, Fut, T, E>(self, body: F) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: Classify,
    {
        attempts(&self, body, class).await
    }

    /// As [`call`](Self::call), for a body that borrows what it changes: `async || ..`. The future that comes of it can
    /// often not be sent between threads.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut calls = 0;
    /// let answer: Result<&str, String> = steadfast::Retry::new().call_local(async || {
    ///     calls += 1;
    ///     Ok("done")
    /// }).await;
    /// assert_eq!((answer, calls), (Ok("done"), 1));
    /// # }
    /// ```
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn call_local<F, T, E>(self, body: F) -> Result<T, E>
    where
        F: AsyncFnMut() -> Result<T, E>,
        E: Classify,
    {
        attempts_local(&self, body, class).await
    }

    /// As [`call`](Self::call), for a sync body; the delays block the thread.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub fn call_blocking<F, T, E>(self, body: F) -> Result<T, E>
    where
        F: FnMut() -> Result<T, E>,
        E: Classify,
    {
        attempts_blocking(&self, body, class)
    }

    /// As [`call`](Self::call), around the flow of another policy, whose rejections are retried as
    /// [`rejections`](Self::rejections) says.
    ///
    /// ```
    /// use std::time::Duration;
    /// use steadfast::{Flow, Retry, Timeout};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// async fn read() -> std::io::Result<u32> {
    ///     Ok(7)
    /// }
    /// let timeout = Timeout::new(Duration::from_secs(1));
    /// let outcome = Retry::new().try_call(|| timeout.try_call(read())).await;
    /// assert!(matches!(outcome, Flow::Returned(Ok(7))));
    /// # }
    /// ```
    pub async fn try_call<F, Fut, T, E>(self, body: F) -> Flow<Result<T, E>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Flow<Result<T, E>>>,
        E: Classify,
    {
        flow_attempts(&self, body, class).await
    }
}

/// A [`Retry`] with a predicate that decides which errors are retried; made by [`Retry::when`].
#[derive(Debug, Clone, Copy)]
pub struct RetryWhen<F> {
    retry: Retry,
    when: F,
}

impl<W> RetryWhen<W> {
    pub(super) const fn new(retry: Retry, when: W) -> Self {
        let rejections = match retry.rejections {
            None => Some(Rejections::NONE),
            given => given,
        };
        Self { retry: Retry { rejections, ..retry }, when }
    }

    /// Calls `body` until it succeeds, or there is no more attempt or time.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn call<F, Fut, T, E>(self, body: F) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        W: Fn(&E) -> bool,
    {
        attempts(&self.retry, body, |outcome| class_when(outcome, &self.when)).await
    }

    /// As [`call`](Self::call), for a body that borrows what it changes: `async || ..`.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub async fn call_local<F, T, E>(self, body: F) -> Result<T, E>
    where
        F: AsyncFnMut() -> Result<T, E>,
        W: Fn(&E) -> bool,
    {
        attempts_local(&self.retry, body, |outcome| class_when(outcome, &self.when)).await
    }

    /// As [`call`](Self::call), for a sync body; the delays block the thread.
    ///
    /// # Errors
    /// The error of the last attempt.
    pub fn call_blocking<F, T, E>(self, body: F) -> Result<T, E>
    where
        F: FnMut() -> Result<T, E>,
        W: Fn(&E) -> bool,
    {
        attempts_blocking(&self.retry, body, |outcome| class_when(outcome, &self.when))
    }

    /// As [`call`](Self::call), around the flow of another policy. Its rejections are not retried unless
    /// [`rejections`](Retry::rejections) names them.
    pub async fn try_call<F, Fut, T, E>(self, body: F) -> Flow<Result<T, E>>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Flow<Result<T, E>>>,
        W: Fn(&E) -> bool,
    {
        flow_attempts(&self.retry, body, |outcome| class_when(outcome, &self.when)).await
    }
}

async fn attempts<F, Fut>(policy: &Retry, mut body: F, class: impl Fn(&Fut::Output) -> Option<Class>) -> Fut::Output
where
    F: FnMut() -> Fut,
    Fut: Future,
{
    returned(flow_attempts(policy, move || call(body()), class).await)
}

async fn flow_attempts<F, Fut, R, X>(policy: &Retry, mut body: F, class: impl Fn(&R) -> Option<Class>) -> Flow<R, X>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Flow<R, X>>,
    X: Copy + Into<Rejection>,
{
    let mut run = retry(policy);
    loop {
        let attempt = run.run(&mut body);
        let delay = {
            let outcome = run.attempt(attempt).await;
            match run.next(&outcome, &class) {
                Some(delay) => delay,
                None => return outcome,
            }
        };
        delay.await;
    }
}

async fn attempts_local<F, R>(policy: &Retry, mut body: F, class: impl Fn(&R) -> Option<Class>) -> R
where
    F: AsyncFnMut() -> R,
{
    let mut run = retry(policy);
    loop {
        let delay = {
            let outcome = run.attempt(call(body())).await;
            match run.next(&outcome, &class) {
                Some(delay) => delay,
                None => return returned(outcome),
            }
        };
        delay.await;
    }
}

fn attempts_blocking<R>(policy: &Retry, mut body: impl FnMut() -> R, class: impl Fn(&R) -> Option<Class>) -> R {
    let mut run = retry(policy);
    loop {
        let delay = {
            let outcome = run.run(|| call_blocking(&mut body));
            match run.next(&outcome, &class) {
                Some(delay) => delay,
                None => return returned(outcome),
            }
        };
        delay.block();
    }
}
