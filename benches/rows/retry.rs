//! A retry whose first attempt succeeds.

use steadfast::{RetryBudget, retry};

use super::body::{Answer, at_once, plain};
use crate::contest::{Costs, OURS, PLAIN, Row, ready};

#[retry]
async fn ours(n: u32) -> Answer {
    at_once(n).await
}

static BUDGET: RetryBudget = RetryBudget::new();

#[retry(budget = BUDGET)]
async fn with_budget(n: u32) -> Answer {
    at_once(n).await
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "retry",
            title: "retry, first attempt succeeds",
            target: Costs { instructions: 40, ..Costs::default() },
            bound: Costs { instructions: 24, ..Costs::default() },
            contestants: vec![ready!(PLAIN, plain), ready!(OURS, ours)],
        },
        Row {
            name: "retry-budget",
            title: "the same within a budget",
            target: Costs { instructions: 200, clock_reads: 1, locked: 1, ..Costs::default() },
            bound: Costs { instructions: 209, locked: 1, clock_reads: 1, ..Costs::default() },
            contestants: vec![ready!(PLAIN, plain), ready!(OURS, with_budget)],
        },
    ]
}
