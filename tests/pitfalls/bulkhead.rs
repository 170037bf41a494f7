//! P35: places that are lost, given twice, overtaken, or kept for nothing.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use steadfast::{Bulkhead, bulkhead, retry};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::common::{Answer, Error, millis, poll_once, timed};

fn is_full(outcome: &Answer) -> bool {
    matches!(outcome, Err(Error::Rejected(rejection)) if rejection.is_bulkhead_full())
}

static PLACES: Bulkhead = Bulkhead::new(1).max_wait(Duration::from_secs(1)).max_queue(10);

#[bulkhead(PLACES)]
async fn in_places(number: u32) -> Answer {
    sleep(millis(10)).await;
    Ok(number)
}

/// Callers that go away at every step: before, waiting, granted, running.
#[tokio::test(start_paused = true)]
async fn p35_no_place_is_lost_with_its_caller() {
    for round in 0..100 {
        let mut running = Box::pin(in_places(1));
        let mut granted = Box::pin(in_places(2));
        let mut waiting = Box::pin(in_places(3));
        let unpolled = Box::pin(in_places(4));
        assert!(poll_once(&mut running).await.is_pending(), "round {round}");
        assert!(poll_once(&mut granted).await.is_pending());
        assert!(poll_once(&mut waiting).await.is_pending());
        let mut calls = vec![running, granted, waiting, unpolled];
        // Another one goes first each time, and then the others from there.
        while !calls.is_empty() {
            drop(calls.remove(round % calls.len()));
        }
        assert_eq!((PLACES.running(), PLACES.waiting()), (0, 0), "round {round}");
    }
    assert_eq!(in_places(5).await, Ok(5));
}

static INSIDE: AtomicU32 = AtomicU32::new(0);
static MOST: AtomicU32 = AtomicU32::new(0);

#[bulkhead(max_concurrent = 7, max_wait = "1h", max_queue = 2_000)]
async fn crowded(number: u32) -> Answer {
    MOST.fetch_max(INSIDE.fetch_add(1, SeqCst) + 1, SeqCst);
    for _ in 0..number % 5 {
        tokio::task::yield_now().await;
    }
    INSIDE.fetch_sub(1, SeqCst);
    Ok(number)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p35_no_place_is_given_twice() {
    let mut calls: JoinSet<_> = (0..2_000).map(crowded).collect();
    let mut sum = 0;
    while let Some(answer) = calls.join_next().await {
        sum += answer.unwrap().unwrap();
    }
    assert_eq!(sum, 1_999_000, "each of them has run");
    assert!(MOST.load(SeqCst) <= 7, "{MOST:?}");
}

#[bulkhead(max_concurrent = 1, max_wait = "10s", max_queue = 2)]
async fn in_turn(after: Duration) -> Answer {
    sleep(after).await;
    Ok(1)
}

/// One that comes when a place is just free, and others wait, comes after them.
#[tokio::test(start_paused = true)]
async fn p35_a_newcomer_does_not_overtake_the_queue() {
    let newcomer = async {
        sleep(millis(100)).await;
        timed(in_turn(millis(5))).await
    };
    let (first, second, third) = tokio::join!(in_turn(millis(100)), in_turn(millis(50)), newcomer);
    assert_eq!((first, second), (Ok(1), Ok(1)));
    assert_eq!(third, (Ok(1), millis(55)), "after the second");
}

#[retry(attempts = 2, backoff = fixed("1s"), jitter = none)]
#[bulkhead(SHARED)]
async fn retried(fails: &mut u32) -> Answer {
    assert_eq!(SHARED.running(), 1);
    if *fails == 0 {
        return Ok(1);
    }
    *fails -= 1;
    Err(Error::Body)
}

static SHARED: Bulkhead = Bulkhead::new(1);

#[tokio::test(start_paused = true)]
async fn p35_a_retry_keeps_no_place_while_it_sleeps() {
    let mut fails = 1;
    let mut call = Box::pin(retried(&mut fails));
    assert!(poll_once(&mut call).await.is_pending());
    assert_eq!(SHARED.running(), 0, "it sleeps");
    let place = SHARED.try_acquire().unwrap();
    assert!(is_full(&call.await));
    drop(place);
    let mut fails = 1;
    assert_eq!(timed(retried(&mut fails)).await, (Ok(1), Duration::from_secs(1)));
}

static MOVING: Bulkhead = Bulkhead::adaptive(1, 60).initial(8).max_wait(Duration::from_secs(3)).max_queue(200);
static CAPACITY: AtomicU32 = AtomicU32::new(20);
static ARRIVED: AtomicU32 = AtomicU32::new(0);
static LAST_TO_ENTER: AtomicU32 = AtomicU32::new(0);
static ENTERED: AtomicU32 = AtomicU32::new(0);

#[bulkhead(MOVING)]
async fn in_a_moving_limit(number: u32, waits: bool) -> Answer {
    ENTERED.fetch_add(1, SeqCst);
    assert!(waits || MOVING.running() <= MOVING.limit(), "{MOVING:?}");
    let before = LAST_TO_ENTER.swap(number, SeqCst);
    assert!(before < number, "{number} overtook {before}");
    let capacity = CAPACITY.load(SeqCst);
    sleep(millis(100) * MOVING.running().max(capacity) / capacity).await;
    Ok(number)
}

/// A limit that grows and shrinks all the time, and callers that go at any moment: nobody enters above the limit or out
/// of turn, and no place is lost.
#[tokio::test(start_paused = true)]
async fn p35_nor_where_the_limit_moves() {
    let mut callers = JoinSet::new();
    for caller in 0..150_u32 {
        callers.spawn(async move {
            for round in 0..60 {
                let number = ARRIVED.fetch_add(1, SeqCst) + 1;
                let waits = MOVING.waiting() > 0 || MOVING.running() >= MOVING.limit();
                // Some go while they wait, some while they run, and most not at all.
                let patience = millis(u64::from((caller * 7 + round * 13) % 50) * 40);
                if let Ok(Err(error)) = tokio::time::timeout(patience, in_a_moving_limit(number, waits)).await {
                    assert!(is_full(&Err(error)));
                }
                sleep(millis(1)).await;
            }
        });
    }
    let mut limits = Vec::new();
    for capacity in [40, 3, 20, 1, 40, 2] {
        CAPACITY.store(capacity, SeqCst);
        for _ in 0..20 {
            sleep(millis(250)).await;
            limits.push(MOVING.limit());
            assert!(MOVING.waiting() == 0 || MOVING.running() >= MOVING.limit(), "{MOVING:?}");
        }
    }
    limits.dedup();
    assert!(limits.len() > 20, "{limits:?}");
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    assert!(ENTERED.load(SeqCst) > 2_000, "{ENTERED:?}");
    assert_eq!((MOVING.running(), MOVING.waiting()), (0, 0));
    let places: Vec<_> = (0..100).filter_map(|_| MOVING.try_acquire().ok()).collect();
    assert_eq!(places.len(), MOVING.limit() as usize);
}
