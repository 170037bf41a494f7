//! A timeout over a body that is ready at once, and over one that waits once.

use std::time::Duration;

use steadfast::timeout;

use super::body::{Answer, Error, after_one_wait, at_once, plain, plain_waits};
use crate::contest::{Costs, OURS, PLAIN, Row, ready, waits};

#[timeout("1s")]
async fn ours(n: u32) -> Answer {
    at_once(n).await
}

#[timeout("1s")]
async fn ours_waits(n: u32) -> Answer {
    after_one_wait(n).await
}

async fn tokios(n: u32) -> Answer {
    tokio::time::timeout(SECOND, at_once(n)).await.unwrap_or(Err(Error::Failed))
}

async fn tokios_waits(n: u32) -> Answer {
    tokio::time::timeout(SECOND, after_one_wait(n)).await.unwrap_or(Err(Error::Failed))
}

const SECOND: Duration = Duration::from_secs(1);

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "timeout",
            title: "timeout, ready at once",
            target: Costs { instructions: 15, ..Costs::default() },
            bound: Costs { instructions: 15, ..Costs::default() },
            contestants: vec![ready!(PLAIN, plain), ready!(OURS, ours), ready!("tokio", tokios)],
        },
        Row {
            name: "timeout-waits",
            title: "timeout, waits once",
            target: Costs { instructions: 760, clock_reads: 2, locked: u64::MAX, ..Costs::default() },
            bound: Costs { instructions: 1173, clock_reads: 2, locked: u64::MAX, ..Costs::default() },
            contestants: vec![waits!(PLAIN, plain_waits), waits!(OURS, ours_waits), waits!("tokio", tokios_waits)],
        },
    ]
}
