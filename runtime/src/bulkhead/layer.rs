//! The bulkhead around a call, as the expansion and the value API use it.

use core::fmt;
use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::{Flow, Rejection};

use super::wait::{Waited, Waiting};
use super::{Bulkhead, Place};

/// A bulkhead around a call of the expansion.
#[inline]
pub const fn bulkhead(bulkhead: &Bulkhead) -> Layer<'_> {
    Layer { bulkhead, tag: 0 }
}

/// A bulkhead that stands around a call.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Layer<'b> {
    bulkhead: &'b Bulkhead,
    tag: u8,
}

impl<'b> Layer<'b> {
    /// Marks the rejections of this layer.
    #[inline]
    pub const fn tag(self, tag: u8) -> Self {
        Self { tag, ..self }
    }

    /// The call under this bulkhead, which is asked for a place at the first poll.
    #[inline]
    pub const fn around<F, R>(self, call: F) -> Around<'b, F>
    where
        F: Future<Output = Flow<R>>,
    {
        Around { call, stage: Stage::Ahead, layer: self }
    }

    /// Makes the call under this bulkhead.
    #[inline]
    pub fn run<R>(self, call: impl FnOnce() -> Flow<R>) -> Flow<R> {
        if !self.bulkhead.try_enter()
            && let Err(rejection) = self.bulkhead.block()
        {
            return self.rejected(rejection);
        }
        let _place = Place::taken(self.bulkhead);
        call()
    }

    #[cold]
    fn rejected<R>(self, rejection: Rejection) -> Flow<R> {
        Flow::Rejected(rejection.with_tag(self.tag))
    }
}

pin_project! {
    /// A call under a bulkhead.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Around<'b, F> {
        // Before the stage, so that it is dropped before its place is free.
        #[pin]
        call: F,
        stage: Stage<'b>,
        layer: Layer<'b>,
    }
}

/// How far a call has come. What is outlined takes it by value and gives it back, so that it can be kept in registers,
/// and what is known of it holds until the end.
enum Stage<'b> {
    Ahead,
    Waiting(Pin<Box<Waiting<'b>>>),
    Running(#[expect(dead_code, reason = "held, and not looked at")] Place<'b>),
    Over,
}

impl<R, F> Future for Around<'_, F>
where
    F: Future<Output = Flow<R>>,
{
    type Output = Flow<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow<R>> {
        let this = self.project();
        let (stage, layer) = (this.stage, *this.layer);
        if matches!(stage, Stage::Ahead) && layer.bulkhead.try_enter() {
            *stage = Stage::Running(Place::taken(layer.bulkhead));
        } else if !matches!(stage, Stage::Running(_)) {
            let waited = match mem::replace(stage, Stage::Over) {
                Stage::Ahead => layer.bulkhead.begin_to_wait(cx),
                Stage::Waiting(waiting) => waiting.go_on(cx),
                // Asked again after the end, it does not run again.
                Stage::Running(_) | Stage::Over => return Poll::Pending,
            };
            match waited {
                Waited::Entered => *stage = Stage::Running(Place::taken(layer.bulkhead)),
                Waited::Pending(waiting) => {
                    *stage = Stage::Waiting(waiting);
                    return Poll::Pending;
                }
                Waited::Rejected(rejection) => return Poll::Ready(layer.rejected(rejection)),
            }
        }
        let under_way = UnderWay(stage);
        let outcome = this.call.poll(cx);
        if outcome.is_pending() {
            mem::forget(under_way);
        }
        outcome
    }
}

/// The call's own poll. Dropped, the call has ended, or panicked: the place is free at once, also where somebody keeps
/// the future.
struct UnderWay<'a, 'b>(&'a mut Stage<'b>);

impl Drop for UnderWay<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        *self.0 = Stage::Over;
    }
}

impl fmt::Debug for Stage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ahead => "Ahead",
            Self::Waiting(_) => "Waiting",
            Self::Running(_) => "Running",
            Self::Over => "Over",
        })
    }
}
