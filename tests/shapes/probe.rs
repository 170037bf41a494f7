//! A dependency that does as it is told, and the checks that a function which asks it goes through.

use std::cell::Cell;
use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use steadfast::Rejection;
use tokio::time::advance;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Error {
    /// The body's own.
    Body,
    /// From a fallback.
    Handled,
    Rejected(Rejection),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

#[derive(Clone, Copy)]
enum Mood {
    Well,
    Failing,
    Hanging,
}

/// Asked by each function once for each run of its body.
pub(crate) struct Probe {
    mood: Mood,
    runs: AtomicU32,
    dropped: AtomicU32,
}

/// What a function that is well gives.
pub(crate) const SEVEN: u32 = 7;

impl Probe {
    const fn new(mood: Mood) -> Self {
        Self { mood, runs: AtomicU32::new(0), dropped: AtomicU32::new(0) }
    }

    pub(crate) const fn well() -> Self {
        Self::new(Mood::Well)
    }

    pub(crate) const fn failing() -> Self {
        Self::new(Mood::Failing)
    }

    pub(crate) const fn hanging() -> Self {
        Self::new(Mood::Hanging)
    }

    pub(crate) async fn step(&self) -> Result<u32, Error> {
        // Waits once, so that every policy has to come back to the call.
        tokio::task::yield_now().await;
        if matches!(self.mood, Mood::Hanging) {
            let _dropped = CountDrop(&self.dropped);
            self.runs.fetch_add(1, Relaxed);
            pending::<()>().await;
        }
        self.step_now()
    }

    pub(crate) fn step_now(&self) -> Result<u32, Error> {
        self.runs.fetch_add(1, Relaxed);
        match self.mood {
            Mood::Failing => Err(Error::Body),
            Mood::Well | Mood::Hanging => Ok(SEVEN),
        }
    }

    /// How often a body has run.
    pub(crate) fn runs(&self) -> u32 {
        self.runs.load(Relaxed)
    }

    /// How many of the bodies that hang have been dropped.
    fn dropped(&self) -> u32 {
        self.dropped.load(Relaxed)
    }
}

struct CountDrop<'a>(&'a AtomicU32);

impl Drop for CountDrop<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// What a stack makes of a function.
#[derive(Clone, Copy)]
pub(crate) struct Stack {
    attempts: u32,
    /// A fallback stands outermost.
    handles: bool,
    breaks: bool,
    times_out: bool,
}

impl Stack {
    pub(crate) const PLAIN: Self = Self { attempts: 1, handles: false, breaks: false, times_out: false };
    pub(crate) const RETRY: Self = Self { attempts: 3, ..Self::PLAIN };
    pub(crate) const CIRCUIT_BREAKER: Self = Self { breaks: true, ..Self::PLAIN };
    pub(crate) const TIMEOUT: Self = Self { times_out: true, ..Self::PLAIN };
    pub(crate) const FALLBACK: Self = Self { handles: true, ..Self::PLAIN };
    pub(crate) const FULL: Self = Self { attempts: 3, handles: true, breaks: true, times_out: true };
    /// Another call starts when the first has failed.
    pub(crate) const HEDGE: Self = Self { attempts: 2, ..Self::PLAIN };
    pub(crate) const HEDGE_AROUND: Self = Self { breaks: true, times_out: true, ..Self::HEDGE };
    pub(crate) const HEDGE_AROUND_RETRY: Self = Self { attempts: 4, times_out: true, ..Self::PLAIN };
    pub(crate) const HEDGE_AMONG: Self = Self { attempts: 4, ..Self::FULL };
    pub(crate) const BLOCKING: Self = Self { times_out: false, ..Self::FULL };

    /// Whether the outcome is the failure of a body.
    fn gives_failure<T>(self, outcome: &Result<T, Error>) -> bool {
        matches!((outcome, self.handles), (Err(Error::Body), false) | (Err(Error::Handled), true))
    }

    /// Whether the outcome is a rejection.
    fn gives_rejection<T>(self, outcome: &Result<T, Error>, is: impl Fn(&Rejection) -> bool) -> bool {
        match outcome {
            Err(Error::Rejected(rejection)) => !self.handles && is(rejection),
            Err(Error::Handled) => self.handles,
            _ => false,
        }
    }
}

/// As many consecutive failures as open a breaker.
const THRESHOLD: u32 = 5;
/// As long as it stays open.
const RESET: Duration = Duration::from_secs(30);

/// Checks that `call` is under `stack`: that it succeeds in one run, what it makes of failures, that a body which hangs
/// is dropped, and that the circuit opens and closes.
pub(crate) async fn check(name: &str, stack: Stack, call: impl AsyncFn(&Probe) -> Result<u32, Error>) {
    succeeds(name, &call).await;
    if stack.times_out {
        let probe = Probe::hanging();
        let outcome = call(&probe).await;
        assert!(stack.gives_rejection(&outcome, Rejection::is_timeout), "{name}, hanging: {outcome:?}");
        assert_eq!((probe.runs(), probe.dropped()), (stack.attempts, stack.attempts), "{name}, hanging: runs, drops");
        succeeds(name, &call).await;
    }
    let probe = Probe::failing();
    let outcome = call(&probe).await;
    assert!(stack.gives_failure(&outcome), "{name}, failing: {outcome:?}");
    assert_eq!(probe.runs(), stack.attempts, "{name}, failing: runs");
    succeeds(name, &call).await;
    if stack.breaks {
        let probe = Probe::failing();
        loop {
            let before = probe.runs();
            let outcome = call(&probe).await;
            assert!(before < 2 * THRESHOLD, "{name}: the circuit never opens");
            if probe.runs() == before {
                assert!(stack.gives_rejection(&outcome, Rejection::is_circuit_open), "{name}, open: {outcome:?}");
                break;
            }
        }
        assert_eq!(probe.runs(), THRESHOLD, "{name}: runs until the circuit is open");
        advance(RESET).await;
        succeeds(name, &call).await;
    }
}

async fn succeeds(name: &str, call: &impl AsyncFn(&Probe) -> Result<u32, Error>) {
    let probe = Probe::well();
    assert_eq!(call(&probe).await, Ok(SEVEN), "{name}");
    assert_eq!(probe.runs(), 1, "{name}: runs");
}

/// As [`check`], for a function that blocks.
pub(crate) async fn check_blocking(name: &str, stack: Stack, call: impl Fn(&Probe) -> Result<u32, Error>) {
    check(name, stack, async |probe| call(probe)).await;
}

/// Compiles where `future` is `Send`.
pub(crate) fn send<T: Send>(future: T) -> T {
    future
}

/// Is not `Send`, and neither is a future that holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NotSend(std::rc::Rc<Cell<u32>>);
