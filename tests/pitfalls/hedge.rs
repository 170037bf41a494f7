//! P37: losers that go on running or count as failures, and a hedge beyond the budget that ends the first call.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use steadfast::{Abandoned, Bulkhead, CircuitBreaker, RetryBudget, State, bulkhead, circuit_breaker, hedge};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::common::{Answer, Error, millis, poll_once, timed};

/// Each call takes a time of its own, and notes that it has come to its end.
#[hedge(after = "50ms", attempts = 3)]
async fn racing(takes: &[u64], started: &AtomicU32, ended: &AtomicU32) -> Answer {
    let number = started.fetch_add(1, SeqCst);
    sleep(millis(takes[number as usize])).await;
    ended.fetch_add(1, SeqCst);
    Ok(number)
}

#[tokio::test(start_paused = true)]
async fn p37_losers_do_not_go_on() {
    for (takes, won, at) in [([1000, 1000, 10], 2, 110), ([1000, 70, 1000], 1, 120), ([110, 1000, 1000], 0, 110)] {
        let (started, ended) = Default::default();
        let mut call = Box::pin(racing(&takes, &started, &ended));
        assert_eq!(timed(call.as_mut()).await, (Ok(won), millis(at)));
        // Whether the future is still there or not.
        sleep(Duration::from_secs(5)).await;
        assert_eq!((started.load(SeqCst), ended.load(SeqCst)), (3, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn p37_nothing_goes_on_without_the_caller() {
    for after in [1, 60, 110] {
        let (started, ended) = Default::default();
        let mut call = Box::pin(racing(&[1000, 1000, 1000], &started, &ended));
        assert!(poll_once(&mut call).await.is_pending());
        let _ = tokio::time::timeout(millis(after), call).await;
        let before = started.load(SeqCst);
        sleep(Duration::from_secs(5)).await;
        assert_eq!((started.load(SeqCst), ended.load(SeqCst)), (before, 0), "dropped after {after} ms");
    }
}

static REPLICAS: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).abandoned(Abandoned::Failure);

#[hedge(after = "50ms")]
#[circuit_breaker(REPLICAS)]
async fn slow_at_first(calls: &AtomicU32) -> Answer {
    let number = calls.fetch_add(1, SeqCst);
    sleep(if number.is_multiple_of(2) { Duration::from_secs(5) } else { millis(1) }).await;
    Ok(number)
}

#[tokio::test(start_paused = true)]
async fn p37_losers_are_no_failures() {
    let calls = AtomicU32::new(0);
    for round in 0..20 {
        assert_eq!(slow_at_first(&calls).await, Ok(2 * round + 1));
        assert_eq!((REPLICAS.state(), REPLICAS.counts().consecutive_failures), (State::Closed, 0));
    }
    // A call that somebody else drops is one, by the setting.
    let _ = tokio::time::timeout(millis(10), slow_at_first(&calls)).await;
    assert_eq!(REPLICAS.state(), State::Open);
}

static BUDGET: RetryBudget = RetryBudget::new().ratio(0.0).min_per_second(0);

#[hedge(after = "50ms", budget = BUDGET)]
async fn within_nothing(calls: &AtomicU32) -> Answer {
    let number = calls.fetch_add(1, SeqCst);
    sleep(millis(100)).await;
    if number == 0 { Ok(7) } else { Err(Error::Body) }
}

#[tokio::test(start_paused = true)]
async fn p37_a_spent_budget_leaves_the_first_call_alone() {
    assert_eq!(timed(within_nothing(&AtomicU32::new(0))).await, (Ok(7), millis(100)));
    // And its failure is the outcome, at once.
    assert_eq!(timed(within_nothing(&AtomicU32::new(1))).await, (Err(Error::Body), millis(100)));
    assert_eq!(BUDGET.counts().refused, 2);
}

static PLACES: Bulkhead = Bulkhead::new(8);
static SHARED: RetryBudget = RetryBudget::new().ratio(0.25).min_per_second(0);
static MADE: AtomicU32 = AtomicU32::new(0);

#[hedge(after = "1ms", attempts = 4, budget = SHARED)]
#[bulkhead(PLACES)]
async fn crowded(number: u32) -> Answer {
    MADE.fetch_add(1, SeqCst);
    for _ in 0..number % 7 {
        tokio::task::yield_now().await;
    }
    if number.is_multiple_of(3) { Err(Error::Body) } else { Ok(number) }
}

/// Many at once on many threads, some of them dropped half way: no place is lost, and never are there more calls than
/// the budget grants.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p37_under_contention() {
    let mut calls = JoinSet::new();
    for number in 0..2_000 {
        calls.spawn(async move {
            if number % 5 == 0 {
                let _ = tokio::time::timeout(Duration::from_micros(number.into()), crowded(number)).await;
            } else {
                let _ = crowded(number).await;
            }
        });
    }
    while let Some(ended) = calls.join_next().await {
        ended.unwrap();
    }
    assert_eq!((PLACES.running(), PLACES.waiting()), (0, 0));
    let counts = SHARED.counts();
    assert!(counts.calls <= 2_000 && counts.retries <= counts.calls / 4, "{counts:?}");
    assert!(u64::from(MADE.load(SeqCst)) <= counts.calls + counts.retries, "{MADE:?} of {counts:?}");
}
