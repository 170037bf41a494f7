//! A hedge around calls, as the expansion and the value API use it. The first call is part of it; what is needed for
//! others is made when that has waited, or failed.

use core::fmt;
use core::future::Future;
use core::mem::{self, ManuallyDrop};
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Hedge;
use super::measure::Measure;
use super::race::{Race, failure};
use super::schedule::Schedule;
use crate::{Class, Flow, Rejection, RetryBudget};

/// A hedge around calls of the expansion.
#[inline]
pub const fn hedge(hedge: &Hedge) -> Layer<'_> {
    Layer { hedge, budget: hedge.budget }
}

/// A hedge that stands around calls.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Layer<'p> {
    pub(super) hedge: &'p Hedge,
    pub(super) budget: Option<&'p RetryBudget>,
}

impl<'p> Layer<'p> {
    /// A budget in the place of the policy's.
    #[inline]
    pub const fn within(self, budget: &'p RetryBudget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// The calls that `call` makes under this hedge, their outcomes classified by `class`. The first one is made here,
    /// and runs when it is polled.
    #[inline]
    pub fn around<R, X, F, M, C>(self, call: M, class: C) -> Around<'p, M, F, C, Flow<R, X>>
    where
        M: Fn() -> F, // `clone(..)` in the attribute gives each call its own
        F: Future<Output = Flow<R, X>>,
        C: Fn(&R) -> Option<Class>,
    {
        Around { first: First::Running { call: call() }, late: Late(ManuallyDrop::new(None)), layer: self, call, class }
    }
}

pin_project! {
    /// Calls under a hedge. `O` is what `F` gives, as a parameter of its own: where the compiler looks whether the future
    /// around is `Send`, it has forgotten which lifetimes are the same, and could not find the output of `F` again.
    #[must_use = "futures do nothing unless polled"]
    pub struct Around<'p, M, F, C, O> {
        #[pin]
        first: First<F, O>,
        late: Late<'p, F>,
        layer: Layer<'p>,
        call: M,
        class: C,
    }
}

pin_project! {
    #[project = FirstProjection]
    pub(super) enum First<F, O> {
        Running { #[pin] call: F },
        // Its failure, which is the outcome where all calls fail.
        Ended { failure: Option<O> },
    }
}

/// What there is when the first call has waited, or failed. Dropped by hand, so that before there is no more to it than
/// a look.
struct Late<'p, F>(ManuallyDrop<Option<(Schedule<'p>, Others<F>)>>);

/// Calls after the first, in the order in which they started; `None` where one has failed in this poll.
pub(super) type Others<F> = Vec<Option<(Measure, Pin<Box<F>>)>>;

impl<F> Drop for Late<'_, F> {
    #[inline]
    fn drop(&mut self) {
        if self.0.is_some() {
            self.clear();
        }
    }
}

impl<F> Late<'_, F> {
    #[cold]
    #[inline(never)]
    fn clear(&mut self) {
        drop(ManuallyDrop::into_inner(mem::replace(&mut self.0, ManuallyDrop::new(None))));
    }
}

impl<R, X, M, F, C> Future for Around<'_, M, F, C, Flow<R, X>>
where
    M: Fn() -> F,
    F: Future<Output = Flow<R, X>>,
    X: Copy + Into<Rejection>,
    C: Fn(&R) -> Option<Class>,
{
    type Output = Flow<R, X>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        let mut this = self.project();
        let (call, class) = (&*this.call, &*this.class);
        if let Some((schedule, others)) = &mut *this.late.0 {
            return Race { first: this.first, others, schedule, call, class }.go_on(cx);
        }
        if let Some(budget) = this.layer.budget
            && this.layer.hedge.is_enabled()
        {
            budget.count();
        }
        let FirstProjection::Running { call: first } = this.first.as_mut().project() else { return Poll::Pending };
        let mut measure = Measure::begin(*this.layer, 1);
        let failed = match measure.poll(first, cx) {
            Poll::Ready(outcome) => {
                measure.end(&outcome);
                match failure(&outcome, class) {
                    None => {
                        this.layer.hedge.count_call();
                        return Poll::Ready(outcome);
                    }
                    Some(class) => Some((outcome, class)),
                }
            }
            Poll::Pending => None,
        };
        let (schedule, others) = this.late.0.insert((Schedule::new(*this.layer, measure), Vec::new()));
        Race { first: this.first, others, schedule, call, class }.begin(failed, cx)
    }
}

impl<M, F, C, O> fmt::Debug for Around<'_, M, F, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = usize::from(matches!(self.first, First::Running { .. }))
            + self.late.0.as_ref().map_or(0, |(_, others)| others.len());
        f.debug_struct("Around").field("layer", &self.layer).field("running", &running).finish_non_exhaustive()
    }
}
