//! P19: retry budgets that round, are overdrawn, go below zero, or lose what a cancelled call had taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use steadfast::{RetryBudget, retry};
use tokio::sync::Barrier;

use super::common::{Answer, Error, poll_once};

const fn bare() -> RetryBudget {
    RetryBudget::new().min_per_second(0).window(Duration::from_secs(3_600))
}

#[retry(attempts = 2, backoff = none, budget = budget)]
async fn fails(budget: &RetryBudget, runs: &AtomicU64) -> Answer {
    runs.fetch_add(1, Relaxed);
    Err(Error::Body)
}

/// A share of 51 to 90 % was rounded to 100 % elsewhere, and one below a half to nothing.
#[tokio::test(start_paused = true)]
async fn p19_shares_are_not_rounded() {
    for percent in 0..=100_u32 {
        let budget = bare().ratio(f64::from(percent) / 100.0);
        let runs = AtomicU64::new(0);
        for _ in 0..100 {
            assert_eq!(fails(&budget, &runs).await, Err(Error::Body));
        }
        assert_eq!(runs.into_inner(), 100 + u64::from(percent), "{percent} %");
    }
}

/// Looking first and taking then let a thousand tasks through where there was room for one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p19_not_overdrawn() {
    const TASKS: usize = 1_000;

    #[retry(attempts = 2, backoff = none, budget = budget)]
    async fn together(budget: &RetryBudget, runs: &AtomicU64, all: &Barrier) -> Answer {
        runs.fetch_add(1, Relaxed);
        if steadfast::attempt() == 1 {
            all.wait().await;
        }
        Err(Error::Body)
    }
    let budget = Arc::new(bare().ratio(0.007));
    let (runs, all) = (Arc::new(AtomicU64::new(0)), Arc::new(Barrier::new(TASKS)));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (budget, runs, all) = (Arc::clone(&budget), Arc::clone(&runs), Arc::clone(&all));
            tokio::spawn(async move { together(&budget, &runs, &all).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Err(Error::Body));
    }
    assert_eq!(runs.load(Relaxed), 1_007);
    assert_eq!((budget.counts().retries, budget.counts().refused, budget.balance()), (7, 993, 0));
}

#[tokio::test(start_paused = true)]
async fn p19_never_below_zero() {
    // The minimum of a window of any length, and shares that are none.
    for ratio in [f64::NAN, -0.5, f64::NEG_INFINITY, 0.0] {
        let budget = bare().ratio(ratio);
        let runs = AtomicU64::new(0);
        for _ in 0..50 {
            fails(&budget, &runs).await.unwrap_err();
        }
        assert_eq!((runs.into_inner(), budget.balance()), (50, 0), "{ratio}");
    }
    // Calls that are forgotten before their retries leave no debt that later calls would have to pay.
    let budget = RetryBudget::new().ratio(1.0).min_per_second(0).window(Duration::from_secs(1));
    let runs = AtomicU64::new(0);
    fails(&budget, &runs).await.unwrap_err();
    assert_eq!(runs.load(Relaxed), 2);
    tokio::time::advance(Duration::from_secs(2)).await;
    fails(&budget, &runs).await.unwrap_err();
    assert_eq!(runs.load(Relaxed), 4);
}

#[retry(attempts = 2, backoff = fixed("1s"), jitter = none, budget = budget)]
async fn waits(budget: &RetryBudget) -> Answer {
    Err(Error::Body)
}

#[tokio::test(start_paused = true)]
async fn p19_a_cancelled_call_gives_back() {
    let budget = bare().ratio(0.01);
    let runs = AtomicU64::new(0);
    for _ in 0..99 {
        fails(&budget, &runs).await.unwrap_err();
    }
    for _ in 0..100 {
        let mut call = Box::pin(waits(&budget));
        assert!(poll_once(&mut call).await.is_pending());
        assert!(budget.counts().retries > 0);
        drop(call);
        assert_eq!(budget.counts().retries, 0);
    }
    assert_eq!(budget.balance(), 1);
    // Also one whose sleep panics.
    let blocking = || {
        let _sleeper = steadfast::testing::sleeper(|_| panic!("the sleep panics"));
        steadfast_blocking(&budget)
    };
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(blocking)).is_err());
    assert_eq!(budget.balance(), 2);
}

#[retry(attempts = 2, backoff = fixed("1s"), budget = budget)]
fn steadfast_blocking(budget: &RetryBudget) -> Answer {
    Err(Error::Body)
}
