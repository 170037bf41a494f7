//! Time that is made up: what waits says until when, and the clock goes from one such moment to the next.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Who ends a call before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Caller,
    /// The timeout at this depth of the stack.
    Timeout(usize),
    /// The hedge around it, in which another call was better.
    Hedge,
}

#[derive(Debug, Clone)]
pub(super) enum Cut {
    At(Duration, By),
    /// With the other calls of its hedge, in one moment.
    Dropped(Rc<Cell<Option<By>>>),
}

/// What a call sees of those around it.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) attempt: Option<u32>,
    pub(super) deadline: Option<Duration>,
    /// The outermost first.
    pub(super) cuts: Vec<Cut>,
}

impl Scope {
    /// It is not asked any more, whatever it has come to in this moment.
    fn dropped(&self) -> Option<By> {
        self.cuts.iter().find_map(|cut| match cut {
            Cut::Dropped(by) => by.get(),
            Cut::At(..) => None,
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct Clock {
    pub(super) now: Cell<Duration>,
    /// When something is going to happen.
    moments: RefCell<Vec<Duration>>,
    /// Those at which what is asked just now goes on by itself, and is not ended by somebody around it.
    pub(super) own: RefCell<Vec<Duration>>,
    /// When a place was last given to somebody who waited for it.
    pub(super) handed_over: Cell<Option<Duration>>,
    /// Two calls of a hedge went on in one moment: they are asked in turns, and who comes first is nobody's concern.
    pub(super) is_open: Cell<bool>,
}

impl Clock {
    /// A moment at which to look again.
    pub(super) fn look_again_at(&self, moment: Duration) {
        if moment > self.now.get() {
            self.moments.borrow_mut().push(moment);
            self.own.borrow_mut().push(moment);
        }
    }

    /// Somebody who has looked already finds something else now.
    pub(super) fn look_again(&self) {
        self.moments.borrow_mut().push(self.now.get());
    }

    /// Who ends a call now. Where two come at the same time the inner one does, since it is asked first.
    pub(super) fn cut(&self, scope: &Scope) -> Option<By> {
        let mut is_own = true;
        scope.cuts.iter().rev().find_map(|cut| match cut {
            Cut::At(at, by) if *at <= self.now.get() => Some(*by),
            Cut::At(at, _) if is_own => {
                self.look_again_at(*at);
                None
            }
            Cut::At(at, _) => {
                self.moments.borrow_mut().push(*at);
                None
            }
            Cut::Dropped(_) => {
                // What stands above the hedge ends all of its calls.
                is_own = false;
                None
            }
        })
    }

    /// Until `look` finds something, unless somebody ends it before. What is found in the same moment wins.
    pub(super) async fn wait_for<T>(&self, scope: &Scope, look: impl Fn() -> Option<T>) -> Result<T, By> {
        poll_fn(|_| {
            if let Some(by) = scope.dropped() {
                return Poll::Ready(Err(by));
            }
            if let Some(found) = look() {
                return Poll::Ready(Ok(found));
            }
            self.cut(scope).map_or(Poll::Pending, |by| Poll::Ready(Err(by)))
        })
        .await
    }

    pub(super) async fn wait(&self, until: Duration, scope: &Scope) -> Result<(), By> {
        self.wait_for(scope, || {
            self.look_again_at(until);
            (until <= self.now.get()).then_some(())
        })
        .await
    }

    /// Lets `call` come to its end. `other` is told of each moment before it, and says when the next of its own is.
    pub(super) fn run<T>(
        &self,
        mut call: Pin<Box<dyn Future<Output = T> + '_>>,
        other: impl Fn(Duration) -> Option<Duration>,
    ) -> T {
        loop {
            let others = other(self.now.get());
            self.moments.borrow_mut().clear();
            if let Poll::Ready(output) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return output;
            }
            let moments = self.moments.borrow().iter().copied().chain(others).min();
            let next = moments.expect("somebody waits for something");
            self.now.set(next);
        }
    }
}
