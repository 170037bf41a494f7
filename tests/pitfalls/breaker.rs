//! P28 to P30, P32, P39: the breaker among other code.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use steadfast::{CircuitBreaker, State, StateChange, circuit_breaker, retry, timeout};
use tokio::time::{Instant, advance, sleep};

use super::common::{Answer, Error, is_open, is_timeout, millis, timed};

#[timeout("500ms")]
#[circuit_breaker(breaker)]
async fn timeout_outside(breaker: &CircuitBreaker) -> Answer {
    pending().await
}

#[circuit_breaker(breaker)]
#[timeout("500ms")]
async fn timeout_inside(breaker: &CircuitBreaker) -> Answer {
    pending().await
}

#[timeout("500ms")]
#[retry(attempts = 1)]
#[circuit_breaker(breaker)]
#[retry(attempts = 1)]
async fn timeout_further_outside(breaker: &CircuitBreaker) -> Answer {
    pending().await
}

/// A function of its own, beneath another's timeout.
#[circuit_breaker(breaker)]
async fn hangs(breaker: &CircuitBreaker) -> Answer {
    pending().await
}

#[timeout("500ms")]
async fn calls_one_that_hangs(breaker: &CircuitBreaker) -> Answer {
    hangs(breaker).await
}

#[tokio::test(start_paused = true)]
async fn p28_a_hung_dependency_trips() {
    type Call = fn(&'static CircuitBreaker) -> std::pin::Pin<Box<dyn Future<Output = Answer>>>;
    let calls: [Call; 4] = [
        |breaker| Box::pin(timeout_outside(breaker)),
        |breaker| Box::pin(timeout_inside(breaker)),
        |breaker| Box::pin(timeout_further_outside(breaker)),
        |breaker| Box::pin(calls_one_that_hangs(breaker)),
    ];
    for (number, call) in calls.into_iter().enumerate() {
        let breaker: &'static CircuitBreaker = Box::leak(Box::new(CircuitBreaker::new().failure_threshold(2)));
        assert!(is_timeout(&call(breaker).await), "{number}");
        assert_eq!(breaker.state(), State::Closed, "{number}");
        assert!(is_timeout(&call(breaker).await), "{number}");
        assert_eq!(breaker.state(), State::Open, "{number}");
        assert!(is_open(&call(breaker).await), "{number}");
    }
}

#[circuit_breaker(failure_threshold = 2, abandoned = failure)]
async fn abandoned() -> Answer {
    pending().await
}

#[circuit_breaker(failure_rate = 1.0, slow_call = "1s", window = 2)]
async fn abandoned_and_slow() -> Answer {
    pending().await
}

/// Somebody else's timeout says nothing, unless it is asked for, or the call was slow by then.
#[tokio::test(start_paused = true)]
async fn p28_calls_dropped_by_others() {
    static NEUTRAL: CircuitBreaker = CircuitBreaker::new().failure_threshold(2);
    for _ in 0..3 {
        assert!(tokio::time::timeout(millis(500), hangs(&NEUTRAL)).await.is_err());
    }
    assert_eq!((NEUTRAL.state(), NEUTRAL.counts().consecutive_failures), (State::Closed, 0));
    for _ in 0..2 {
        assert!(tokio::time::timeout(millis(500), abandoned()).await.is_err());
        assert!(tokio::time::timeout(millis(1_500), abandoned_and_slow()).await.is_err());
    }
    assert!(is_open(&abandoned().await));
    assert!(is_open(&abandoned_and_slow().await));
}

#[circuit_breaker]
async fn slow() -> Answer {
    sleep(millis(200)).await;
    Ok(1)
}

#[tokio::test(start_paused = true)]
async fn p29_calls_do_not_wait_for_each_other() {
    let five = async { tokio::join!(slow(), slow(), slow(), slow(), slow()) };
    assert_eq!(timed(five).await, ((Ok(1), Ok(1), Ok(1), Ok(1), Ok(1)), millis(200)));
}

#[circuit_breaker]
fn meets(others: &Barrier) -> Answer {
    // Returns only when all five bodies are in it at once.
    others.wait();
    Ok(1)
}

#[test]
fn p29_threads_do_not_wait_for_each_other() {
    let barrier = Barrier::new(5);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..5).map(|_| scope.spawn(|| meets(&barrier))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Ok(1));
        }
    });
}

static TOLD: AtomicU32 = AtomicU32::new(0);
static PASSED: AtomicU32 = AtomicU32::new(0);
static LISTENED: CircuitBreaker =
    CircuitBreaker::new().failure_threshold(1).reset_timeout(Duration::from_secs(10)).on_state_change(reenters);

fn reenters(change: &StateChange) {
    TOLD.fetch_add(1, Relaxed);
    // Everything that takes the lock.
    assert_eq!(LISTENED.state(), change.to);
    let _ = LISTENED.counts();
    match change.to {
        State::Open => {
            assert!(is_open(&asks_listened(true)));
            assert!(LISTENED.try_acquire().is_err());
        }
        State::Closed => LISTENED.force_closed(),
        _ => {}
    }
    // What an assertion here says is not heard.
    PASSED.fetch_add(1, Relaxed);
    panic!("as planned");
}

#[circuit_breaker(LISTENED)]
fn asks_listened(fails: bool) -> Answer {
    if fails { Err(Error::Body) } else { Ok(1) }
}

/// A listener that comes back to the breaker, and then panics.
#[tokio::test(start_paused = true)]
async fn p29_listeners_may_reenter_and_panic() {
    assert_eq!(asks_listened(true), Err(Error::Body));
    assert_eq!((LISTENED.state(), TOLD.load(Relaxed)), (State::Open, 1));
    advance(Duration::from_secs(10)).await;
    assert_eq!(asks_listened(false), Ok(1));
    // To half-open, to closed, and by force from within.
    assert_eq!((LISTENED.state(), TOLD.load(Relaxed)), (State::ForcedClosed, 4));
    assert_eq!(asks_listened(true), Err(Error::Body));
    assert_eq!(PASSED.load(Relaxed), 4, "what the listener saw");
}

#[circuit_breaker(breaker, when = |error| recurse(breaker, error))]
fn with_filter(breaker: &CircuitBreaker, fails: bool) -> Answer {
    if fails { Err(Error::Body) } else { Ok(1) }
}

/// A predicate that calls the function that it belongs to, and reads the breaker.
fn recurse(breaker: &CircuitBreaker, error: &Error) -> bool {
    let _ = (breaker.counts(), with_filter(breaker, false));
    *error == Error::Body
}

#[circuit_breaker(breaker, when = |_: &Error| panic!("as planned"))]
fn with_panicking_filter(breaker: &CircuitBreaker) -> Answer {
    Err(Error::Body)
}

#[test]
fn p29_predicates_run_outside_of_locks() {
    let breaker = CircuitBreaker::new().failure_threshold(2);
    assert_eq!(with_filter(&breaker, true), Err(Error::Body));
    assert!(catch_unwind(AssertUnwindSafe(|| with_panicking_filter(&breaker))).is_err());
    // Not poisoned, whichever way it was counted.
    breaker.reset();
    assert_eq!(with_filter(&breaker, false), Ok(1));
    assert_eq!(breaker.state(), State::Closed);
}

#[circuit_breaker(
    failure_threshold = 1,
    reset_timeout = "18446744073s",
    slow_call = "18446744073s",
    max_reset_timeout = "18446744073s",
    probe_timeout = "18446744073s"
)]
async fn extreme_settings(fails: bool) -> Answer {
    if fails { Err(Error::Body) } else { Ok(1) }
}

#[timeout(limit)]
async fn limited(limit: Duration) -> Answer {
    sleep(Duration::from_secs(1)).await;
    Ok(1)
}

#[retry(attempts = 2, backoff = none, max_duration = limit, max_delay = limit)]
async fn unlimited_retry(limit: Duration, runs: &mut u32) -> Answer {
    *runs += 1;
    Err(Error::Body)
}

#[retry(attempts = 2, backoff = fixed(Duration::MAX), jitter = none, max_delay = Duration::MAX, max_duration = "1s")]
async fn endless_delay() -> Answer {
    Err(Error::Body)
}

/// The clock is the monotonic one, and no arithmetic on it overflows.
#[tokio::test(start_paused = true)]
async fn p30_no_duration_panics() {
    let longest =
        [Duration::MAX, Duration::MAX.saturating_sub(Duration::from_nanos(1)), Duration::from_secs(u64::MAX / 2)];
    for limit in longest {
        assert_eq!(limited(limit).await, Ok(1));
        let mut runs = 0;
        assert_eq!(unlimited_retry(limit, &mut runs).await, Err(Error::Body));
        assert_eq!(runs, 2);
        let breaker = CircuitBreaker::new()
            .failure_threshold(1)
            .reset_timeout(limit)
            .max_reset_timeout(limit)
            .slow_call(limit)
            .probe_timeout(limit)
            .window_duration(limit);
        assert!(is_timeout(&timeout_inside(&breaker).await));
        advance(Duration::from_secs(1_000_000)).await;
        assert!(is_open(&timeout_inside(&breaker).await));
    }
    assert_eq!(extreme_settings(true).await, Err(Error::Body));
    assert!(is_open(&extreme_settings(false).await));
    assert_eq!(endless_delay().await, Err(Error::Body));
}

/// Only tokio's clock moves the circuit: the wall clock does not stand still in a test, and an hour of it is nothing.
#[tokio::test(start_paused = true)]
async fn p30_p39_paused_time_drives_the_breaker() {
    static BREAKER: CircuitBreaker =
        CircuitBreaker::new().failure_threshold(1).reset_timeout(Duration::from_secs(3600));
    let start = Instant::now();
    assert!(is_timeout(&timeout_inside(&BREAKER).await));
    assert_eq!(BREAKER.retry_after(), Some(Duration::from_secs(3600)));
    advance(Duration::from_secs(3599)).await;
    assert_eq!(BREAKER.retry_after(), Some(Duration::from_secs(1)));
    assert!(is_open(&timeout_inside(&BREAKER).await));
    advance(Duration::from_secs(1)).await;
    assert!(is_timeout(&timeout_inside(&BREAKER).await));
    assert_eq!(start.elapsed(), Duration::from_secs(3601));
}

static SHARED: CircuitBreaker = CircuitBreaker::new().failure_threshold(3);

#[circuit_breaker(SHARED)]
async fn one_way(fails: bool) -> Answer {
    if fails { Err(Error::Body) } else { Ok(1) }
}

#[circuit_breaker(SHARED)]
fn other_way(fails: bool) -> Answer {
    if fails { Err(Error::Body) } else { Ok(1) }
}

#[derive(Clone)]
struct Client {
    breaker: Arc<CircuitBreaker>,
}

impl Client {
    #[circuit_breaker(self.breaker)]
    async fn ask(&mut self, fails: bool) -> Answer {
        if fails { Err(Error::Body) } else { Ok(1) }
    }
}

/// One instance is one state, however it is reached; a client that is cloned shares it.
#[tokio::test]
async fn p32_no_clone_forks_the_state() {
    assert_eq!(one_way(true).await, Err(Error::Body));
    assert_eq!(other_way(true), Err(Error::Body));
    assert_eq!(SHARED.call_blocking(|| Err::<(), _>(Plain)), Err(Plain));
    assert!(is_open(&one_way(false).await) && is_open(&other_way(false)));

    let mut client = Client { breaker: Arc::new(CircuitBreaker::new().failure_threshold(2)) };
    let mut clone = client.clone();
    assert_eq!(client.ask(true).await, Err(Error::Body));
    assert_eq!(clone.ask(true).await, Err(Error::Body));
    assert!(is_open(&client.ask(false).await) && is_open(&clone.ask(false).await));
    client.breaker.reset();
    assert_eq!(clone.ask(false).await, Ok(1));
}

#[derive(Debug, PartialEq)]
struct Plain;

impl steadfast::Classify for Plain {}

impl From<steadfast::Rejection> for Plain {
    fn from(_: steadfast::Rejection) -> Self {
        Self
    }
}
