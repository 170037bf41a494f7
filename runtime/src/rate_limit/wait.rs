//! Waiting for a permit.

use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::coop;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{Rejection, clock, sleeper};

use super::queue::Place;

pin_project! {
    /// A wait until a permit is due.
    #[derive(Debug)]
    pub(super) struct Wait<'l> {
        // `None` after the end.
        place: Option<Place<'l>>,
        // When the timer ends, so that an earlier time is told from a later look at the clock.
        until: Option<Instant>,
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<'l> Wait<'l> {
    /// Boxed, so that it takes no room in the future of a call that passes at once.
    pub(super) fn new(place: Place<'l>) -> Pin<Box<Self>> {
        Box::pin(Self { place: Some(place), until: None, timer: None })
    }
}

impl Future for Wait<'_> {
    type Output = Result<(), Rejection>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Some(place) = this.place.as_ref() else { return Poll::Ready(Ok(())) };
        // Known to the queue before the timer is looked at, so that no earlier time is missed.
        let wait = match place.watch(cx.waker()) {
            Ok(wait) => wait,
            Err(rejection) => {
                *this.place = None;
                return Poll::Ready(Err(rejection));
            }
        };
        let until = clock::after(clock::now(), wait);
        if this.until.is_none() || until < *this.until {
            *this.until = until;
            this.timer.set(until.map(sleep_until));
        }
        // Unconstrained: a task that has used up its cooperative budget must not lose its turn by it.
        let is_due = wait.is_zero()
            || this
                .timer
                .as_mut()
                .as_pin_mut()
                .is_some_and(|timer| pin!(coop::unconstrained(timer)).poll(cx).is_ready());
        if !is_due {
            return Poll::Pending;
        }
        Poll::Ready(this.place.take().map_or(Ok(()), Place::pass))
    }
}

/// Blocks the thread until a permit is due.
#[cold]
pub(super) fn block(place: Place<'_>) -> Result<(), Rejection> {
    sleeper::sleep(place.wait());
    place.pass()
}
