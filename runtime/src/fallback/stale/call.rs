//! The stale fallback as a value: calls without an attribute.

use core::future::Future;

use crate::flow::{self, Unrejected, call_blocking, returned};
use crate::judge::{ByClass, Judge, When};
use crate::key::{Key, KeyBytes};
use crate::{Classify, Flow, Rejection};

use super::StaleFallback;
use super::kept::{Keeper, Keeps, Success, keeper};
use super::layer::stale;

impl StaleFallback {
    /// Makes a call, and answers with the last success of this key where it fails; the error says of itself whether it
    /// is permanent. Where there is one for all calls, the key is `&()`.
    ///
    /// # Errors
    /// The call's own error, where it is permanent or there is no success that is young enough.
    pub fn call<K, T, E, F>(&self, key: &K, call: F) -> impl Future<Output = Result<T, E>> + use<'_, K, T, E, F>
    where
        K: Key + ?Sized,
        T: Clone + Send + Sync + 'static,
        E: Classify,
        F: Future<Output = Result<T, E>>,
    {
        self.by(ByClass).call(key, call)
    }

    /// As [`call`](Self::call), around the flow of another policy; all its rejections are failures.
    ///
    /// ```
    /// use std::io;
    /// use std::time::Duration;
    /// use steadfast::{Flow, StaleFallback, Timeout};
    ///
    /// static RATES: StaleFallback = StaleFallback::new(Duration::from_secs(60));
    /// static LIMIT: Timeout = Timeout::new(Duration::from_secs(1));
    ///
    /// async fn rates(delay: Duration) -> Flow<io::Result<f64>> {
    ///     RATES.try_call(&(), LIMIT.try_call(async move {
    ///         tokio::time::sleep(delay).await;
    ///         Ok(1.25)
    ///     })).await
    /// }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// for seconds in [0, 5] {
    ///     let rates = rates(Duration::from_secs(seconds)).await;
    ///     assert!(matches!(rates, Flow::Returned(Ok(rate)) if rate == 1.25));
    /// }
    /// # }
    /// ```
    pub fn try_call<K, T, E, F>(
        &self,
        key: &K,
        call: F,
    ) -> impl Future<Output = Flow<Result<T, E>>> + use<'_, K, T, E, F>
    where
        K: Key + ?Sized,
        T: Clone + Send + Sync + 'static,
        E: Classify,
        F: Future<Output = Flow<Result<T, E>>>,
    {
        self.by(ByClass).try_call(key, call)
    }

    /// Makes a synchronous call, and answers with the last success of this key where it fails.
    ///
    /// # Errors
    /// The call's own error, where it is permanent or there is no success that is young enough.
    pub fn call_blocking<T, E>(&self, key: &(impl Key + ?Sized), call: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Clone + Send + Sync + 'static,
        E: Classify,
    {
        self.by(ByClass).call_blocking(key, call)
    }

    /// As [`call_blocking`](Self::call_blocking), around the flow of another policy; all its rejections are failures.
    pub fn try_call_blocking<T, E>(
        &self,
        key: &(impl Key + ?Sized),
        call: impl FnOnce() -> Flow<Result<T, E>>,
    ) -> Flow<Result<T, E>>
    where
        T: Clone + Send + Sync + 'static,
        E: Classify,
    {
        self.by(ByClass).try_call_blocking(key, call)
    }

    /// Calls whose errors are failures where `failed` says so, and answers of the dependency elsewhere.
    ///
    /// ```
    /// use std::io;
    /// use std::time::Duration;
    /// use steadfast::StaleFallback;
    ///
    /// static FILES: StaleFallback = StaleFallback::new(Duration::from_secs(60));
    ///
    /// let busy = |error: &io::Error| error.kind() == io::ErrorKind::ResourceBusy;
    /// let read = |text: io::Result<&'static str>| FILES.when(busy).call_blocking("motd", || text);
    /// assert_eq!(read(Ok("hello")).unwrap(), "hello");
    /// assert_eq!(read(Err(io::ErrorKind::ResourceBusy.into())).unwrap(), "hello");
    /// assert!(read(Err(io::ErrorKind::TimedOut.into())).is_err());
    /// ```
    pub fn when<E, P: Fn(&E) -> bool>(&self, failed: P) -> StaleCalls<'_, When<P>> {
        self.by(When(failed))
    }

    const fn by<J>(&self, judge: J) -> StaleCalls<'_, J> {
        StaleCalls { policy: self, judge }
    }
}

/// A stale fallback and who judges the outcomes, from [`StaleFallback::when`].
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct StaleCalls<'s, J> {
    policy: &'s StaleFallback,
    judge: J,
}

impl<'s, J> StaleCalls<'s, J> {
    /// Makes a call, and answers with the last success of this key where it fails.
    ///
    /// # Errors
    /// The call's own error, where it is an answer or there is no success that is young enough.
    pub fn call<K, T, E, F>(self, key: &K, call: F) -> impl Future<Output = Result<T, E>> + use<'s, K, T, E, F, J>
    where
        K: Key + ?Sized,
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>>,
        J: Judge<Result<T, E>>,
    {
        Unrejected { flow: self.around(key, flow::call(call)) }
    }

    /// As [`call`](Self::call), around the flow of another policy; all its rejections are failures.
    pub fn try_call<K, T, E, F>(
        self,
        key: &K,
        call: F,
    ) -> impl Future<Output = Flow<Result<T, E>>> + use<'s, K, T, E, F, J>
    where
        K: Key + ?Sized,
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Flow<Result<T, E>>>,
        J: Judge<Result<T, E>>,
    {
        self.around(key, call)
    }

    fn around<K, T, E, X, F>(
        self,
        key: &K,
        call: F,
    ) -> impl Future<Output = Flow<Result<T, E>, X>> + use<'s, K, T, E, X, F, J>
    where
        K: Key + ?Sized,
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Flow<Result<T, E>, X>>,
        X: Copy + Into<Rejection>,
        J: Judge<Result<T, E>>,
    {
        let Self { policy, judge } = self;
        stale(policy, KeyBytes::of(key)).around(call, move |outcome: &_| judge.class(outcome), of_result, |_| ())
    }

    /// Makes a synchronous call, and answers with the last success of this key where it fails.
    ///
    /// # Errors
    /// The call's own error, where it is an answer or there is no success that is young enough.
    pub fn call_blocking<T, E>(self, key: &(impl Key + ?Sized), call: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Clone + Send + Sync + 'static,
        J: Judge<Result<T, E>>,
    {
        returned(self.run(key, || call_blocking(call)))
    }

    /// As [`call_blocking`](Self::call_blocking), around the flow of another policy; all its rejections are failures.
    pub fn try_call_blocking<T, E>(
        self,
        key: &(impl Key + ?Sized),
        call: impl FnOnce() -> Flow<Result<T, E>>,
    ) -> Flow<Result<T, E>>
    where
        T: Clone + Send + Sync + 'static,
        J: Judge<Result<T, E>>,
    {
        self.run(key, call)
    }

    fn run<T, E, X>(
        self,
        key: &(impl Key + ?Sized),
        call: impl FnOnce() -> Flow<Result<T, E>, X>,
    ) -> Flow<Result<T, E>, X>
    where
        T: Clone + Send + Sync + 'static,
        X: Copy + Into<Rejection>,
        J: Judge<Result<T, E>>,
    {
        let Self { policy, judge } = self;
        stale(policy, KeyBytes::of(key)).run(call, move |outcome: &_| judge.class(outcome), of_result, |_| ())
    }
}

fn of_result<T, E>(_: Keeps<Result<T, E>>) -> Keeper<Result<T, E>>
where
    T: Clone + Send + Sync + 'static,
{
    keeper(Success)
}
