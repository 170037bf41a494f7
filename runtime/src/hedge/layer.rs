//! The calls of a hedge, as the expansion and the value API use them.

use core::fmt;
use core::future::Future;
use core::mem;
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
        Around { first: First::Running { call: call() }, late: None, layer: self, call, class }
    }
}

pin_project! {
    /// Calls under a hedge. `O` is what `F` gives, as a parameter of its own: where the compiler looks whether the future
    /// around is `Send`, it has forgotten which lifetimes are the same, and could not find the output of `F` again.
    #[must_use = "futures do nothing unless polled"]
    pub struct Around<'p, M, F, C, O> {
        #[pin]
        first: First<F, O>,
        // `None` until the first call has waited or failed.
        late: Option<Late<'p, F>>,
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

struct Late<'p, F> {
    schedule: Schedule<'p>,
    /// The calls after the first, in the order in which they started; `None` where one has failed in this poll.
    others: Vec<Option<Pin<Box<F>>>>,
    /// Whether the newest call is under way; it is then the last of them.
    newest_waits: bool,
    /// Which call is the first to be polled: each in turn, so that none can use up the cooperative budget of the task
    /// before the others come to it.
    turn: usize,
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
        if let Some(late) = this.late {
            return Race { first: this.first, late, call, class }.go_on(cx);
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
        let late = this.late.insert(Late::new(*this.layer));
        Race { first: this.first, late, call, class }.begin(failed, cx)
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

impl<'p, F> Late<'p, F> {
    #[cold]
    const fn new(layer: Layer<'p>) -> Self {
        Self { schedule: Schedule::new(layer), others: Vec::new(), newest_waits: false, turn: 0 }
    }
}

/// The calls for the length of one poll. Dropped, it drops them all: one has won, or has panicked.
struct Race<'a, 'p, M, F, C, O> {
    first: Pin<&'a mut First<F, O>>,
    late: &'a mut Late<'p, F>,
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
        self.late.newest_waits = true;
        match failed {
            None => self.late.schedule.waits(),
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
        let calls = 1 + self.late.others.len();
        let turn = self.late.turn;
        self.late.turn = (turn + 1) % calls;
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
        self.late.others.retain(Option::is_some);
        best.map(|(_, outcome)| outcome)
    }

    /// The first call is number 0.
    fn poll_one(&mut self, number: usize, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        let call = match number.checked_sub(1) {
            None => match self.first.as_mut().project() {
                FirstProjection::Running { call } => Some(call),
                FirstProjection::Ended { .. } => None,
            },
            Some(number) => self.late.others[number].as_mut().map(Pin::as_mut),
        };
        call.map_or(Poll::Pending, |call| call.poll(cx))
    }

    fn failed(&mut self, number: usize, outcome: Flow<R, X>, class: Class) {
        let is_newest = self.late.newest_waits && number == self.late.others.len();
        if is_newest {
            self.late.newest_waits = false;
        }
        match number.checked_sub(1) {
            None => self.first.set(First::Ended { failure: Some(outcome) }),
            Some(number) => self.late.others[number] = None,
        }
        self.late.schedule.failed(class, is_newest);
    }

    /// Starts the calls that are due, and goes on to wait unless one of them wins, or all have failed.
    fn start_others(mut self, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        while let Some(start) = self.late.schedule.due(cx) {
            let mut call = Box::pin((self.call)());
            start.spend();
            match call.as_mut().poll(cx) {
                Poll::Pending => {
                    self.late.others.push(Some(call));
                    self.late.newest_waits = true;
                    self.late.schedule.waits();
                }
                Poll::Ready(outcome) => match failure(&outcome, self.class) {
                    None => return Poll::Ready(outcome),
                    Some(class) => self.late.schedule.failed(class, true),
                },
            }
        }
        if self.late.others.is_empty()
            && self.late.schedule.is_over()
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
        self.late.schedule.end();
        let others = mem::take(&mut self.late.others);
        scope::drop_as(Dropping::Lost, || {
            // Here, so that they are dropped as such also where the drop of the first one panics.
            let _others = others;
            self.first.set(First::Ended { failure: None });
        });
    }
}

impl<M, F, C, O> fmt::Debug for Around<'_, M, F, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = self.late.as_ref().map_or(0, |late| late.others.len());
        let running = usize::from(matches!(self.first, First::Running { .. })) + others;
        f.debug_struct("Around").field("layer", &self.layer).field("running", &running).finish_non_exhaustive()
    }
}
