//! P33, P34, P38, P41, P43: timeouts, fallbacks, and retries without a delay.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use steadfast::{Failure, fallback, retry, timeout};
use tokio::time::{Instant, sleep, sleep_until};

use super::common::{Answer, Error, is_timeout, millis, timed};

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[timeout("500ms")]
async fn works_on(dropped: &AtomicBool, went_on: &AtomicBool) -> Answer {
    let _set = SetOnDrop(dropped);
    sleep(Duration::from_secs(1)).await;
    went_on.store(true, Relaxed);
    Ok(1)
}

/// A timeout that returns has ended the work. (On a function that blocks it is refused: a case of `tests/ui`.)
#[tokio::test(start_paused = true)]
async fn p33_nothing_goes_on_after_a_timeout() {
    let (dropped, went_on) = (AtomicBool::new(false), AtomicBool::new(false));
    let mut call = Box::pin(works_on(&dropped, &went_on));
    let (outcome, took) = timed(&mut call).await;
    assert!(is_timeout(&outcome));
    assert_eq!(took, millis(500));
    assert!(dropped.load(Relaxed), "within the poll that ended it, and not with the future");
    sleep(Duration::from_secs(10)).await;
    assert!(!went_on.load(Relaxed));
    drop(call);
}

#[timeout("1s")]
async fn ready_with_the_timer() -> Answer {
    sleep(Duration::from_secs(1)).await;
    Ok(1)
}

#[timeout(limit)]
async fn ready_when_late(limit: Duration, at: Instant) -> Answer {
    sleep_until(at).await;
    Ok(1)
}

#[timeout("0s")]
async fn ready_at_once() -> Answer {
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn p34_the_result_wins_in_the_same_poll() {
    assert_eq!(timed(ready_with_the_timer()).await, (Ok(1), Duration::from_secs(1)));
    assert_eq!(ready_at_once().await, Ok(1));
    // Polled again only long after both: both are ready in that poll.
    let start = Instant::now();
    let mut call = pin!(ready_when_late(millis(100), start + millis(200)));
    let pending = poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx).is_pending())).await;
    assert!(pending);
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(call.await, Ok(1));
}

static HANDLED: Mutex<Vec<Error>> = Mutex::new(Vec::new());

#[fallback(|error| { HANDLED.lock().unwrap().push(error); Ok(0) })]
async fn with_error(outcome: Answer) -> Answer {
    outcome
}

#[fallback(|failure: Failure<Option<u32>>| {
    *SEEN.lock().unwrap() = Some(failure.rejection().is_some_and(|rejection| rejection.is_timeout()));
    None
})]
#[timeout("1s")]
async fn with_failure() -> Option<u32> {
    std::future::pending().await
}

static SEEN: Mutex<Option<bool>> = Mutex::new(None);

#[fallback(Ok(0), when = |error| *error == Error::Body)]
async fn filtered(outcome: Answer) -> Answer {
    outcome
}

#[fallback(Err(Error::Other)?)]
fn fails_itself() -> Answer {
    Err(Error::Body)
}

#[fallback(Ok(2))]
#[fallback(Err(Error::Other)?)]
async fn of_two_levels() -> Answer {
    Err(Error::Body)
}

/// The error that a fallback takes is the fallback's to see, each once; one that it does not take goes on as it was.
#[tokio::test(start_paused = true)]
async fn p38_no_error_vanishes() {
    assert_eq!(with_error(Ok(1)).await, Ok(1));
    assert_eq!(with_error(Err(Error::Body)).await, Ok(0));
    assert_eq!(with_error(Err(Error::Other)).await, Ok(0));
    assert_eq!(*HANDLED.lock().unwrap(), [Error::Body, Error::Other]);
    assert_eq!(with_failure().await, None);
    assert_eq!(*SEEN.lock().unwrap(), Some(true));
    assert_eq!(filtered(Err(Error::Body)).await, Ok(0));
    assert_eq!(filtered(Err(Error::Other)).await, Err(Error::Other));
    assert_eq!(fails_itself(), Err(Error::Other));
    assert_eq!(of_two_levels().await, Ok(2));
}

/// Moves the clock on without giving way: a poll that ends, ends for want of cooperative budget.
fn pass(time: Duration) {
    let advance = pin!(tokio::time::advance(time));
    let _ = advance.poll(&mut Context::from_waker(Waker::noop()));
}

/// Uses up the budget of its task in every poll, with a resource that is always ready.
pub(crate) async fn busy(time: Duration) {
    let until = Instant::now() + time;
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    while Instant::now() < until {
        sender.send(()).unwrap();
        receiver.recv().await.unwrap();
        pass(Duration::from_micros(10));
    }
}

#[timeout("50ms")]
async fn busy_body() -> Answer {
    busy(millis(600)).await;
    Ok(1)
}

/// Nor do attempts without a delay give way, other than for the budget.
#[timeout(limit)]
#[retry(attempts = 100_000, backoff = none, rejections(timeout))]
#[timeout("1s")]
async fn busy_attempts(limit: Duration) -> Answer {
    pass(Duration::from_micros(10));
    Err(Error::Body)
}

#[tokio::test(start_paused = true)]
async fn p41_a_busy_body_cannot_starve_a_timeout() {
    let (outcome, took) = timed(busy_body()).await;
    assert!(is_timeout(&outcome));
    assert!((millis(50)..millis(60)).contains(&took), "{took:?}");
    let (outcome, took) = timed(busy_attempts(millis(50))).await;
    assert!(is_timeout(&outcome) || outcome == Err(Error::Body));
    assert!((millis(49)..millis(60)).contains(&took), "{took:?}");
}

#[retry(attempts = 1_000, backoff = none)]
async fn without_delay(runs: &mut u32) -> Answer {
    *runs += 1;
    Err(Error::Body)
}

#[retry(attempts = 1_000, backoff = |_| Duration::ZERO)]
async fn with_a_delay_of_nothing(runs: &mut u32) -> Answer {
    *runs += 1;
    Err(Error::Body)
}

#[retry(attempts = 1_000, backoff = none)]
fn without_delay_blocking(runs: &mut u32) -> Answer {
    *runs += 1;
    Err(Error::Body)
}

#[tokio::test(start_paused = true)]
async fn p43_no_delay_takes_no_time() {
    let mut runs = 0;
    assert_eq!(timed(without_delay(&mut runs)).await, (Err(Error::Body), Duration::ZERO));
    assert_eq!(timed(with_a_delay_of_nothing(&mut runs)).await, (Err(Error::Body), Duration::ZERO));
    let sleeps = steadfast::testing::record_sleeps();
    assert_eq!(without_delay_blocking(&mut runs), Err(Error::Body));
    assert_eq!((runs, sleeps.taken().len()), (3_000, 0));
}

/// Nor a timer: it works in a runtime that has none.
#[test]
fn p43_no_delay_needs_no_timer() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut runs = 0;
    assert_eq!(runtime.block_on(without_delay(&mut runs)), Err(Error::Body));
    assert_eq!(runs, 1_000);
}
