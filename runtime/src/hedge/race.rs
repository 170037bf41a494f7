//! The calls side by side: which one wins, and how the others lose.

use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::layer::{First, FirstProjection, Others};
use super::measure::Measure;
use super::schedule::Schedule;
use crate::event::Decision;
use crate::scope::{self, Dropping};
use crate::{Class, Classify, Flow, Rejection};

/// Why an outcome does not win; `None` where it does.
#[inline]
pub(super) fn failure<R, X>(outcome: &Flow<R, X>, class: impl Fn(&R) -> Option<Class>) -> Option<Class>
where
    X: Copy + Into<Rejection>,
{
    match outcome {
        Flow::Returned(value) => class(value).filter(|class| *class != Class::Permanent),
        Flow::Rejected(rejection) => Some((*rejection).into().class()),
    }
}

/// As many calls start in one poll, and others in the next: calls that fail at once, over and over, must not hold up their
/// thread. Not by the cooperative budget, which a call under way may use up each time.
const AT_ONCE: u32 = 32;

/// The calls for the length of one poll. Dropped, it drops them all: one has won, or has panicked.
pub(super) struct Race<'a, 'p, M, F, C, O> {
    pub(super) first: Pin<&'a mut First<F, O>>,
    pub(super) others: &'a mut Others<F>,
    pub(super) schedule: &'a mut Schedule<'p>,
    pub(super) call: &'a M,
    pub(super) class: &'a C,
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
    pub(super) fn begin(mut self, failed: Option<(Flow<R, X>, Class)>, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        match failed {
            None => self.schedule.waits(),
            Some((outcome, class)) => self.failed(0, outcome, class),
        }
        self.start_others(cx)
    }

    #[cold]
    pub(super) fn go_on(mut self, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        match self.poll_all(cx) {
            Some((number, outcome)) => self.won(number, outcome),
            None => self.start_others(cx),
        }
    }

    /// A call has: the others have lost. The first call is number 0.
    fn won(self, number: usize, outcome: Flow<R, X>) -> Poll<Flow<R, X>> {
        if number > 0 {
            self.schedule.tell(|calls| Decision::HedgeWon { calls });
        }
        self.schedule.layer.hedge.count_call();
        self.schedule.first.lose();
        self.others.iter_mut().flatten().for_each(|(measure, _)| measure.lose());
        Poll::Ready(outcome)
    }

    /// Polls the calls under way. Of those that win in the same poll it is the one that started first.
    fn poll_all(&mut self, cx: &mut Context<'_>) -> Option<(usize, Flow<R, X>)> {
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
        best
    }

    /// The first call is number 0.
    fn poll_one(&mut self, number: usize, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        let call = match number.checked_sub(1) {
            None => match self.first.as_mut().project() {
                FirstProjection::Running { call } => Some((&mut self.schedule.first, call)),
                FirstProjection::Ended { .. } => None,
            },
            Some(number) => self.others[number].as_mut().map(|(measure, call)| (measure, call.as_mut())),
        };
        let Some((measure, call)) = call else { return Poll::Pending };
        let polled = measure.poll(call, cx);
        if let Poll::Ready(outcome) = &polled {
            measure.end(outcome);
        }
        polled
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
            self.schedule.tell(|call| Decision::Hedged { call });
            let mut measure = Measure::begin(self.schedule.layer, self.schedule.started);
            match measure.poll(call.as_mut(), cx) {
                Poll::Pending => {
                    self.others.push(Some((measure, call)));
                    self.schedule.waits();
                }
                Poll::Ready(outcome) => {
                    measure.end(&outcome);
                    match failure(&outcome, self.class) {
                        None => {
                            let number = 1 + self.others.len();
                            return self.won(number, outcome);
                        }
                        Some(class) => self.schedule.failed(class, true),
                    }
                }
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
            self.schedule.layer.hedge.count_call();
            return Poll::Ready(outcome);
        }
        mem::forget(self);
        Poll::Pending
    }
}

impl<M, F, C, O> Drop for Race<'_, '_, M, F, C, O> {
    fn drop(&mut self) {
        self.schedule.end();
        self.schedule.first.drop();
        let others = mem::take(self.others);
        let _lost = scope::drop_as(Dropping::Lost);
        // After the guard, so that they are dropped as such also where the drop of the first one panics.
        let _others = others;
        self.first.set(First::Ended { failure: None });
    }
}
