//! The limit as a value: calls without an attribute.

use core::future::Future;

use crate::flow::{self, Joined};
use crate::{Flow, Rejection};

use super::RateLimit;
use super::layer::rate_limit;

impl RateLimit {
    /// Makes a call when there is a permit for it.
    ///
    /// The limit is asked when the future is first polled. One that is dropped while it waits gives its permit back.
    ///
    /// ```
    /// use steadfast::{RateLimit, Rejection};
    ///
    /// static LIMIT: RateLimit = RateLimit::new(1);
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// assert_eq!(LIMIT.call(async { Ok::<_, Rejection>(7) }).await, Ok(7));
    /// assert!(LIMIT.call(async { Ok::<_, Rejection>(7) }).await.is_err());
    /// # }
    /// ```
    ///
    /// # Errors
    /// The call's own error, or the rejection as one.
    pub fn call<T, E, F>(&self, call: F) -> impl Future<Output = Result<T, E>> + use<'_, T, E, F>
    where
        F: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        Joined { flow: self.try_call(call) }
    }

    /// As [`call`](Self::call), with the rejection apart from the call's own errors; for any outcome.
    pub fn try_call<F: Future>(&self, call: F) -> impl Future<Output = Flow<F::Output>> + use<'_, F> {
        rate_limit(self).around(flow::call(call))
    }

    /// Makes a synchronous call when there is a permit for it; blocks the thread where it waits.
    ///
    /// # Errors
    /// The call's own error, or the rejection as one.
    pub fn call_blocking<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        E: From<Rejection>,
    {
        self.try_call_blocking(call).into_result()
    }

    /// As [`call_blocking`](Self::call_blocking), with the rejection apart from the call's own errors; for any outcome.
    ///
    /// ```
    /// use steadfast::{Flow, RateLimit};
    ///
    /// static LIMIT: RateLimit = RateLimit::new(1);
    ///
    /// assert_eq!(LIMIT.try_call_blocking(|| 7), Flow::Returned(7));
    /// assert!(LIMIT.try_call_blocking(|| 7).rejection().is_some_and(|rejection| rejection.is_rate_limited()));
    /// ```
    pub fn try_call_blocking<R>(&self, call: impl FnOnce() -> R) -> Flow<R> {
        rate_limit(self).run(|| Flow::Returned(call()))
    }
}
