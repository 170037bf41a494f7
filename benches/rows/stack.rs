//! Four policies on one function.

use steadfast::{circuit_breaker, fallback, retry, timeout};

use super::body::{Answer, after_one_wait, answer, at_once, plain, plain_sync, plain_waits};
use crate::contest::{Costs, OURS, PLAIN, Row, ready, sync, waits};

#[fallback(Ok(0))]
#[retry]
#[circuit_breaker]
#[timeout("1s")]
async fn four(n: u32) -> Answer {
    at_once(n).await
}

#[fallback(Ok(0))]
#[retry]
#[circuit_breaker(failure_rate = 0.5)]
#[timeout("1s")]
async fn four_rate(n: u32) -> Answer {
    at_once(n).await
}

#[fallback(Ok(0))]
#[timeout("10s")]
#[retry]
#[circuit_breaker]
#[timeout("1s")]
async fn five(n: u32) -> Answer {
    at_once(n).await
}

#[fallback(Ok(0))]
#[retry]
#[circuit_breaker]
#[timeout("1s")]
async fn four_waits(n: u32) -> Answer {
    after_one_wait(n).await
}

#[fallback(Ok(0))]
#[retry]
#[circuit_breaker]
fn three_sync(n: u32) -> Answer {
    answer(n)
}

pub(super) fn rows() -> Vec<Row> {
    let costs = |instructions, size| Costs { instructions, size: Some(size), ..Costs::default() };
    let ready_row = |name, title, ours, [target, bound]: [Costs; 2]| Row {
        name,
        title,
        target,
        bound,
        contestants: vec![ready!(PLAIN, plain), ours],
    };
    vec![
        ready_row(
            "stack",
            "fallback + retry + breaker + timeout",
            ready!(OURS, four),
            [costs(90, 128), costs(135, 128)],
        ),
        ready_row("stack-rate", "the same, failure rate", ready!(OURS, four_rate), [costs(120, 128), costs(135, 128)]),
        ready_row(
            "stack-total",
            "the same, and a total timeout",
            ready!(OURS, five),
            [costs(160, 128), costs(284, 168)],
        ),
        Row {
            name: "stack-waits",
            title: "the same, body waits once",
            target: Costs { instructions: 850, clock_reads: 2, locked: u64::MAX, size: None, ..Costs::default() },
            bound: Costs { instructions: 1266, clock_reads: 2, locked: u64::MAX, size: None, ..Costs::default() },
            contestants: vec![waits!(PLAIN, plain_waits), waits!(OURS, four_waits)],
        },
        Row {
            name: "stack-sync",
            title: "sync: fallback + retry + breaker",
            target: Costs { instructions: 40, ..Costs::default() },
            bound: Costs { instructions: 55, ..Costs::default() },
            contestants: vec![sync!(PLAIN, plain_sync), sync!(OURS, three_sync)],
        },
    ]
}
