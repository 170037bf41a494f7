//! The calls of a hedge, as the expansion and the value API use them.

use core::fmt;
use core::future::Future;
use core::mem::{self, ManuallyDrop};
use core::pin::Pin;
use core::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::Hedge;
use super::schedule::Schedule;
use crate::scope::{self, Dropping};
use crate::{Class, Classify, Flow, Rejection, RetryBudget};

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
    enum First<F, O> {
        Running { #[pin] call: F },
        // Its failure, which is the outcome where all calls fail.
        Ended { failure: Option<O> },
    }
}

/// What there is when the first call has waited, or failed. Dropped by hand, so that before there is no more to it than
/// a look.
struct Late<'p, F>(ManuallyDrop<Option<(Schedule<'p>, Others<F>)>>);

/// Calls after the first, in the order in which they started; `None` where one has failed in this poll.
type Others<F> = Vec<Option<Pin<Box<F>>>>;

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
        if let Some(budget) = this.layer.budget {
            budget.count();
        }
        let FirstProjection::Running { call: first } = this.first.as_mut().project() else { return Poll::Pending };
        let failed = match first.poll(cx) {
            Poll::Ready(outcome) => match failure(&outcome, class) {
                None => return Poll::Ready(outcome),
                Some(class) => Some((outcome, class)),
            },
            Poll::Pending => None,
        };
        let (schedule, others) = this.late.0.insert((Schedule::new(*this.layer), Vec::new()));
        Race { first: this.first, others, schedule, call, class }.begin(failed, cx)
    }
}

/// Why an outcome does not win; `None` where it does.
#[inline]
fn failure<R, X>(outcome: &Flow<R, X>, class: impl Fn(&R) -> Option<Class>) -> Option<Class>
where
    X: Copy + Into<Rejection>,
{
    match outcome {
        Flow::Returned(value) => class(value).filter(|class| class.is_retryable()),
        Flow::Rejected(rejection) => Some((*rejection).into().class()),
    }
}

/// As many calls start in one poll, and others in the next: calls that fail at once, over and over, must not hold up their
/// thread. Not by the cooperative budget, which a call under way may use up each time.
const AT_ONCE: u32 = 32;

/// The calls for the length of one poll. Dropped, it drops them all: one has won, or has panicked.
struct Race<'a, 'p, M, F, C, O> {
    first: Pin<&'a mut First<F, O>>,
    others: &'a mut Others<F>,
    schedule: &'a mut Schedule<'p>,
    call: &'a M,
    class: &'a C,
}

impl<R, X, M, F, C> Race<'_, '_, M, F, C, Flow<R, X>>
where
    M: Fn() -> F,
    F: Future<Output = Flow<R, X>>,
    X: Copy + Into<Rejection>,
    C: Fn(&R) -> Option<Class>,
{
    /// After the first poll of the first call, which has not won.
    #[cold]
    fn begin(mut self, failed: Option<(Flow<R, X>, Class)>, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        match failed {
            None => self.schedule.waits(),
            Some((outcome, class)) => self.failed(0, outcome, class),
        }
        self.start_others(cx)
    }

    #[cold]
    fn go_on(mut self, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        match self.poll_all(cx) {
            Some(outcome) => Poll::Ready(outcome),
            None => self.start_others(cx),
        }
    }

    /// Polls the calls under way. Of those that win in the same poll it is the one that started first.
    fn poll_all(&mut self, cx: &mut Context<'_>) -> Option<Flow<R, X>> {
        let calls = 1 + self.others.len();
        let turn = self.schedule.turn() % calls;
        let mut best: Option<(usize, Flow<R, X>)> = None;
        for number in (turn..calls).chain(0..turn) {
            if best.as_ref().is_some_and(|(better, _)| *better < number) {
                continue;
            }
            if let Poll::Ready(outcome) = self.poll_one(number, cx) {
                match failure(&outcome, self.class) {
                    None => best = Some((number, outcome)),
                    Some(class) => self.failed(number, outcome, class),
                }
            }
        }
        self.others.retain(Option::is_some);
        best.map(|(_, outcome)| outcome)
    }

    /// The first call is number 0.
    fn poll_one(&mut self, number: usize, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        let call = match number.checked_sub(1) {
            None => match self.first.as_mut().project() {
                FirstProjection::Running { call } => Some(call),
                FirstProjection::Ended { .. } => None,
            },
            Some(number) => self.others[number].as_mut().map(Pin::as_mut),
        };
        call.map_or(Poll::Pending, |call| call.poll(cx))
    }

    fn failed(&mut self, number: usize, outcome: Flow<R, X>, class: Class) {
        let is_newest = number == self.others.len();
        match number.checked_sub(1) {
            None => self.first.set(First::Ended { failure: Some(outcome) }),
            Some(number) => self.others[number] = None,
        }
        self.schedule.failed(class, is_newest);
    }

    /// Starts the calls that are due, and goes on to wait unless one of them wins, or all have failed.
    fn start_others(self, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        for _ in 0..AT_ONCE {
            let Some(start) = self.schedule.due(cx) else { return self.wait() };
            let mut call = Box::pin((self.call)());
            start.spend();
            match call.as_mut().poll(cx) {
                Poll::Pending => {
                    self.others.push(Some(call));
                    self.schedule.waits();
                }
                Poll::Ready(outcome) => match failure(&outcome, self.class) {
                    None => return Poll::Ready(outcome),
                    Some(class) => self.schedule.failed(class, true),
                },
            }
        }
        cx.waker().wake_by_ref();
        mem::forget(self);
        Poll::Pending
    }

    /// To be polled again when there is news, unless all calls have failed.
    fn wait(mut self) -> Poll<Flow<R, X>> {
        if self.others.is_empty()
            && self.schedule.is_over()
            && let FirstProjection::Ended { failure } = self.first.as_mut().project()
            && let Some(outcome) = failure.take()
        {
            return Poll::Ready(outcome);
        }
        mem::forget(self);
        Poll::Pending
    }
}

impl<M, F, C, O> Drop for Race<'_, '_, M, F, C, O> {
    fn drop(&mut self) {
        self.schedule.end();
        let others = mem::take(self.others);
        scope::drop_as(Dropping::Lost, || {
            // Here, so that they are dropped as such also where the drop of the first one panics.
            let _others = others;
            self.first.set(First::Ended { failure: None });
        });
    }
}

impl<M, F, C, O> fmt::Debug for Around<'_, M, F, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = usize::from(matches!(self.first, First::Running { .. }))
            + self.late.0.as_ref().map_or(0, |(_, others)| others.len());
        f.debug_struct("Around").field("layer", &self.layer).field("running", &running).finish_non_exhaustive()
    }
}
