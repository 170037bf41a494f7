//! P17, P18, P20, P21: the course of a retry.

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use steadfast::{GiveUp, GiveUpEvent, retry, timeout};
use tokio::time::{advance, sleep};

use super::common::{Answer, Error, is_timeout, millis, poll_once, timed};

#[derive(Debug, PartialEq)]
struct Busy(Option<Duration>);

#[retry(attempts = 2, backoff = fixed("100ms"), jitter = none, max_delay = "10s", retry_after = |busy: &Busy| busy.0)]
async fn by_function(hint: Option<Duration>, runs: &mut u32) -> Result<(), Busy> {
    *runs += 1;
    Err(Busy(hint))
}

#[retry(
    attempts = 2,
    backoff = fixed("100ms"),
    jitter = none,
    on(Ok(503), Ok(429)),
    retry_after(Ok(429) => Duration::from_secs(5), Ok(503) => hint)
)]
async fn by_pattern(status: u16, hint: Option<Duration>, runs: &mut u32) -> Result<u16, Error> {
    *runs += 1;
    Ok(status)
}

#[tokio::test(start_paused = true)]
async fn p17_hints_are_followed() {
    let mut runs = 0;
    let took = timed(by_function(Some(Duration::from_secs(5)), &mut runs)).await;
    assert_eq!((took.1, runs), (millis(5_100), 2));
    let mut runs = 0;
    let took = timed(by_function(None, &mut runs)).await;
    assert_eq!((took.1, runs), (millis(100), 2));
    let mut runs = 0;
    let took = timed(by_pattern(429, None, &mut runs)).await;
    assert_eq!(took, (Ok(429), millis(5_100)));
    let took = timed(by_pattern(503, Some(Duration::from_secs(1)), &mut runs)).await;
    assert_eq!(took, (Ok(503), millis(1_100)));
}

#[tokio::test(start_paused = true)]
async fn p17_hints_have_a_limit() {
    for hint in [Duration::from_millis(10_001), Duration::from_secs(3600), Duration::MAX] {
        let mut runs = 0;
        let (outcome, took) = timed(by_function(Some(hint), &mut runs)).await;
        assert_eq!((outcome, took, runs), (Err(Busy(Some(hint))), Duration::ZERO, 1));
    }
    let mut runs = 0;
    assert_eq!(timed(by_function(Some(Duration::from_secs(10)), &mut runs)).await.1, millis(10_100));
}

#[retry(attempts = 100, backoff = fixed("300ms"), jitter = none, max_duration = "1s")]
async fn slow_attempts(runs: &mut u32) -> Answer {
    *runs += 1;
    sleep(millis(250)).await;
    Err(Error::Body)
}

#[retry(attempts = 100, backoff = fixed("1s"), jitter = none, max_duration = "1s")]
async fn delay_as_long_as_all() -> Answer {
    Err(Error::Body)
}

/// The attempts are part of the time, and a delay that must overrun it is not begun: 250 + 300 + 250 ms, and another
/// delay would end after a second.
#[tokio::test(start_paused = true)]
async fn p18_total_time_holds_the_attempts() {
    let mut runs = 0;
    let (outcome, took) = timed(slow_attempts(&mut runs)).await;
    assert_eq!((outcome, runs, took), (Err(Error::Body), 2, millis(800)));
    assert_eq!(timed(delay_as_long_as_all()).await, (Err(Error::Body), Duration::ZERO));
}

#[timeout("1s")]
#[retry(attempts = 100, backoff = fixed("300ms"), jitter = none)]
async fn beneath_a_deadline(runs: &mut u32) -> Answer {
    *runs += 1;
    sleep(millis(250)).await;
    Err(Error::Body)
}

/// Nor is one that ends after a deadline above, whose timeout would only have thrown the error away.
#[tokio::test(start_paused = true)]
async fn p18_no_delay_beyond_a_deadline() {
    let mut runs = 0;
    let (outcome, took) = timed(beneath_a_deadline(&mut runs)).await;
    assert_eq!((outcome, runs, took), (Err(Error::Body), 2, millis(800)));
}

#[retry(attempts = 100, backoff = fixed("300ms"), jitter = none, max_duration = "1s", on_give_up = give_up)]
fn blocking(runs: &mut u32) -> Answer {
    *runs += 1;
    // As if the attempt took so long.
    steadfast::Retry::new()
        .attempts(2)
        .backoff(steadfast::Backoff::fixed(millis(250)))
        .jitter(steadfast::Jitter::None)
        .call_blocking(|| Err::<(), _>("slow".to_owned()))
        .map_err(|_| Error::Body)?;
    Ok(0)
}

static GIVEN_UP: Mutex<Option<(u32, GiveUp, Duration)>> = Mutex::new(None);

fn give_up(event: &GiveUpEvent<'_, Answer>) {
    *GIVEN_UP.lock().unwrap() = Some((event.attempts, event.reason, event.elapsed));
}

#[tokio::test(start_paused = true)]
async fn p18_total_time_holds_the_attempts_blocking() {
    let sleeps = steadfast::testing::advance_on_sleep();
    let mut runs = 0;
    assert_eq!(blocking(&mut runs), Err(Error::Body));
    assert_eq!((runs, sleeps.total()), (2, millis(800)));
    assert_eq!(*GIVEN_UP.lock().unwrap(), Some((2, GiveUp::MaxDuration, millis(800))));
}

static TOLD: Mutex<Vec<(u32, u32)>> = Mutex::new(Vec::new());

#[retry(
    attempts = limit,
    backoff = fixed("100ms"),
    jitter = none,
    on_give_up = |event| TOLD.lock().unwrap().push((call, event.attempts))
)]
async fn counted(call: u32, limit: u32, seen: &mut Vec<u32>) -> Answer {
    seen.push(steadfast::attempt());
    sleep(millis(10)).await;
    assert_eq!(seen.last(), Some(&steadfast::attempt()));
    Err(Error::Body)
}

/// Calls of one function at the same time count for themselves.
#[tokio::test(start_paused = true)]
async fn p20_concurrent_calls_count_for_themselves() {
    let (mut one, mut two, mut three) = (Vec::new(), Vec::new(), Vec::new());
    let outcomes = tokio::join!(counted(1, 2, &mut one), counted(2, 5, &mut two), counted(3, 3, &mut three));
    assert_eq!(outcomes, (Err(Error::Body), Err(Error::Body), Err(Error::Body)));
    assert_eq!((one, two, three), (vec![1, 2], vec![1, 2, 3, 4, 5], vec![1, 2, 3]));
    assert_eq!(*TOLD.lock().unwrap(), [(1, 2), (3, 3), (2, 5)]);
}

static RUNS: AtomicU32 = AtomicU32::new(0);

#[retry(attempts = 10, backoff = fixed("1s"), jitter = none)]
async fn cancelled() -> Answer {
    RUNS.fetch_add(1, Relaxed);
    Err(Error::Body)
}

#[tokio::test(start_paused = true)]
async fn p21_nothing_follows_a_cancelled_caller() {
    let mut call = Box::pin(cancelled());
    assert!(poll_once(&mut call).await.is_pending());
    advance(Duration::from_secs(1)).await;
    assert!(poll_once(&mut call).await.is_pending());
    assert_eq!(RUNS.load(Relaxed), 2);
    drop(call);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(RUNS.load(Relaxed), 2);

    // Nor an aborted task.
    let task = tokio::spawn(cancelled());
    sleep(millis(1_500)).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let before = RUNS.load(Relaxed);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(RUNS.load(Relaxed), before);
}

#[timeout("500ms")]
#[retry(attempts = 10, backoff = none)]
async fn ended_by_a_timeout(runs: &AtomicU32) -> Answer {
    runs.fetch_add(1, Relaxed);
    sleep(Duration::from_secs(1)).await;
    Err(Error::Body)
}

#[tokio::test(start_paused = true)]
async fn p21_nothing_follows_a_timeout_above() {
    let runs = AtomicU32::new(0);
    let call = Box::pin(ended_by_a_timeout(&runs));
    let (outcome, took) = timed(call).await;
    assert!(is_timeout(&outcome));
    assert_eq!((took, runs.load(Relaxed)), (millis(500), 1));
    sleep(Duration::from_secs(60)).await;
    assert_eq!(runs.load(Relaxed), 1);
}

/// A call that nobody polls has not begun.
#[tokio::test]
async fn p21_an_unpolled_call_does_nothing() {
    fn unpolled(_: impl Future) {}
    let runs = AtomicU32::new(0);
    unpolled(ended_by_a_timeout(&runs));
    assert_eq!(runs.load(Relaxed), 0);
}
