//! A timeout over a body that is ready at once, and over one that waits once.

use steadfast::timeout;

use super::body::{Answer, after_one_wait, at_once, plain, plain_waits};
use crate::contest::{OURS, PLAIN, Row, Target, ready, waits};

#[timeout("1s")]
async fn ours(n: u32) -> Answer {
    at_once(n).await
}

#[timeout("1s")]
async fn ours_waits(n: u32) -> Answer {
    after_one_wait(n).await
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "timeout",
            title: "timeout, ready at once",
            target: Target { instructions: 15, ..Target::default() },
            contestants: vec![ready!(PLAIN, plain), ready!(OURS, ours)],
        },
        Row {
            name: "timeout-waits",
            title: "timeout, waits once",
            target: Target { instructions: 760, clock_reads: 1, locked: u64::MAX, ..Target::default() },
            contestants: vec![waits!(PLAIN, plain_waits), waits!(OURS, ours_waits)],
        },
    ]
}
