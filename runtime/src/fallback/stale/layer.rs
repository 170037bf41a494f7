//! The last success around a call, as the expansion and the value API use it.

use core::borrow::Borrow;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use pin_project_lite::pin_project;

use crate::hook::tell;
use crate::key::{Key, KeyBytes};
use crate::{Class, Flow, Rejection};

use super::kept::{Keeper, Keeps};
use super::mark::Mark;
use super::{StaleEvent, StaleFallback};

/// The key of a call, which outlives the argument that it is made of.
#[inline]
pub fn key(key: &(impl Key + ?Sized)) -> KeyBytes {
    KeyBytes::of(key)
}

/// The last success around a call of the expansion.
#[inline]
pub const fn stale<K: Borrow<KeyBytes>>(policy: &StaleFallback, key: K) -> Layer<'_, K> {
    Layer { policy, key, max_age: policy.max_age, mark: None }
}

/// A stale fallback that stands around a call.
#[derive(Debug)]
#[must_use]
pub struct Layer<'s, K> {
    policy: &'s StaleFallback,
    key: K,
    max_age: Duration,
    mark: Option<&'s Mark>,
}

impl<'s, K: Borrow<KeyBytes>> Layer<'s, K> {
    /// Younger than this is young enough, whatever the policy's own setting.
    #[inline]
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age, ..self }
    }

    /// The answers of fallbacks beneath are no successes.
    #[inline]
    pub fn mark(self, mark: &'s Mark) -> Self {
        Self { mark: Some(mark), ..self }
    }

    /// The call with its last success to fall back on. `class` classifies its outcome, a permanent error goes outwards;
    /// `keeper` says what is kept of it, `on_stale` is told when it answers.
    #[inline]
    pub fn around<R, X, F>(
        self,
        call: F,
        class: impl FnOnce(&R) -> Option<Class>,
        keeper: impl FnOnce(Keeps<R>) -> Keeper<R>,
        on_stale: impl FnOnce(&StaleEvent<'_, R>),
    ) -> Around<F, impl FnOnce(Flow<R, X>) -> Flow<R, X>>
    where
        F: Future<Output = Flow<R, X>>,
        X: Copy + Into<Rejection>,
    {
        let began = self.begin();
        Around { call, settle: Some(move |outcome| self.settle(began, outcome, class, keeper, on_stale)) }
    }

    /// Makes the call with its last success to fall back on.
    #[inline]
    pub fn run<R, X>(
        self,
        call: impl FnOnce() -> Flow<R, X>,
        class: impl FnOnce(&R) -> Option<Class>,
        keeper: impl FnOnce(Keeps<R>) -> Keeper<R>,
        on_stale: impl FnOnce(&StaleEvent<'_, R>),
    ) -> Flow<R, X>
    where
        X: Copy + Into<Rejection>,
    {
        let began = self.begin();
        self.settle(began, call(), class, keeper, on_stale)
    }

    #[inline]
    fn begin(&self) -> u32 {
        if let Some(mark) = self.mark {
            mark.begin();
        }
        self.policy.begin(self.key.borrow())
    }

    /// Keeps a success, answers for a failure, and lets all else pass.
    #[inline]
    fn settle<R, X>(
        self,
        began: u32,
        outcome: Flow<R, X>,
        class: impl FnOnce(&R) -> Option<Class>,
        keeper: impl FnOnce(Keeps<R>) -> Keeper<R>,
        on_stale: impl FnOnce(&StaleEvent<'_, R>),
    ) -> Flow<R, X>
    where
        X: Copy + Into<Rejection>,
    {
        if !self.policy.is_enabled() {
            self.policy.count_passed();
            return outcome;
        }
        let keeper = keeper(Keeps(PhantomData));
        match &outcome {
            Flow::Returned(value) => match class(value) {
                None => {
                    if !self.mark.is_some_and(Mark::is_answered) {
                        self.keep(began, value, &keeper);
                    }
                    self.policy.count_passed();
                    outcome
                }
                Some(Class::Permanent) => {
                    self.policy.count_passed();
                    outcome
                }
                Some(_) => self.answer(outcome, &keeper, on_stale),
            },
            Flow::Rejected(_) => self.answer(outcome, &keeper, on_stale),
        }
    }

    #[inline]
    fn keep<R>(&self, began: u32, value: &R, keeper: &Keeper<R>) {
        let completion = self.policy.completion();
        // The user's `clone` runs here, and never under the lock.
        if let Some(kept) = (keeper.keep)(value) {
            self.policy.keep((keeper.kind)(), self.key.borrow(), began, completion, kept);
        }
    }

    #[cold]
    #[inline(never)]
    fn answer<R, X>(
        self,
        failure: Flow<R, X>,
        keeper: &Keeper<R>,
        on_stale: impl FnOnce(&StaleEvent<'_, R>),
    ) -> Flow<R, X>
    where
        X: Copy + Into<Rejection>,
    {
        let Self { policy, key, max_age, mark } = self;
        let max_age = policy.max_age_in_force(max_age);
        let last = policy.last((keeper.kind)(), key.borrow(), max_age);
        let answer = last.and_then(|(age, kept)| (keeper.answer)(&*kept).map(|answer| (age, answer)));
        let Some((age, answer)) = answer else {
            policy.count_passed();
            return failure;
        };
        if let Some(mark) = mark {
            mark.answers();
        }
        let told = match &failure {
            Flow::Returned(value) => Flow::Returned(value),
            Flow::Rejected(rejection) => Flow::Rejected((*rejection).into()),
        };
        policy.tell(age, told.rejection());
        tell(on_stale, &StaleEvent { age, failure: told, policy: policy.policy() });
        Flow::Returned(answer)
    }
}

pin_project! {
    /// A call with its last success to fall back on.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Around<F, S> {
        #[pin]
        call: F,
        // Taken at the end: asked again after that, it does not run again.
        settle: Option<S>,
    }
}

impl<R, X, F, S> Future for Around<F, S>
where
    F: Future<Output = Flow<R, X>>,
    S: FnOnce(Flow<R, X>) -> Flow<R, X>,
{
    type Output = Flow<R, X>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Flow<R, X>> {
        let this = self.project();
        if this.settle.is_none() {
            return Poll::Pending;
        }
        let outcome = ready!(this.call.poll(cx));
        match this.settle.take() {
            Some(settle) => Poll::Ready(settle(outcome)),
            None => Poll::Pending,
        }
    }
}
