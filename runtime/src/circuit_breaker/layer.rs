//! The breaker around a call, as the expansion and the value API use it.

use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::judge::{By, Judge};
use crate::{Class, Flow, Rejection};

use super::core::Verdict;
use super::permit::Guard;
use super::{Abandoned, CircuitBreaker};

/// A breaker around a call of the expansion.
#[inline]
pub const fn circuit_breaker(breaker: &CircuitBreaker) -> Layer<'_> {
    Layer { breaker, tag: 0, abandoned: None }
}

/// A breaker that stands around a call.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Layer<'b> {
    breaker: &'b CircuitBreaker,
    tag: u8,
    abandoned: Option<Abandoned>,
}

impl<'b> Layer<'b> {
    /// Marks the rejections of this layer.
    #[inline]
    pub const fn tag(self, tag: u8) -> Self {
        Self { tag, ..self }
    }

    /// What becomes of a call that is dropped before its end, whatever the breaker's own setting.
    #[inline]
    pub const fn abandoned(self, abandoned: Abandoned) -> Self {
        Self { abandoned: Some(abandoned), ..self }
    }

    /// The call under this breaker, its outcome classified by `class`. The call comes first, so that the type of the
    /// outcome is known where the closure needs it.
    #[inline]
    pub fn around<R, F, C>(self, call: F, class: C) -> Around<'b, F, By<C>>
    where
        F: Future<Output = Flow<R>>,
        C: Fn(&R) -> Option<Class>,
    {
        self.judged(call, By(class))
    }

    /// Makes the call under this breaker, its outcome classified by `class`.
    #[inline]
    pub fn run<R>(self, call: impl FnOnce() -> Flow<R>, class: impl Fn(&R) -> Option<Class>) -> Flow<R> {
        self.run_judged(call, &By(class))
    }

    #[inline]
    pub(super) const fn judged<F, J>(self, call: F, judge: J) -> Around<'b, F, J> {
        Around { call, guard: Guard::new(self.breaker, self.abandoned, self.tag), judge }
    }

    #[inline]
    pub(super) fn run_judged<R>(self, call: impl FnOnce() -> Flow<R>, judge: &impl Judge<R>) -> Flow<R> {
        let mut guard = Guard::new(self.breaker, self.abandoned, self.tag);
        if let Err(rejection) = guard.begin() {
            return Flow::Rejected(rejection);
        }
        let under_way = UnderWay(&mut guard);
        let outcome = call();
        let verdict = verdict(judge, &outcome);
        under_way.end(verdict);
        outcome
    }
}

pin_project! {
    /// A call under a breaker.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Around<'b, F, J> {
        // Before the guard, so that it is dropped before its place is given back.
        #[pin]
        call: F,
        guard: Guard<'b>,
        judge: J,
    }
}

impl<R, F, J> Future for Around<'_, F, J>
where
    F: Future<Output = Flow<R>>,
    J: Judge<R>,
{
    type Output = Flow<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow<R>> {
        let this = self.project();
        if this.guard.is_ahead() {
            if let Err(rejection) = this.guard.begin() {
                return Poll::Ready(Flow::Rejected(rejection));
            }
        } else if this.guard.is_over() {
            // Asked again after the end, it neither runs nor counts again.
            return Poll::Pending;
        }
        let under_way = UnderWay(this.guard);
        let Poll::Ready(outcome) = this.call.poll(cx) else {
            mem::forget(under_way);
            return Poll::Pending;
        };
        let verdict = verdict(this.judge, &outcome);
        under_way.end(verdict);
        Poll::Ready(outcome)
    }
}

#[inline]
fn verdict<R>(judge: &impl Judge<R>, outcome: &Flow<R>) -> Verdict {
    match outcome {
        Flow::Returned(outcome) => Verdict::of(judge.class(outcome)),
        Flow::Rejected(rejection) => of_rejection(rejection),
    }
}

/// A policy further in answered. Only a timeout says that the dependency was asked.
#[cold]
fn of_rejection(rejection: &Rejection) -> Verdict {
    if rejection.is_timeout() { Verdict::Failure } else { Verdict::Neutral }
}

/// The call's own poll. Dropped, it is a panic that unwinds out of it, and not merely past it: a failure.
struct UnderWay<'a, 'b>(&'a mut Guard<'b>);

impl UnderWay<'_, '_> {
    #[inline]
    fn end(self, verdict: Verdict) {
        self.0.end(verdict);
        mem::forget(self);
    }
}

impl Drop for UnderWay<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        if self.0.is_running() {
            self.0.end(Verdict::Failure);
        }
    }
}
