//! One attempt, which knows its number.

use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::name::Name;
use crate::scope;
use crate::trace::Span;

pin_project! {
    /// A call that knows which attempt it is.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Attempt<F> {
        #[pin]
        call: F,
        number: u32,
        span: Span,
    }
}

impl<F> Attempt<F> {
    #[inline]
    pub(super) fn new(policy: Name, number: u32, call: F) -> Self {
        Self { call, number, span: Span::attempt(policy, number) }
    }
}

impl<F: Future> Future for Attempt<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _attempt = scope::in_attempt(*this.number);
        let _span = this.span.enter();
        this.call.poll(cx)
    }
}
