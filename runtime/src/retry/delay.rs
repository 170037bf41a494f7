//! The wait between two attempts.

use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use core::time::Duration;

use tokio::task::coop;
use tokio::time::{Sleep, sleep};

use super::Token;
use crate::sleeper;

/// The wait between two attempts.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Delay<'b> {
    state: State,
    /// Given back to its budget where the delay does not end. Boxed, since most have none.
    token: Option<Box<Token<'b>>>,
}

#[derive(Debug)]
enum State {
    Fresh(Duration),
    /// Boxed, so that it takes no room in the future of a call that succeeds at once.
    Sleeping(Pin<Box<Sleep>>),
}

impl<'b> Delay<'b> {
    pub(super) fn new(duration: Duration, token: Option<Token<'b>>) -> Self {
        Self { state: State::Fresh(duration), token: token.map(Box::new) }
    }

    /// Blocks the thread for as long.
    #[cold]
    pub fn block(mut self) {
        match self.state {
            State::Fresh(duration) if !duration.is_zero() => sleeper::sleep(duration),
            _ => {}
        }
        self.spend();
    }

    /// What follows is the retry.
    fn spend(&mut self) {
        if let Some(token) = self.token.take() {
            token.spend();
        }
    }
}

impl Future for Delay<'_> {
    type Output = ();

    #[cold]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.state {
                // A timer would round it up to a millisecond. A unit of the cooperative budget instead keeps a call
                // that fails at once, over and over, from holding up its thread.
                State::Fresh(Duration::ZERO) => {
                    ready!(coop::poll_proceed(cx)).made_progress();
                    break;
                }
                State::Fresh(duration) => self.state = State::Sleeping(Box::pin(sleep(*duration))),
                State::Sleeping(timer) => {
                    ready!(pin!(coop::unconstrained(timer.as_mut())).poll(cx));
                    break;
                }
            }
        }
        self.spend();
        Poll::Ready(())
    }
}
