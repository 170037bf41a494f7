//! A rate limit with permits left.

use steadfast::rate_limit;

use super::body::{Answer, at_once, plain};
use crate::contest::{Costs, OURS, PLAIN, Row, ready};

#[rate_limit(permits = 1_000_000_000, per = "1s")]
async fn ours(n: u32) -> Answer {
    at_once(n).await
}

pub(super) fn rows() -> Vec<Row> {
    vec![Row {
        name: "rate-limit",
        title: "rate limit, a permit is left",
        target: Costs { instructions: 190, locked: 1, clock_reads: 1, ..Costs::default() },
        bound: Costs { instructions: 185, locked: 1, clock_reads: 1, ..Costs::default() },
        contestants: vec![ready!(PLAIN, plain), ready!(OURS, ours)],
    }]
}
