//! The body of a function with what may take its place.

use core::any::type_name;
use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::sync::{Mutex, PoisonError};

use pin_project_lite::pin_project;

use super::parts::Parts;
use super::path;
use super::plan::{Plan, Wait};
use crate::Flow;
use crate::name::Name;

/// The body of a function, as faults find it.
pub struct Site<R> {
    place: Place,
    parts: Parts<R>,
}

/// How a test may call it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    function: Name,
    /// The names given to policies of its stack.
    names: &'static [&'static str],
}

impl Place {
    /// The path of the function.
    pub(super) fn function(&self) -> &'static str {
        self.function.as_str()
    }

    /// Whether `name` means it.
    pub(super) fn is(&self, name: &str) -> bool {
        name == "*" || self.names.contains(&name) || path::ends_in(self.function(), name)
    }
}

impl<R> Site<R> {
    /// In the function in which `closure` stands.
    pub const fn new<C: Fn()>(closure: &C, names: &'static [&'static str], parts: Parts<R>) -> Self {
        Self { place: Place { function: Name::inside(closure), names }, parts }
    }

    /// The innermost end of an async stack.
    pub const fn call<F: Future<Output = R>, X>(self, body: F) -> Body<F, X> {
        Body { call: body, site: self, state: Mutex::new(State::Unasked), rejection: PhantomData }
    }

    /// A body that runs once. Its closure is seen by the compiler as one that may give away what it captures.
    pub fn once<X>(self, body: impl FnOnce() -> R) -> impl FnOnce() -> Flow<R, X> {
        move || Flow::Returned(self.run(body))
    }

    /// A body that runs once an attempt. A closure that gives away what it captured is refused by the compiler here, at
    /// the variable.
    pub fn repeatable<X>(self, mut body: impl FnMut() -> R) -> impl FnMut() -> Flow<R, X> {
        move || Flow::Returned(self.run(&mut body))
    }

    /// The body of a blocking function, or what takes its place.
    fn run(&self, body: impl FnOnce() -> R) -> R {
        let Some(mut plan) = Plan::of(&self.place) else { return body() };
        plan.block();
        self.end(&plan).unwrap_or_else(body)
    }

    /// What takes the place of the body, if anything does.
    fn end(&self, plan: &Plan) -> Option<R> {
        let made = plan.end()?;
        let (wanted, kind) = (made.type_name, made.kind);
        let Some(result) = self.parts.put(made) else {
            let (function, returns) = (self.place.function(), type_name::<R>());
            if self.parts.can_take(kind) {
                panic!("{kind} of type `{wanted}` does not fit `{function}`, which returns `{returns}`");
            }
            panic!(
                "{kind} cannot be put into `{function}`, which returns `{returns}` here: there its type is a type \
                 parameter of the function or its `impl`, borrows, or has no name, so that no test can make it"
            )
        };
        Some(result)
    }
}

impl<R> fmt::Debug for Site<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Site").field("place", &self.place).finish_non_exhaustive()
    }
}

pin_project! {
    /// The body of a function as a flow, unless a fault takes its place.
    #[must_use = "futures do nothing unless polled"]
    pub struct Body<F: Future, X> {
        #[pin]
        call: F,
        site: Site<F::Output>,
        // Only ever reached by `get_mut`: what a fault holds must not take `Sync` and `UnwindSafe` off the future.
        state: Mutex<State>,
        rejection: PhantomData<fn() -> X>,
    }
}

enum State {
    /// Not polled yet.
    Unasked,
    /// Before what the plan ends in.
    Waits(Plan, Wait),
    /// The body runs.
    Runs,
}

impl<F: Future, X> fmt::Debug for Body<F, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("site", &self.site).finish_non_exhaustive()
    }
}

impl<F: Future, X> Future for Body<F, X> {
    type Output = Flow<F::Output, X>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let state = this.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let State::Unasked = state {
            // First, so that what panics below is not asked again.
            *state = State::Runs;
            if let Some(mut plan) = Plan::of(&this.site.place) {
                let wait = plan.wait();
                *state = State::Waits(plan, wait);
            }
        }
        if let State::Waits(_, wait) = state {
            ready!(wait.as_mut().poll(cx));
            if let State::Waits(plan, _) = core::mem::replace(state, State::Runs)
                && let Some(value) = this.site.end(&plan)
            {
                return Poll::Ready(Flow::Returned(value));
            }
        }
        this.call.poll(cx).map(Flow::Returned)
    }
}
