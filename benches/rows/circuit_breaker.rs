//! A breaker that is closed, in each of its ways to count, and one that is open.

use steadfast::{CircuitBreaker, circuit_breaker};

use super::body::{Answer, FAILS_FROM, at_once, plain};
use crate::contest::{Contestant, Costs, OURS, PLAIN, Row, poll_once, ready};

#[circuit_breaker]
async fn consecutive(n: u32) -> Answer {
    at_once(n).await
}

#[circuit_breaker(failure_rate = 0.5)]
async fn of_calls(n: u32) -> Answer {
    at_once(n).await
}

#[circuit_breaker(failure_rate = 0.5, window = "10s")]
async fn of_a_time(n: u32) -> Answer {
    at_once(n).await
}

static OPEN: CircuitBreaker = CircuitBreaker::new();

#[circuit_breaker(OPEN)]
async fn rejecting(n: u32) -> Answer {
    at_once(n).await
}

async fn open(n: u32) -> Answer {
    rejecting(n).await
}

/// Opened by failures, since a breaker that is forced open knows no time to come again.
fn opened() -> Contestant {
    let Contestant { name, calls: reject, size } = ready!(OURS, open);
    let calls = move |arguments| {
        while OPEN.state() != steadfast::State::Open {
            let _ = poll_once(rejecting(FAILS_FROM));
        }
        reject(arguments);
    };
    Contestant { name, calls: Box::new(calls), size }
}

pub(super) fn rows() -> Vec<Row> {
    let row = |name, title, target, bound, ours| Row {
        name,
        title,
        target,
        bound,
        contestants: vec![ready!(PLAIN, plain), ours],
    };
    vec![
        row(
            "breaker",
            "breaker, consecutive, closed",
            Costs { instructions: 30, ..Costs::default() },
            Costs { instructions: 39, ..Costs::default() },
            ready!(OURS, consecutive),
        ),
        row(
            "breaker-count",
            "breaker, count window, full, no failure",
            Costs { instructions: 60, ..Costs::default() },
            Costs { instructions: 39, ..Costs::default() },
            ready!(OURS, of_calls),
        ),
        row(
            "breaker-time",
            "breaker, time window",
            Costs { instructions: 90, clock_reads: 1, locked: 1, ..Costs::default() },
            Costs { instructions: 228, clock_reads: 1, locked: 1, ..Costs::default() },
            ready!(OURS, of_a_time),
        ),
        row(
            "breaker-open",
            "breaker, open: rejection",
            Costs { instructions: 200, clock_reads: 1, locked: 1, ..Costs::default() },
            Costs { instructions: 213, clock_reads: 1, locked: 1, ..Costs::default() },
            opened(),
        ),
    ]
}
