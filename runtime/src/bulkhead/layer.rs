//! The bulkhead around a call, as the expansion and the value API use it.

use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::{Class, Flow, Rejection};

use super::adaptive::Said;
use super::guard::Guard;
use super::wait::{Waited, Waiting};
use super::{Bulkhead, Place};

/// A bulkhead around a call of the expansion.
#[inline]
pub const fn bulkhead(bulkhead: &Bulkhead) -> Layer<'_> {
    Layer { bulkhead, tag: 0 }
}

/// A bulkhead that stands around a call, and does not look at how long it takes.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Layer<'b> {
    bulkhead: &'b Bulkhead,
    tag: u8,
}

/// A bulkhead that stands around a call, and, if it is adaptive, learns from it.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Watching<'b>(Layer<'b>);

/// Who says what an outcome says of the dependency.
pub trait Watch<R> {
    /// Whether anybody does.
    const LOOKS: bool;

    /// The class of an outcome; `None` for a success.
    fn class(&self, outcome: &R) -> Option<Class>;
}

/// Nobody looks.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

/// A function of the outcome.
#[derive(Debug, Clone, Copy)]
pub struct By<C>(C);

impl<R> Watch<R> for Unwatched {
    const LOOKS: bool = false;

    #[inline]
    fn class(&self, _: &R) -> Option<Class> {
        None
    }
}

impl<R, C: Fn(&R) -> Option<Class>> Watch<R> for By<C> {
    const LOOKS: bool = true;

    #[inline]
    fn class(&self, outcome: &R) -> Option<Class> {
        self.0(outcome)
    }
}

impl<'b> Layer<'b> {
    /// Marks the rejections of this layer.
    #[inline]
    pub const fn tag(self, tag: u8) -> Self {
        Self { tag, ..self }
    }

    /// Learns from the call, if the bulkhead is adaptive.
    #[inline]
    pub const fn watching(self) -> Watching<'b> {
        Watching(self)
    }

    /// The call under this bulkhead, which is asked for a place at the first poll.
    #[inline]
    pub const fn around<F, R>(self, call: F) -> Around<'b, F, Unwatched>
    where
        F: Future<Output = Flow<R>>,
    {
        Around { call, guard: Guard::new(self.bulkhead), waiting: None, tag: self.tag, watch: Unwatched }
    }

    /// Makes the call under this bulkhead.
    #[inline]
    pub fn run<R>(self, call: impl FnOnce() -> Flow<R>) -> Flow<R> {
        self.run_in(|_| call())
    }

    /// Makes the call, which is told where it has its place.
    #[inline]
    fn run_in<R>(self, call: impl FnOnce(&Bulkhead) -> Flow<R>) -> Flow<R> {
        let mut bulkhead = self.bulkhead;
        if !bulkhead.try_enter() {
            match bulkhead.block() {
                Ok(there) => bulkhead = there,
                Err(rejection) => return rejected(rejection, self.tag),
            }
        }
        let _place = Place::taken(bulkhead);
        call(bulkhead)
    }
}

impl<'b> Watching<'b> {
    /// The call under this bulkhead, its outcome classified by `class`. The call comes first, so that the type of the
    /// outcome is known where the closure needs it.
    #[inline]
    pub const fn around<F, R, C>(self, call: F, class: C) -> Around<'b, F, By<C>>
    where
        F: Future<Output = Flow<R>>,
        C: Fn(&R) -> Option<Class>,
    {
        Around { call, guard: Guard::new(self.0.bulkhead), waiting: None, tag: self.0.tag, watch: By(class) }
    }

    /// Makes the call under this bulkhead, its outcome classified by `class`.
    #[inline]
    pub fn run<R>(self, call: impl FnOnce() -> Flow<R>, class: impl Fn(&R) -> Option<Class>) -> Flow<R> {
        self.0.run_in(|bulkhead| {
            let began = bulkhead.began();
            let outcome = call();
            if let Some(began) = began {
                bulkhead.ended(began, said(&By(class), &outcome));
            }
            outcome
        })
    }
}

#[cold]
fn rejected<R>(rejection: Rejection, tag: u8) -> Flow<R> {
    Flow::Rejected(rejection.with_tag(tag))
}

pin_project! {
    /// A call under a bulkhead.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Around<'b, F, W> {
        // Before the guard, so that it is dropped before its place is free.
        #[pin]
        call: F,
        guard: Guard<'b>,
        waiting: Option<Pin<Box<Waiting<'b>>>>,
        tag: u8,
        watch: W,
    }
}

impl<R, F, W> Future for Around<'_, F, W>
where
    F: Future<Output = Flow<R>>,
    W: Watch<R>,
{
    type Output = Flow<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow<R>> {
        let this = self.project();
        let guard = this.guard;
        if !guard.is_running() && !guard.enter(W::LOOKS) {
            if guard.is_over() {
                // Asked again after the end, it does not run again.
                return Poll::Pending;
            }
            guard.give_up();
            // What is outlined takes the waiting by value and gives it back: see the guard.
            let waited = match this.waiting.take() {
                Some(waiting) => waiting.go_on(cx),
                None => guard.bulkhead.begin_to_wait(cx),
            };
            match waited {
                Waited::Entered(there) => {
                    guard.bulkhead = there;
                    guard.run(W::LOOKS);
                }
                Waited::Pending(waiting) => {
                    guard.wait();
                    *this.waiting = Some(waiting);
                    return Poll::Pending;
                }
                Waited::Rejected(rejection) => return Poll::Ready(rejected(rejection, *this.tag)),
            }
        }
        let under_way = UnderWay(guard);
        let Poll::Ready(outcome) = this.call.poll(cx) else {
            mem::forget(under_way);
            return Poll::Pending;
        };
        if W::LOOKS
            && let Some(began) = under_way.0.began()
        {
            under_way.0.bulkhead.ended(began, said(this.watch, &outcome));
        }
        drop(under_way);
        Poll::Ready(outcome)
    }
}

/// The call's own poll. Dropped, the call has ended, or panicked: the place is free at once, also where somebody keeps
/// the future.
struct UnderWay<'a, 'b>(&'a mut Guard<'b>);

impl Drop for UnderWay<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// A success answers. Any other answer may have come sooner than the work takes, and a failure says nothing of how much
/// the dependency can do, but for one that asks for less. Of the policies beneath only a timeout tells that the
/// dependency was asked.
fn said<R>(watch: &impl Watch<R>, outcome: &Flow<R>) -> Said {
    match outcome {
        Flow::Returned(outcome) => match watch.class(outcome) {
            None => Said::Answered,
            Some(Class::Throttled { .. }) => Said::Overloaded,
            Some(Class::Transient { .. } | Class::Permanent | Class::Neutral) => Said::Nothing,
        },
        Flow::Rejected(rejection) if rejection.is_timeout() => Said::Overloaded,
        Flow::Rejected(_) => Said::Nothing,
    }
}
