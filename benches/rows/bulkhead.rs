//! A bulkhead with a free place.

use steadfast::bulkhead;

use super::body::{Answer, answer, at_once, plain, plain_sync};
use crate::contest::{OURS, PLAIN, Row, Target, ready, sync};

#[bulkhead(max_concurrent = 10)]
async fn ours(n: u32) -> Answer {
    at_once(n).await
}

#[bulkhead(max_concurrent = 10)]
fn ours_sync(n: u32) -> Answer {
    answer(n)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "bulkhead",
            title: "bulkhead, a place is free",
            target: Target { instructions: 40, locked: 2, ..Target::default() },
            contestants: vec![ready!(PLAIN, plain), ready!(OURS, ours)],
        },
        Row {
            name: "bulkhead-sync",
            title: "the same, sync",
            target: Target { instructions: 40, locked: 2, ..Target::default() },
            contestants: vec![sync!(PLAIN, plain_sync), sync!(OURS, ours_sync)],
        },
    ]
}
