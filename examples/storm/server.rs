//! The server: a queue, and workers that take from it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use steadfast::{Classify, Rejection};
use tokio::sync::oneshot::{Sender, channel};
use tokio::time::{Instant, interval, sleep};

/// Requests that the server answers in a second, when it is well and in the outage. Users ask some 200 times a second.
const WELL: usize = 300;
const IN_OUTAGE: usize = 30;

/// It crashes at ten seconds: connections and queue are lost. It is up again at once with one worker of ten, and the
/// other nine follow twenty seconds later.
pub const OUTAGE: Range<Duration> = Duration::from_secs(10)..Duration::from_secs(30);

/// How many requests may wait. That is a second and a half when the server is well, and a client waits for one second:
/// a full queue is full of requests whose clients will have gone when their turn comes.
const QUEUE: usize = 450;

/// Where the queue is full, it takes no longer to say so.
const REFUSAL: Duration = Duration::from_millis(5);

/// The workers take from the queue so often.
const TICK: Duration = Duration::from_millis(10);
const TICKS_IN_SECOND: usize = 100;

/// Requests that are answered in a second, at that time.
pub fn capacity(at: Duration) -> usize {
    if OUTAGE.contains(&at) { IN_OUTAGE } else { WELL }
}

/// Why there is no answer. An error that says nothing of itself is transient, so all policies take these for failures.
#[derive(Debug, thiserror::Error, Classify)]
pub enum Error {
    /// It has no room for another request.
    #[error("the queue is full")]
    Full,
    /// It crashed with the request in its queue.
    #[error("the connection is lost")]
    Lost,
    /// A policy answered instead.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

/// Times are those since its start.
#[derive(Debug)]
pub struct Server {
    start: Instant,
    queue: RefCell<VecDeque<Sender<()>>>,
    log: RefCell<Log>,
}

/// What the server saw.
#[derive(Debug, Default)]
pub struct Log {
    /// When it was called.
    pub calls: Vec<Duration>,
    /// When it had done the work for a request, and whether anybody still waited for the answer.
    pub done: Vec<(Duration, bool)>,
}

impl Server {
    /// With an empty queue.
    pub fn start() -> Self {
        Self { start: Instant::now(), queue: RefCell::default(), log: RefCell::default() }
    }

    /// How long it has been running.
    pub fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// One request. Whoever drops the future has given up, which the server does not notice.
    ///
    /// # Errors
    /// A full queue, or a crash.
    pub async fn ask(&self) -> Result<(), Error> {
        self.log.borrow_mut().calls.push(self.now());
        if self.queue.borrow().len() >= QUEUE {
            sleep(REFUSAL).await;
            return Err(Error::Full);
        }
        let (sender, answer) = channel();
        self.queue.borrow_mut().push_back(sender);
        answer.await.map_err(|_| Error::Lost)
    }

    /// The workers. An answer takes the same work whether or not somebody waits for it.
    pub async fn work(&self) {
        let mut ticks = interval(TICK);
        let (mut ready, mut has_crashed) = (0, false);
        loop {
            ticks.tick().await;
            let now = self.now();
            if OUTAGE.contains(&now) && !has_crashed {
                has_crashed = true;
                self.queue.borrow_mut().clear();
            }
            // In parts of a request, since a tick is less than one in the outage.
            ready += capacity(now);
            while ready >= TICKS_IN_SECOND {
                let Some(client) = self.queue.borrow_mut().pop_front() else {
                    // Work that nobody asked for is not saved up.
                    ready = 0;
                    break;
                };
                ready -= TICKS_IN_SECOND;
                let is_useful = client.send(()).is_ok();
                self.log.borrow_mut().done.push((now, is_useful));
            }
        }
    }

    /// Hands over the log, and keeps nothing.
    pub fn take_log(&self) -> Log {
        self.log.take()
    }
}
