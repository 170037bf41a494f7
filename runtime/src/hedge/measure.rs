//! How long each call takes, where somebody wants to know.

use core::pin::Pin;
use core::task::{Context, Poll};

use super::layer::Layer;
use crate::Flow;
use crate::percentile::Watch;
use crate::trace::Span;

/// The measuring of one call, and its span.
#[derive(Debug)]
pub(super) struct Measure(Option<Watch<'static>>, Span);

impl Measure {
    #[inline]
    pub(super) fn begin(layer: Layer<'_>, number: u32) -> Self {
        let mut watch = layer.hedge.after.percentile().map(Watch::new);
        if let Some(watch) = &mut watch {
            watch.begin();
        }
        Self(watch, Span::call(layer.hedge.name, number))
    }

    /// Polls the call.
    #[inline]
    pub(super) fn poll<F: Future>(&self, call: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _span = self.1.enter();
        call.poll(cx)
    }

    /// The call is given up, as one of a caller who goes away.
    pub(super) fn drop(&mut self) {
        self.0 = None;
    }

    /// The call is given up, since another one has won.
    pub(super) fn lose(&mut self) {
        if let Some(watch) = &mut self.0 {
            watch.lose();
        }
    }

    #[inline]
    pub(super) fn end<R, X>(&mut self, outcome: &Flow<R, X>) {
        if let Some(watch) = &mut self.0 {
            watch.end(matches!(outcome, Flow::Returned(_)));
        }
    }
}
