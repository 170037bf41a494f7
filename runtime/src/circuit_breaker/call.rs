//! The breaker as a value: calls without an attribute.

use core::future::Future;

use crate::flow::{self, Joined};
use crate::judge::{By, ByClass, Judge, When};
use crate::{Class, Classify, Flow, Rejection};

use super::CircuitBreaker;
use super::layer::circuit_breaker;

impl CircuitBreaker {
    /// Makes a call, unless the circuit is open; the error says of itself whether it counts.
    ///
    /// The breaker is asked when the future is first polled.
    pub fn call<T, E, F>(&self, call: F) -> impl Future<Output = Result<T, E>> + use<'_, T, E, F>
    where
        F: Future<Output = Result<T, E>>,
        E: Classify + From<Rejection>,
    {
        self.by(ByClass).call(call)
    }

    /// As [`call`](Self::call), with the rejection apart from the call's own errors.
    pub fn try_call<T, E, F>(&self, call: F) -> impl Future<Output = Flow<Result<T, E>>> + use<'_, T, E, F>
    where
        F: Future<Output = Result<T, E>>,
        E: Classify,
    {
        self.by(ByClass).try_call(call)
    }

    /// Makes a synchronous call, unless the circuit is open; the error says of itself whether it counts.
    ///
    /// # Errors
    /// The call's own error, or the rejection as one.
    pub fn call_blocking<T, E>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        E: Classify + From<Rejection>,
    {
        self.by(ByClass).call_blocking(call)
    }

    /// As [`call_blocking`](Self::call_blocking), with the rejection apart from the call's own errors.
    pub fn try_call_blocking<T, E: Classify>(&self, call: impl FnOnce() -> Result<T, E>) -> Flow<Result<T, E>> {
        self.by(ByClass).try_call_blocking(call)
    }

    /// Calls whose errors count as failures where `failed` says so, and as answers of the dependency elsewhere.
    ///
    /// ```
    /// use std::io;
    /// use steadfast::{CircuitBreaker, Flow};
    ///
    /// static DISK: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    ///
    /// let missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    /// let read = DISK.when(|error| !missing(error)).try_call_blocking(|| std::fs::read("/no/such/file"));
    /// assert!(matches!(read, Flow::Returned(Err(error)) if missing(&error)));
    /// assert!(!DISK.is_open());
    /// ```
    pub fn when<E, P: Fn(&E) -> bool>(&self, failed: P) -> Calls<'_, When<P>> {
        self.by(When(failed))
    }

    /// Calls whose outcomes, of any type, are classified by `class`; `None` is a success.
    ///
    /// ```
    /// use steadfast::{CircuitBreaker, Class, Flow};
    ///
    /// static SENSOR: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    ///
    /// let silent = |reading: &Option<u32>| reading.is_none().then_some(Class::Transient { retry_after: None });
    /// assert_eq!(SENSOR.classified(silent).try_call_blocking(|| None), Flow::Returned(None));
    /// assert!(SENSOR.is_open());
    /// ```
    pub fn classified<R, C: Fn(&R) -> Option<Class>>(&self, class: C) -> Calls<'_, By<C>> {
        self.by(By(class))
    }

    const fn by<J>(&self, judge: J) -> Calls<'_, J> {
        Calls { breaker: self, judge }
    }
}

/// A breaker and who judges the outcomes, from [`CircuitBreaker::when`] and [`CircuitBreaker::classified`].
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Calls<'b, J> {
    breaker: &'b CircuitBreaker,
    judge: J,
}

impl<'b, J> Calls<'b, J> {
    /// Makes a call, unless the circuit is open.
    pub fn call<T, E, F>(self, call: F) -> impl Future<Output = Result<T, E>> + use<'b, T, E, F, J>
    where
        F: Future<Output = Result<T, E>>,
        E: From<Rejection>,
        J: Judge<Result<T, E>>,
    {
        Joined { flow: self.try_call(call) }
    }

    /// As [`call`](Self::call), with the rejection apart from the call's own errors; for any outcome.
    pub fn try_call<R, F>(self, call: F) -> impl Future<Output = Flow<R>> + use<'b, R, F, J>
    where
        F: Future<Output = R>,
        J: Judge<R>,
    {
        circuit_breaker(self.breaker).judged(flow::call(call), self.judge)
    }

    /// Makes a synchronous call, unless the circuit is open.
    ///
    /// # Errors
    /// The call's own error, or the rejection as one.
    pub fn call_blocking<T, E>(self, call: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        E: From<Rejection>,
        J: Judge<Result<T, E>>,
    {
        self.try_call_blocking(call).into_result()
    }

    /// As [`call_blocking`](Self::call_blocking), with the rejection apart from the call's own errors; for any outcome.
    pub fn try_call_blocking<R>(self, call: impl FnOnce() -> R) -> Flow<R>
    where
        J: Judge<R>,
    {
        circuit_breaker(self.breaker).run_judged(|| Flow::Returned(call()), &self.judge)
    }
}
