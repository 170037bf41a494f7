//! A breaker that is closed, in each of its ways to count, and one that is open.

use steadfast::{CircuitBreaker, circuit_breaker};

use super::body::{Answer, at_once, plain};
use crate::contest::{OURS, PLAIN, Row, Target, ready};

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
fn opened(calls: u32) {
    while OPEN.state() != steadfast::State::Open {
        let _ = crate::contest::poll_once(rejecting(u32::MAX));
    }
    (ready!(OURS, open).calls)(calls);
}

pub(super) fn rows() -> Vec<Row> {
    let row = |name, title, target, ours| Row { name, title, target, contestants: vec![ready!(PLAIN, plain), ours] };
    let mut rejection = ready!(OURS, open);
    rejection.calls = opened;
    vec![
        row(
            "breaker",
            "breaker, consecutive, closed",
            Target { instructions: 30, ..Target::default() },
            ready!(OURS, consecutive),
        ),
        row(
            "breaker-count",
            "breaker, count window, full, no failure",
            Target { instructions: 60, ..Target::default() },
            ready!(OURS, of_calls),
        ),
        row(
            "breaker-time",
            "breaker, time window",
            Target { instructions: 90, clock_reads: 1, locked: 1, ..Target::default() },
            ready!(OURS, of_a_time),
        ),
        row(
            "breaker-open",
            "breaker, open: rejection",
            Target { instructions: 200, clock_reads: 1, ..Target::default() },
            rejection,
        ),
    ]
}
