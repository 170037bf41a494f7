//! A bulkhead with a free place.

use steadfast::bulkhead;
use tokio::sync::Semaphore;

use super::body::{Answer, Error, answer, at_once, plain, plain_sync};
use crate::contest::{Costs, OURS, PLAIN, Row, ready, sync};

#[bulkhead(max_concurrent = 10)]
async fn ours(n: u32) -> Answer {
    at_once(n).await
}

#[bulkhead(max_concurrent = 10)]
fn ours_sync(n: u32) -> Answer {
    answer(n)
}

async fn tokios(places: &Semaphore, n: u32) -> Answer {
    let Ok(_place) = places.try_acquire() else { return Err(Error::Failed) };
    at_once(n).await
}

static PLACES: Semaphore = Semaphore::const_new(10);

fn tokios_sync(n: u32) -> Answer {
    let Ok(_place) = PLACES.try_acquire() else { return Err(Error::Failed) };
    answer(n)
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row {
            name: "bulkhead",
            title: "bulkhead, a place is free",
            target: Costs { instructions: 40, locked: 2, ..Costs::default() },
            bound: Costs { instructions: 41, locked: 2, ..Costs::default() },
            contestants: vec![ready!(PLAIN, plain), ready!(OURS, ours), ready!("tokio", Semaphore::new(10), tokios)],
        },
        Row {
            name: "bulkhead-sync",
            title: "the same, sync",
            target: Costs { instructions: 40, locked: 2, ..Costs::default() },
            bound: Costs { instructions: 20, locked: 2, ..Costs::default() },
            contestants: vec![sync!(PLAIN, plain_sync), sync!(OURS, ours_sync), sync!("tokio", tokios_sync)],
        },
    ]
}
