//! What a stack of attributes works on: its policies, the script of its body, and what is seen of both.

use std::cell::RefCell;
use std::future::pending;
use std::panic::resume_unwind;
use std::time::Duration;

use steadfast::{Abandoned, Bulkhead, CircuitBreaker, RateLimit, Retry};
use steadfast_tests::{Answer, Error, pass};
use tokio::time::{Instant, sleep};

use crate::models::{bulkhead, circuit_breaker, rate_limit, retry};

/// The settings of two policies of each kind, and what the body does each time it runs.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) retries: [retry::reference::Settings; 2],
    pub(crate) breakers: [circuit_breaker::reference::Settings; 2],
    pub(crate) timeouts: [Duration; 2],
    pub(crate) bulkheads: [bulkhead::reference::Settings; 2],
    pub(crate) limits: [rate_limit::reference::Settings; 2],
    pub(crate) hedge: Hedge,
    pub(crate) fallbacks: [Substitute; 2],
    pub(crate) script: Vec<Step>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Hedge {
    pub(crate) after: Duration,
    pub(crate) attempts: u32,
}

/// The answer of a fallback.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Substitute {
    pub(crate) takes: Duration,
    pub(crate) answer: Answer,
}

/// What a run of the body does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) takes: Duration,
    pub(crate) does: Does,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Does {
    Return(Answer),
    /// Until somebody drops it. A function that blocks panics instead.
    Hang,
    Panic,
}

impl Plan {
    /// The last is repeated.
    pub(crate) fn step(&self, run: usize) -> Step {
        self.script[run.min(self.script.len() - 1)]
    }
}

/// What is seen when something begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Body { at: Duration, attempt: u32, deadline: Option<Duration> },
    Fallback { at: Duration, which: usize },
}

pub(crate) struct World {
    plan: Plan,
    began: Instant,
    pub(super) retries: [Retry; 2],
    pub(super) breakers: [CircuitBreaker; 2],
    pub(super) timeouts: [Duration; 2],
    pub(super) bulkheads: [Bulkhead; 2],
    pub(super) limits: [RateLimit; 2],
    pub(super) hedge: Hedge,
    pub(super) seen: RefCell<Vec<Seen>>,
}

impl World {
    pub(crate) fn new(plan: &Plan) -> Self {
        Self {
            plan: plan.clone(),
            began: Instant::now(),
            retries: plan.retries.map(|settings| settings.retry()),
            // The attribute of the second says what becomes of calls that were given up, and not this.
            breakers: [
                plan.breakers[0].breaker().name("B0"),
                plan.breakers[1].breaker().name("B1").abandoned(Abandoned::Neutral),
            ],
            timeouts: plan.timeouts,
            bulkheads: [plan.bulkheads[0].bulkhead().name("K0"), plan.bulkheads[1].bulkhead().name("K1")],
            limits: [plan.limits[0].limit().name("L0"), plan.limits[1].limit().name("L1")],
            hedge: plan.hedge,
            seen: RefCell::default(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn begin(&self) -> Step {
        let deadline = steadfast::deadline().map(|deadline| deadline - self.began);
        let run = self.seen.borrow().iter().filter(|seen| matches!(seen, Seen::Body { .. })).count();
        self.seen.borrow_mut().push(Seen::Body { at: self.now(), attempt: steadfast::attempt(), deadline });
        self.plan.step(run)
    }

    /// The body of every stack.
    pub(super) async fn body(&self) -> Answer {
        let Step { takes, does } = self.begin();
        wait(takes).await;
        match does {
            Does::Return(answer) => answer,
            Does::Hang => pending().await,
            Does::Panic => resume_unwind(Box::new("the body panics")),
        }
    }

    pub(super) fn body_blocking(&self) -> Answer {
        let Step { takes, does } = self.begin();
        pass(takes);
        match does {
            Does::Return(answer) => answer,
            Does::Hang | Does::Panic => resume_unwind(Box::new("the body panics")),
        }
    }

    fn begin_to_substitute(&self, which: usize) -> Substitute {
        self.seen.borrow_mut().push(Seen::Fallback { at: self.now(), which });
        self.plan.fallbacks[which]
    }

    pub(super) async fn substitute(&self, which: usize) -> Answer {
        let Substitute { takes, answer } = self.begin_to_substitute(which);
        wait(takes).await;
        answer
    }

    pub(super) fn substitute_blocking(&self, which: usize) -> Answer {
        let Substitute { takes, answer } = self.begin_to_substitute(which);
        pass(takes);
        answer
    }
}

async fn wait(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

/// What `when` says on the second retry.
pub(super) fn is_worth_it(error: &Error) -> bool {
    !matches!(error, Error::Io | Error::Permanent)
}
