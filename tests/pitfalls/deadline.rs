//! P18, P30, P33, P41 where a deadline is carried: on threads, from headers, in tasks.

use std::time::Duration;

use steadfast::{Bulkhead, Deadline, bulkhead, retry, testing, timeout};
use tokio::task::{LocalSet, spawn, spawn_blocking};
use tokio::time::{Instant, sleep};

use super::common::{Answer, Error, is_timeout, millis, timed};
use super::others::busy;

#[retry(attempts = 1_000, backoff = exponential("100ms"), max_delay = "1m")]
fn retried(attempts: &mut u32) -> Answer {
    *attempts += 1;
    Err(Error::Body)
}

/// The caller waits for a second. What it began on a thread cannot be stopped, so it must stop by itself, and sleep for
/// nothing that ends later.
#[timeout("1s")]
async fn gives_up_on_a_thread(seed: u64, tell: std::sync::mpsc::Sender<(u32, Duration)>) -> Answer {
    let deadline = Deadline::current();
    let thread = spawn_blocking(move || {
        let (sleeps, _seed) = (testing::advance_on_sleep(), testing::seed(seed));
        let mut attempts = 0;
        assert_eq!(deadline.run(|| retried(&mut attempts)), Err(Error::Body));
        tell.send((attempts, sleeps.total())).expect("somebody waits for it");
    });
    thread.await.expect("no panic");
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn p18_p33_work_on_a_thread_ends_with_its_caller() {
    for seed in 0..50 {
        let (tell, told) = std::sync::mpsc::channel();
        let start = Instant::now();
        let _ = gives_up_on_a_thread(seed, tell).await;
        let (attempts, slept) = told.recv().expect("it has ended");
        assert!((2..1_000).contains(&attempts), "{attempts}");
        assert!(slept < Duration::from_secs(1) && start.elapsed() <= Duration::from_secs(1), "{slept:?}");
    }
}

static PLACES: Bulkhead = Bulkhead::new(1).max_wait(Duration::MAX);

#[timeout(Duration::from_secs(u64::MAX))]
#[retry(attempts = 3, backoff = fixed("1s"), max_delay = "1s", jitter = none)]
#[timeout(limit)]
#[bulkhead(PLACES)]
async fn anything(limit: Duration) -> Answer {
    sleep(millis(5)).await;
    Err(Error::Body)
}

#[tokio::test(start_paused = true)]
async fn p30_no_header_is_too_much() {
    let huge = ["18446744073709551615", "99999999999999999999999999999999", "9223372036854775807", "0"];
    let given = huge.map(|text| Deadline::from_timeout_ms(Some(text)).expect("a number"));
    let grpc = ["99999999H", "0n", "99999999n"].map(|text| Deadline::from_grpc_timeout(Some(text)).expect("valid"));
    for deadline in given.into_iter().chain(grpc).chain([Deadline::NONE]) {
        for deadline in [deadline, deadline.sooner_by(Duration::MAX), deadline.sooner_by(millis(1))] {
            for limit in [Duration::ZERO, millis(1), Duration::MAX] {
                let (outcome, took) = timed(deadline.scope(anything(limit))).await;
                assert!(outcome.is_err(), "{deadline:?}, {limit:?}");
                assert!(took <= millis(2_015), "{took:?}");
                // And what is sent on can be read.
                let (ms, grpc) = (deadline.to_timeout_ms().map(|ms| ms.to_string()), deadline.to_grpc_timeout());
                assert!(Deadline::from_timeout_ms(ms).is_ok() && Deadline::from_grpc_timeout(grpc).is_ok());
            }
        }
    }
}

#[timeout("1h")]
async fn worked() -> Answer {
    busy(millis(600)).await;
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn p41_a_busy_task_ends_at_the_deadline_that_it_was_given() {
    let deadline = Deadline::after(millis(50));
    let (outcome, took) = timed(spawn(deadline.scope(worked()))).await;
    assert!(is_timeout(&outcome.expect("no panic")));
    assert!(took < millis(60), "{took:?}");
}

#[timeout("1s")]
async fn hangs() -> Answer {
    std::future::pending().await
}

/// A task that is driven beneath the timeout of somebody else has its own limit when that has ended.
#[tokio::test(start_paused = true)]
async fn a_local_task_outlives_the_timeout_beneath_which_it_began() {
    #[timeout("50ms")]
    async fn drives(tasks: &LocalSet) -> Answer {
        tasks.run_until(std::future::pending()).await
    }
    let start = Instant::now();
    let tasks = LocalSet::new();
    let task = tasks.spawn_local(hangs());
    assert!(is_timeout(&drives(&tasks).await));
    assert_eq!(start.elapsed(), millis(50));
    let ended = tokio::time::timeout(Duration::from_secs(60), tasks.run_until(task)).await;
    assert!(is_timeout(&ended.expect("it is woken").unwrap()));
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}
