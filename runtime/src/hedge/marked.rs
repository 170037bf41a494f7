//! Whose answer it is, beneath a stale fallback: that of the call which has won.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::layer::Layer;
use crate::fallback::stale::{Mark, Marked};
use crate::{Class, Flow, Rejection};

impl Layer<'_> {
    /// As [`around`](Self::around), of calls that each have a mark of their own: `mark` becomes that of the one that wins.
    #[inline]
    pub fn around_marked<R, X, F, M, C>(
        self,
        mark: &Mark,
        call: M,
        class: C,
    ) -> Around<'_, impl Future<Output = Flow<Marked<R>, X>>>
    where
        M: Fn() -> F,
        F: Future<Output = Flow<Marked<R>, X>>,
        X: Copy + Into<Rejection>,
        C: Fn(&R) -> Option<Class>,
    {
        Around { calls: self.around(call, move |outcome: &Marked<R>| class(outcome.value())), mark }
    }
}

pin_project! {
    /// Calls under a hedge, each with its own mark.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Around<'m, F> {
        #[pin]
        calls: F,
        mark: &'m Mark,
    }
}

impl<R, X, F> Future for Around<'_, F>
where
    F: Future<Output = Flow<Marked<R>, X>>,
{
    type Output = Flow<R, X>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        let this = self.project();
        let outcome = ready!(this.calls.poll(cx));
        Poll::Ready(this.mark.take(outcome))
    }
}
