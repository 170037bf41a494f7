//! What comes out of a call inside a stack.

use core::convert::Infallible;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::Rejection;

/// What comes out of a call inside a stack of policies: the function's own value, or a policy's refusal.
///
/// `try_call` of each policy returns it, and a `#[fallback(|failure: Failure<R>| ..)]` is given it. `X` is
/// [`Infallible`] in a stack in which nothing can reject, which so needs no conversion.
///
/// ```
/// use steadfast::{Failure, Rejection};
///
/// fn explain(failure: Failure<Result<u32, String>>) -> String {
///     match failure {
///         Failure::Returned(Ok(value)) => format!("an unwanted value: {value}"),
///         Failure::Returned(Err(error)) => format!("the body failed: {error}"),
///         Failure::Rejected(rejection) => format!("not answered: {rejection}"),
///     }
/// }
/// assert_eq!(explain(Failure::Returned(Err("reset".into()))), "the body failed: reset");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow<R, X = Rejection> {
    /// The function returned this value, whatever it says.
    Returned(R),
    /// A policy answered instead of the function.
    Rejected(X),
}

/// A [`Flow`] that a policy took for a failure.
pub type Failure<R> = Flow<R>;

impl<R> Flow<R> {
    /// The same flow with a borrowed value.
    pub const fn as_ref(&self) -> Flow<&R> {
        match self {
            Self::Returned(value) => Flow::Returned(value),
            Self::Rejected(rejection) => Flow::Rejected(*rejection),
        }
    }

    /// The rejection, if it is one.
    pub const fn rejection(&self) -> Option<Rejection> {
        match self {
            Self::Returned(_) => None,
            Self::Rejected(rejection) => Some(*rejection),
        }
    }
}

impl<T, E> Flow<Result<T, E>> {
    /// The function's own result, a rejection converted with `E: From<Rejection>`.
    ///
    /// # Errors
    /// The function's own error, or the rejection as one.
    pub fn into_result(self) -> Result<T, E>
    where
        E: From<Rejection>,
    {
        match self {
            Self::Returned(result) => result,
            Self::Rejected(rejection) => Err(rejection.into()),
        }
    }
}

pin_project! {
    /// A flow as a plain future, rejections among the errors.
    pub(crate) struct Joined<F> {
        #[pin]
        pub(crate) flow: F,
    }
}

impl<T, E, F> Future for Joined<F>
where
    F: Future<Output = Flow<Result<T, E>>>,
    E: From<Rejection>,
{
    type Output = Result<T, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().flow.poll(cx).map(Flow::into_result)
    }
}

pin_project! {
    /// A flow in which nothing can reject as a plain future.
    pub(crate) struct Unrejected<F> {
        #[pin]
        pub(crate) flow: F,
    }
}

impl<R, F> Future for Unrejected<F>
where
    F: Future<Output = Flow<R, Infallible>>,
{
    type Output = R;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        self.project().flow.poll(cx).map(returned)
    }
}

/// The value of a stack in which nothing can reject.
#[inline]
pub fn returned<R>(flow: Flow<R, Infallible>) -> R {
    match flow {
        Flow::Returned(value) => value,
        Flow::Rejected(never) => match never {},
    }
}

/// The innermost end of an async stack.
#[inline]
pub const fn call<F: Future, X>(body: F) -> Call<F, X> {
    Call { body, rejection: PhantomData }
}

/// The innermost end of a blocking call.
#[inline]
pub(crate) fn call_blocking<R, X>(body: impl FnOnce() -> R) -> Flow<R, X> {
    Flow::Returned(body())
}

pin_project! {
    /// The body of a function as a flow.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Call<F, X = Rejection> {
        #[pin]
        body: F,
        // A function's result, so that the future is `Send` whatever `X` is.
        rejection: PhantomData<fn() -> X>,
    }
}

impl<F: Future, X> Future for Call<F, X> {
    type Output = Flow<F::Output, X>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().body.poll(cx).map(Flow::Returned)
    }
}
