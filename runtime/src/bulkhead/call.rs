//! The bulkhead as a value: calls without an attribute.

use core::future::Future;

use crate::flow::{self, Joined};
use crate::{Class, Flow, Rejection};

use super::Bulkhead;
use super::layer::bulkhead;

/// Of an error without a class all that is known is that it is none.
fn unless_ok<T, E>(outcome: &Result<T, E>) -> Option<Class> {
    outcome.is_err().then_some(Class::Neutral)
}

impl Bulkhead {
    /// Makes a call when there is a place for it; a rejection becomes its error.
    ///
    /// The place is asked for when the future is first polled, and free again when the call ends or is dropped.
    pub fn call<T, E, F>(&self, call: F) -> impl Future<Output = Result<T, E>> + use<'_, T, E, F>
    where
        F: Future<Output = Result<T, E>>,
        E: From<Rejection>,
    {
        Joined { flow: bulkhead(self).watching().around(flow::call(call), unless_ok) }
    }

    /// As [`call`](Self::call), with the rejection apart from the call's own outcome, which may be of any type.
    pub fn try_call<F: Future>(&self, call: F) -> impl Future<Output = Flow<F::Output>> + use<'_, F> {
        bulkhead(self).watching().around(flow::call(call), |_| None)
    }

    /// Makes a synchronous call when there is a place for it; it blocks the thread for up to `max_wait`.
    ///
    /// ```
    /// use steadfast::{Bulkhead, Rejection};
    ///
    /// static PARSER: Bulkhead = Bulkhead::new(4);
    ///
    /// fn parse(text: &str) -> Result<usize, Rejection> {
    ///     PARSER.call_blocking(|| Ok(text.len()))
    /// }
    /// assert_eq!(parse("four"), Ok(4));
    /// ```
    ///
    /// # Errors
    /// The call's own error, or the rejection as one.
    pub fn call_blocking<T, E: From<Rejection>>(&self, call: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        bulkhead(self).watching().run(|| Flow::Returned(call()), unless_ok).into_result()
    }

    /// As [`call_blocking`](Self::call_blocking), with the rejection apart from the call's own outcome, which may be of
    /// any type.
    pub fn try_call_blocking<R>(&self, call: impl FnOnce() -> R) -> Flow<R> {
        bulkhead(self).watching().run(|| Flow::Returned(call()), |_| None)
    }
}
