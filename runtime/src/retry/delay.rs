//! The wait between two attempts.

use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use core::time::Duration;

use tokio::task::coop;
use tokio::time::{Sleep, sleep};

use crate::sleeper;

/// The wait between two attempts.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Delay(State);

#[derive(Debug)]
enum State {
    Fresh(Duration),
    /// Boxed, so that it takes no room in the future of a call that succeeds at once.
    Sleeping(Pin<Box<Sleep>>),
}

impl Delay {
    pub(super) const fn new(duration: Duration) -> Self {
        Self(State::Fresh(duration))
    }

    /// Blocks the thread for as long.
    #[cold]
    pub fn block(self) {
        match self.0 {
            State::Fresh(duration) if !duration.is_zero() => sleeper::sleep(duration),
            _ => {}
        }
    }
}

impl Future for Delay {
    type Output = ();

    #[cold]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.0 {
                // A timer would round it up to a millisecond. A unit of the cooperative budget instead keeps a call
                // that fails at once, over and over, from holding up its thread.
                State::Fresh(Duration::ZERO) => {
                    ready!(coop::poll_proceed(cx)).made_progress();
                    return Poll::Ready(());
                }
                State::Fresh(duration) => self.0 = State::Sleeping(Box::pin(sleep(*duration))),
                State::Sleeping(timer) => return pin!(coop::unconstrained(timer.as_mut())).poll(cx),
            }
        }
    }
}
