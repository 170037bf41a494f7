//! The limit around a call, as the expansion and the value API use it.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::{Flow, Rejection};

use super::RateLimit;
use super::wait::{Wait, block};

/// A limit around a call of the expansion.
#[inline]
pub const fn rate_limit(limit: &RateLimit) -> Layer<'_> {
    Layer { limit, tag: 0 }
}

/// A limit that stands around a call.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Layer<'l> {
    limit: &'l RateLimit,
    tag: u8,
}

impl<'l> Layer<'l> {
    /// Marks the rejections of this layer.
    #[inline]
    pub const fn tag(self, tag: u8) -> Self {
        Self { tag, ..self }
    }

    /// The call under this limit, which is asked at the first poll.
    #[inline]
    pub const fn around<R, F>(self, call: F) -> Around<'l, F>
    where
        F: Future<Output = Flow<R>>,
    {
        Around { call, gate: Gate::Ahead, layer: self }
    }

    /// Makes the call under this limit.
    #[inline]
    pub fn run<R>(self, call: impl FnOnce() -> Flow<R>) -> Flow<R> {
        if !self.limit.take()
            && let Err(rejection) = self.wait()
        {
            return Flow::Rejected(rejection);
        }
        call()
    }

    #[cold]
    #[inline(never)]
    fn wait(self) -> Result<(), Rejection> {
        let place = self.limit.line_up();
        let passed = place.and_then(|place| {
            place.map_or(Ok(()), |place| {
                block(place).map_err(|rejection| self.limit.told(rejection))?;
                self.limit.count_admitted();
                Ok(())
            })
        });
        passed.map_err(|rejection| rejection.with_tag(self.tag))
    }
}

pin_project! {
    /// A call under a limit.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Around<'l, F> {
        #[pin]
        call: F,
        gate: Gate<'l>,
        layer: Layer<'l>,
    }
}

/// How far the call is.
#[derive(Debug)]
enum Gate<'l> {
    Ahead,
    Waiting(Pin<Box<Wait<'l>>>),
    Passed,
    /// Asked again after a rejection, it does not run.
    Rejected,
}

impl<R, F> Future for Around<'_, F>
where
    F: Future<Output = Flow<R>>,
{
    type Output = Flow<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow<R>> {
        let this = self.project();
        match this.gate {
            Gate::Passed => {}
            Gate::Ahead if this.layer.limit.take() => *this.gate = Gate::Passed,
            gate => {
                if let Err(rejection) = ready!(gate.wait(*this.layer, cx)) {
                    return Poll::Ready(Flow::Rejected(rejection));
                }
            }
        }
        this.call.poll(cx)
    }
}

impl<'l> Gate<'l> {
    #[cold]
    #[inline(never)]
    fn wait(&mut self, layer: Layer<'l>, cx: &mut Context<'_>) -> Poll<Result<(), Rejection>> {
        if let Self::Ahead = self {
            *self = match layer.limit.line_up() {
                Ok(None) => Self::Passed,
                Ok(Some(place)) => Self::Waiting(Wait::new(place)),
                Err(rejection) => {
                    *self = Self::Rejected;
                    return Poll::Ready(Err(rejection.with_tag(layer.tag)));
                }
            };
        }
        let passed = match self {
            Self::Waiting(wait) => {
                let passed = ready!(wait.as_mut().poll(cx)).map_err(|rejection| layer.limit.told(rejection));
                if passed.is_ok() {
                    layer.limit.count_admitted();
                }
                passed
            }
            Self::Rejected => return Poll::Pending,
            Self::Ahead | Self::Passed => Ok(()),
        };
        *self = if passed.is_ok() { Self::Passed } else { Self::Rejected };
        Poll::Ready(passed.map_err(|rejection| rejection.with_tag(layer.tag)))
    }
}
