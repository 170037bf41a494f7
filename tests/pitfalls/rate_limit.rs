//! P36: a rate limiter that lets too many pass, refills too much, or lets callers wait without limit.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use steadfast::{RateLimit, rate_limit, testing};
use tokio::time::{Instant, advance};

use super::common::{Answer, Error, millis, timed};

/// Nothing comes back while the test runs.
#[rate_limit(permits = 500, per = "8760h")]
fn contended() -> Answer {
    Ok(1)
}

#[test]
fn p36_no_more_pass_under_contention() {
    let barrier = Barrier::new(8);
    let passed: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    (0..500).filter(|_| contended().is_ok()).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(passed, 500);
}

#[rate_limit(permits = 500, per = "8760h")]
async fn contended_async() -> Answer {
    tokio::task::yield_now().await;
    Ok(1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p36_nor_from_tasks_on_several_threads() {
    let calls: Vec<_> = (0..4000).map(|_| tokio::spawn(contended_async())).collect();
    let mut passed = 0;
    for call in calls {
        passed += usize::from(call.await.unwrap().is_ok());
    }
    assert_eq!(passed, 500);
}

#[tokio::test(start_paused = true)]
async fn p36_no_refill_beyond_the_burst() {
    let limit = RateLimit::new(1000).burst(3);
    for idle in [Duration::ZERO, millis(1), Duration::from_secs(3600), Duration::from_secs(365 * 86_400)] {
        advance(idle).await;
        let passed = (0..1000).filter(|_| limit.try_acquire().is_ok()).count();
        assert_eq!(passed, if idle.is_zero() { 3 } else { passed.min(3) }, "after {idle:?}");
        assert!(passed > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn p36_none_while_time_stands_still() {
    let limit = RateLimit::new(1_000_000_000).burst(10);
    let passed = (0..100_000).filter(|_| limit.try_acquire().is_ok()).count();
    assert_eq!(passed, 10);
}

/// The clock of a runtime that was paused and moved on is ahead of the next one's.
#[test]
fn p36_a_clock_that_goes_back_does_not_wedge() {
    static LIMIT: RateLimit = RateLimit::new(2);
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    runtime().block_on(async {
        advance(Duration::from_secs(12 * 3600)).await;
        assert!(LIMIT.try_acquire().is_ok() && LIMIT.try_acquire().is_ok() && LIMIT.try_acquire().is_err());
    });
    runtime().block_on(async {
        assert!(LIMIT.try_acquire().is_err(), "nothing is given away");
        assert_eq!(LIMIT.retry_after(), Some(millis(500)));
        advance(millis(500)).await;
        assert!(LIMIT.try_acquire().is_ok() && LIMIT.try_acquire().is_err());
        advance(Duration::from_secs(60)).await;
        assert_eq!(LIMIT.available(), 2);
    });
}

#[tokio::test(start_paused = true)]
async fn p36_no_wait_beyond_its_limit() {
    #[rate_limit(permits = 1, max_wait = "2s")]
    async fn call() -> Answer {
        Ok(1)
    }
    let start = Instant::now();
    let calls: Vec<_> = (0..100).map(|_| tokio::spawn(timed(call()))).collect();
    let mut passed = 0;
    for call in calls {
        let (answer, took) = call.await.unwrap();
        match answer {
            Ok(_) => passed += 1,
            Err(Error::Rejected(rejection)) => {
                assert!(rejection.is_rate_limited());
                assert_eq!(took, Duration::ZERO, "it is known at once");
            }
            Err(other) => panic!("{other:?}"),
        }
        assert!(took <= Duration::from_secs(2));
    }
    assert_eq!((passed, start.elapsed()), (3, Duration::from_secs(2)));
}

#[test]
fn p36_a_sleeper_that_panics_loses_no_permit() {
    static LIMIT: RateLimit = RateLimit::new(1).per(Duration::from_secs(1_000_000)).max_wait(Duration::MAX);
    LIMIT.try_acquire().unwrap();
    let before = LIMIT.retry_after().expect("it is spent");
    let _sleeper = testing::sleeper(|_| panic!("no sleep"));
    let call = std::panic::catch_unwind(|| LIMIT.try_call_blocking(|| 1));
    assert!(call.is_err());
    assert_eq!(LIMIT.waiting(), 0);
    assert!(LIMIT.retry_after().is_some_and(|after| after <= before));
}
