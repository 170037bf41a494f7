//! X1 to X3: what a test makes of annotated functions.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast::testing::{self, Fault};
use steadfast::{CircuitBreaker, State, bulkhead, circuit_breaker, fallback, hedge, retry, timeout};
use steadfast_tests::{Answer, Error, letter};
use tokio::sync::Notify;
use tokio::time::Instant;

pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) fn failed() -> Fault {
    Fault::error(|| Error::Failed)
}

/// What becomes of several calls, a letter each.
macro_rules! letters {
    ($times:expr, $call:expr) => {{
        let mut letters = String::new();
        for _ in 0..$times {
            letters.push(letter(&$call));
        }
        letters
    }};
}
pub(super) use letters;

pub(super) struct Client {
    bodies: AtomicU32,
}

impl Client {
    pub(super) fn new() -> Self {
        Self { bodies: AtomicU32::new(0) }
    }

    /// A body that counts itself, under a policy that does nothing to it.
    #[retry(attempts = 1, name = "payments")]
    pub(super) async fn pay(&self) -> Answer {
        Ok(self.bodies.fetch_add(1, Relaxed) + 1)
    }

    #[circuit_breaker(failure_threshold = 100_000, name = "payments")]
    pub(super) fn pay_blocking(&self) -> Answer {
        Ok(self.bodies.fetch_add(1, Relaxed) + 1)
    }

    pub(super) fn bodies(&self) -> u32 {
        self.bodies.load(Relaxed)
    }
}

#[tokio::test(start_paused = true)]
async fn x01_a_fault_takes_the_place_of_the_body() {
    let client = Client::new();
    {
        let faults = testing::inject("pay", failed());
        assert_eq!(client.pay().await, Err(Error::Failed));
        assert_eq!((faults.calls(), faults.injected(), client.bodies()), (1, 1, 0));
    }
    assert_eq!(client.pay().await, Ok(1));

    let _value = testing::inject("pay", Fault::value(|| Answer::Ok(7)));
    assert_eq!(client.pay().await, Ok(7));
    let _success = testing::inject("pay", Fault::value(|| 8_u32));
    assert_eq!(client.pay().await, Ok(8));
    let _error = testing::inject("pay", Fault::value(|| Answer::Err(Error::Io)));
    assert_eq!(client.pay().await, Err(Error::Io));
    assert_eq!(client.bodies(), 1);
}

#[tokio::test(start_paused = true)]
async fn x01a_or_goes_before_it() {
    let client = Client::new();
    let start = Instant::now();
    let _late = testing::inject("pay", Fault::latency(SECOND).with_latency_by(|call| SECOND * call.attempt));
    assert_eq!(client.pay().await, Ok(1));
    assert_eq!(start.elapsed(), 2 * SECOND);

    let seen = Arc::new(Mutex::new(Vec::new()));
    let see = Arc::clone(&seen);
    let _run = testing::inject("pay", failed().with_latency(SECOND).run(move |call| see.lock().unwrap().push(*call)));
    assert_eq!(client.pay().await, Err(Error::Failed));
    assert_eq!(start.elapsed(), 3 * SECOND, "what ends a call keeps the older ones away");
    let seen = seen.lock().unwrap();
    assert_eq!((seen[0].attempt, seen[0].call, seen.len()), (1, 1, 1));
    assert!(seen[0].function.ends_with("Client::pay"), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn x01b_a_hang_is_ended_by_a_timeout() {
    #[timeout("1s")]
    async fn call() -> Answer {
        Ok(1)
    }
    let _hang = testing::inject("call", Fault::hang());
    let start = Instant::now();
    assert!(call().await.unwrap_err().rejection().is_timeout());
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn x01c_a_panic_is_that_of_the_call() {
    #[circuit_breaker(BREAKER)]
    async fn call() -> Answer {
        Ok(1)
    }
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    let _panic = testing::inject("call", Fault::panic("out of luck"));
    let panic = tokio::spawn(call()).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref::<String>().unwrap(), "out of luck");
    assert_eq!(BREAKER.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn x01d_a_gate_holds_calls_until_the_test_opens_it() {
    #[bulkhead(max_concurrent = 1)]
    async fn call() -> Answer {
        Ok(1)
    }
    let gate = Arc::new(Notify::new());
    let closed = Arc::clone(&gate);
    let wait = move || {
        let gate = Arc::clone(&closed);
        async move { gate.notified().await }
    };
    let _gate = testing::inject("call", Fault::none().wait_for(wait));
    let first = tokio::spawn(call());
    tokio::task::yield_now().await;
    assert!(call().await.unwrap_err().rejection().is_bulkhead_full());
    gate.notify_one();
    assert_eq!(first.await.unwrap(), Ok(1));
}

/// Each is a call: attempts, and those of a hedge.
#[tokio::test(start_paused = true)]
async fn x01e_it_stands_beneath_every_policy() {
    #[fallback(Ok(0))]
    #[retry(attempts = 3, backoff = fixed("1s"), jitter = none)]
    #[circuit_breaker(failure_threshold = 5)]
    #[timeout("1s")]
    async fn call() -> Answer {
        Ok(steadfast::attempt())
    }
    #[hedge(after = "100ms", attempts = 3)]
    async fn hedged() -> Answer {
        Ok(1)
    }
    let _lost = testing::inject("call", failed().first(2));
    assert_eq!(call().await, Ok(3));
    let always = testing::inject("call", failed());
    assert_eq!(call().await, Ok(0));
    assert_eq!(call().await, Ok(0));
    assert_eq!(always.calls(), 5, "three failures of the first, and two until the breaker opens");

    let slow = testing::inject("hedged", Fault::latency(SECOND).first(2));
    let start = Instant::now();
    assert_eq!(hedged().await, Ok(1));
    assert_eq!((start.elapsed().as_millis(), slow.calls()), (200, 3));
}

/// A fallback that answers is no call.
#[tokio::test(start_paused = true)]
async fn x01f_answers_are_left_alone() {
    #[expect(clippy::unnecessary_wraps, reason = "an answer is what a fallback gives")]
    fn nine() -> Answer {
        Ok(9)
    }
    #[retry(attempts = 2, backoff = none)]
    #[fallback(nine())]
    async fn call() -> Answer {
        Ok(1)
    }
    #[retry(attempts = 2, backoff = none)]
    #[fallback(nine())]
    fn call_blocking() -> Answer {
        Ok(1)
    }
    let faults = testing::inject("*", failed());
    assert_eq!((call().await, call_blocking()), (Ok(9), Ok(9)));
    assert_eq!(faults.calls(), 2);
}

/// However often a call is polled, and whether it was taken or not.
#[tokio::test(start_paused = true)]
async fn x01g_a_call_that_waits_is_one_call() {
    #[retry(attempts = 1)]
    async fn call() -> Answer {
        tokio::time::sleep(SECOND).await;
        Ok(1)
    }
    for fault in [Fault::none(), Fault::latency(SECOND), failed().when(|_| false)] {
        let faults = testing::inject("call", fault);
        assert_eq!(call().await, Ok(1));
        assert_eq!(faults.calls(), 1);
    }
}

#[test]
fn x02_the_same_in_blocking_functions() {
    let client = Client::new();
    let sleeps = testing::record_sleeps();
    {
        let _late = testing::inject("pay_blocking", Fault::latency(SECOND));
        assert_eq!(client.pay_blocking(), Ok(1));
        let _failed = testing::inject("pay_blocking", failed().with_latency(2 * SECOND).run(|_| ()));
        assert_eq!(client.pay_blocking(), Err(Error::Failed));
    }
    assert_eq!(sleeps.taken(), [SECOND, 2 * SECOND]);
    for (fault, message) in [
        (Fault::panic("out of luck"), "out of luck"),
        (Fault::hang(), "blocks, so nobody could end a call that hangs"),
        (Fault::none().wait_for(pending::<()>), "blocks, so it cannot wait for a future"),
    ] {
        let _fault = testing::inject("pay_blocking", fault);
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| client.pay_blocking())).unwrap_err();
        let said = panic.downcast_ref::<String>().unwrap();
        assert!(said.contains(message), "{said}");
    }
    assert_eq!(client.pay_blocking(), Ok(2));
}

#[test]
fn x02a_a_blocking_body_that_repeats() {
    #[retry(attempts = 4, backoff = none)]
    fn call(runs: &mut u32) -> Answer {
        *runs += 1;
        Ok(steadfast::attempt())
    }
    let _lost = testing::inject("call", failed().when(|call| call.attempt % 2 == 1).first(2));
    let mut runs = 0;
    assert_eq!(call(&mut runs), Ok(2));
    assert_eq!(runs, 1);
}

#[tokio::test]
async fn x03_which_calls() {
    let client = Client::new();
    for (fault, expected) in [
        (failed(), "FFFFFF"),
        (failed().first(2), "FFSSSS"),
        (failed().after(2), "SSFFFF"),
        (failed().after(1).first(3), "SFFFSS"),
        (failed().first(0), "SSSSSS"),
        (failed().after(u64::MAX).first(u64::MAX), "SSSSSS"),
        (failed().share(0.0), "SSSSSS"),
        (failed().share(-1.0), "SSSSSS"),
        (failed().share(f64::NAN), "SSSSSS"),
        (failed().share(1.0), "FFFFFF"),
        (failed().share(7.0), "FFFFFF"),
        (failed().when(|call| call.call % 3 == 0), "SSFSSF"),
        (failed().when(|call| call.call > 1).when(|call| call.call < 4), "SFFSSS"),
        (Fault::none(), "SSSSSS"),
    ] {
        let shown = format!("{fault:?}");
        let faults = testing::inject("pay", fault);
        assert_eq!(letters!(6, client.pay().await), expected, "{shown}");
        let expected = if shown.contains("body") { 6 } else { expected.matches('F').count() as u64 };
        assert_eq!((faults.calls(), faults.injected()), (6, expected), "{shown}");
    }
}

#[tokio::test]
async fn x03a_a_share_follows_the_seed() {
    let client = Client::new();
    let draw = async |seed| {
        let _seed = testing::seed(seed);
        let _faults = testing::inject("pay", failed().share(0.3));
        letters!(1000, client.pay().await)
    };
    let (first, second) = (draw(1).await, draw(2).await);
    assert_eq!(first, draw(1).await);
    assert_ne!(first, second);
    let failures = first.matches('F').count();
    assert!((250..350).contains(&failures), "{failures} of 1000");
}

#[tokio::test]
async fn x03b_how_a_function_is_called() {
    let client = Client::new();
    for (name, is_it) in [
        ("pay", true),
        ("Client::pay", true),
        ("testing::Client::pay", true),
        ("conformance::testing::Client::pay", true),
        ("payments", true),
        ("*", true),
        ("ay", false),
        ("Client", false),
        ("Server::pay", false),
        ("pay_blocking", false),
        ("payment", false),
        ("", false),
    ] {
        let faults = testing::inject(name, failed()).optional();
        assert_eq!(client.pay().await.is_err(), is_it, "{name}");
        assert_eq!(faults.calls(), u64::from(is_it), "{name}");
    }
}

trait Shop {
    async fn buy(&self) -> Answer;
}

impl Shop for Client {
    #[timeout("1s", name = "outer")]
    #[retry(attempts = 1, name = "inner")]
    async fn buy(&self) -> Answer {
        Ok(1)
    }
}

#[tokio::test]
async fn x03c_methods_of_traits_and_every_name_of_the_stack() {
    for name in ["buy", "Shop::buy", "Client::buy", "testing::Shop::buy", "outer", "inner"] {
        let _faults = testing::inject(name, failed());
        assert_eq!(Client::new().buy().await, Err(Error::Failed), "{name}");
    }
}
