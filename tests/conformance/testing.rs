//! X1 to X9: what a test makes of annotated functions.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use steadfast::testing::{self, Fault, Scope};
use steadfast::{
    Backoff, Bulkhead, CircuitBreaker, RateLimit, Rejection, Retry, State, bulkhead, circuit_breaker, fallback, hedge,
    rate_limit, retry, timeout,
};
use steadfast_tests::{Answer, Error, letter};
use tokio::sync::Notify;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn failed() -> Fault {
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

struct Client {
    bodies: AtomicU32,
}

impl Client {
    fn new() -> Self {
        Self { bodies: AtomicU32::new(0) }
    }

    /// A body that counts itself, under a policy that does nothing to it.
    #[retry(attempts = 1, name = "payments")]
    async fn pay(&self) -> Answer {
        Ok(self.bodies.fetch_add(1, Relaxed) + 1)
    }

    #[circuit_breaker(failure_threshold = 100_000, name = "payments")]
    fn pay_blocking(&self) -> Answer {
        Ok(self.bodies.fetch_add(1, Relaxed) + 1)
    }

    fn bodies(&self) -> u32 {
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

/// Methods that give a boxed future, or one without a name: by hand, or by `#[async_trait]` above the trait.
mod futures {
    use std::pin::Pin;

    use super::{Answer, retry};

    #[async_trait::async_trait]
    pub(super) trait Boxed {
        async fn boxed(&self) -> Answer;

        #[retry(attempts = 1)]
        async fn by_default(&self) -> Answer {
            Ok(1)
        }
    }

    #[async_trait::async_trait(?Send)]
    pub(super) trait Local {
        async fn local(&self) -> Answer;

        #[retry(attempts = 1)]
        async fn local_by_default(&self) -> Answer {
            Ok(1)
        }
    }

    pub(super) trait Plain {
        fn pinned(&self) -> Pin<Box<dyn Future<Output = Answer> + '_>>;

        #[retry(attempts = 1)]
        fn opaque(&self) -> impl Future<Output = Answer> {
            async { Ok(1) }
        }

        #[retry(attempts = 1)]
        async fn plain(&self) -> Answer {
            Ok(1)
        }

        #[retry(attempts = 1)]
        fn blocking(&self) -> Answer {
            Ok(1)
        }
    }

    pub(super) struct Service<T>(pub(super) T);

    /// Not where the type is.
    pub(super) mod elsewhere {
        use super::{Answer, Boxed, Local, Pin, Plain, Service, retry};

        #[async_trait::async_trait]
        impl<T: Send + Sync> Boxed for Service<T> {
            #[retry(attempts = 1)]
            async fn boxed(&self) -> Answer {
                Ok(1)
            }
        }

        #[async_trait::async_trait(?Send)]
        impl<T> Local for Service<T> {
            #[retry(attempts = 1)]
            async fn local(&self) -> Answer {
                Ok(1)
            }
        }

        impl<T> Plain for Service<T> {
            #[retry(attempts = 1)]
            fn pinned(&self) -> Pin<Box<dyn Future<Output = Answer> + '_>> {
                Box::pin(async { Ok(1) })
            }
        }

        impl<T> Service<T> {
            #[retry(attempts = 1)]
            pub(in super::super) async fn own(&self) -> Answer {
                Ok(1)
            }
        }
    }

    #[retry(attempts = 1)]
    #[expect(clippy::manual_async_fn, reason = "the shape is what is tried")]
    pub(super) fn free() -> impl Future<Output = Answer> {
        async { Ok(1) }
    }
}

/// The path of what stands in a boxed future has more parts.
#[tokio::test]
async fn x03d_whatever_gives_the_future() {
    use futures::{Boxed as _, Local as _, Plain as _, Service, free};

    /// With an arrow in its name.
    type Arrow = fn(u8) -> Option<u8>;

    async fn all<T: Send + Sync>(of: &Service<T>, method: &str) -> Answer {
        match method {
            "boxed" => of.boxed().await,
            "by_default" => of.by_default().await,
            "local" => of.local().await,
            "local_by_default" => of.local_by_default().await,
            "pinned" => of.pinned().await,
            "opaque" => of.opaque().await,
            "plain" => of.plain().await,
            "blocking" => of.blocking(),
            "own" => of.own().await,
            _ => free().await,
        }
    }
    for (method, owners) in [
        ("boxed", &["Service", "Boxed", "futures::Service"][..]),
        ("by_default", &["Service", "Boxed", "futures::Boxed"]),
        ("local", &["Service", "Local"]),
        ("local_by_default", &["Service", "Local"]),
        ("pinned", &["Service", "Plain"]),
        ("opaque", &["Service", "Plain"]),
        ("plain", &["Service", "Plain"]),
        ("blocking", &["Service", "Plain"]),
        ("own", &["Service", "futures::Service"]),
        ("free", &["futures"]),
    ] {
        let names = owners.iter().map(|owner| format!("{owner}::{method}")).chain([method.to_owned()]);
        for name in names {
            let faults = testing::inject(&*name, failed());
            assert_eq!(all(&Service(1_u8), method).await, Err(Error::Failed), "{name}");
            let arrow: Arrow = |of| Some(of);
            assert_eq!(all(&Service(arrow), method).await, Err(Error::Failed), "{name}");
            assert_eq!(faults.injected(), 2, "{name}");
        }
    }
}

/// A fault that nobody meets proves nothing, whether it is called otherwise or the call is elsewhere.
#[tokio::test]
async fn x03e_what_no_call_comes_to_is_told() {
    let client = Client::new();
    let said = |name: &'static str, call: &dyn Fn()| {
        let faults = testing::inject(name, failed());
        call();
        let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| drop(faults)));
        panicked.err().map(|panic| panic.downcast_ref::<String>().unwrap().clone())
    };
    let pay = || {
        client.pay_blocking().ok();
    };
    assert_eq!(said("pay_blocking", &pay), None);
    let typo = said("pay_blokking", &pay).unwrap();
    assert!(typo.starts_with("no call came to what was injected into `pay_blokking`: "), "{typo}");
    let elsewhere = || drop(thread::scope(|scope| scope.spawn(|| client.pay_blocking().ok()).join()));
    assert!(said("pay_blocking", &elsewhere).is_some());
    let scope = Scope::current();
    let taken_along =
        || drop(thread::scope(|threads| threads.spawn(|| scope.run(|| client.pay_blocking().ok())).join()));
    assert_eq!(said("pay_blocking", &taken_along), None);

    let script = testing::script("pay_blokking", [failed()]);
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| drop(script))).is_err());
    drop(testing::inject("pay_blokking", failed()).optional());
    drop(testing::chaos("pay_blokking", failed()));
    {
        // The newer one leaves nothing to the older, which is called right all the same.
        let _older = testing::inject("pay", failed());
        let _newer = testing::inject("payments", failed());
        client.pay().await.unwrap_err();
    }
    let panicked = tokio::spawn(async {
        let _never = testing::inject("pay_blokking", failed());
        panic!("a test that fails");
    });
    assert_eq!(panicked.await.unwrap_err().into_panic().downcast_ref::<&str>(), Some(&"a test that fails"));
}

#[tokio::test(start_paused = true)]
async fn x04_guards_stack_and_go_in_any_order() {
    let client = Client::new();
    let start = Instant::now();
    let oldest = testing::inject("pay", Fault::latency(SECOND));
    let middle = testing::inject("pay", failed().first(4));
    let newest = testing::inject("payments", Fault::error(|| Error::Io).first(1));
    assert_eq!(letters!(2, client.pay().await), "IF", "the newest first, then the next");
    assert_eq!((newest.calls(), middle.calls(), oldest.calls()), (2, 1, 0));
    drop(middle);
    assert_eq!(letters!(1, client.pay().await), "S");
    assert_eq!(start.elapsed(), SECOND);
    drop(oldest);
    assert_eq!(letters!(1, client.pay().await), "S");
    assert_eq!((start.elapsed(), newest.calls()), (SECOND, 4));
}

#[tokio::test(start_paused = true)]
async fn x04b_one_that_only_delays_leaves_the_rest_to_the_older_ones() {
    #[retry(attempts = 1, name = "x04b")]
    async fn call() -> Answer {
        Ok(1)
    }
    let start = Instant::now();
    let _drill = testing::chaos("x04b", Fault::error(|| Error::Io));
    assert_eq!(call().await, Err(Error::Io));
    let _older = testing::inject("call", failed().with_latency(SECOND));
    let _newer = testing::inject("x04b", Fault::latency(SECOND));
    assert_eq!(call().await, Err(Error::Failed), "before what is for the whole program");
    assert_eq!(start.elapsed(), 2 * SECOND, "what they take adds up");
}

#[test]
fn x04a_a_test_that_panics_leaves_nothing() {
    let client = Client::new();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _faults = testing::inject("pay_blocking", Fault::panic("out of luck"));
        client.pay_blocking()
    }));
    assert!(panicked.is_err());
    assert_eq!(client.pay_blocking(), Ok(1));
}

#[test]
fn x05_tests_side_by_side() {
    let threads: Vec<_> = (0..8_u32)
        .map(|number| {
            thread::spawn(move || {
                let client = Client::new();
                let recorded = testing::record();
                let _faults = testing::inject("pay_blocking", Fault::value(move || number));
                for _ in 0..200 {
                    assert_eq!(client.pay_blocking(), Ok(number));
                }
                assert_eq!(recorded.events(), []);
                client.bodies()
            })
        })
        .collect();
    let client = Client::new();
    for run in 1..=200 {
        assert_eq!(client.pay_blocking(), Ok(run), "here is none");
    }
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x05a_a_scope_is_taken_to_other_tasks() {
    async fn pay() -> Answer {
        tokio::task::yield_now().await;
        Client::new().pay().await
    }
    let _faults = testing::inject("pay", failed());
    let recorded = testing::record();
    let scope = Scope::current();
    assert_eq!(tokio::spawn(pay()).await.unwrap(), Ok(1));
    assert_eq!(tokio::spawn(scope.enter(pay())).await.unwrap(), Err(Error::Failed));
    let inside = scope.enter(async { tokio::spawn(Scope::current().enter(pay())).await.unwrap() });
    assert_eq!(tokio::spawn(inside).await.unwrap(), Err(Error::Failed));
    let blocking = scope.clone();
    let on_a_thread = tokio::task::spawn_blocking(move || blocking.run(|| Client::new().pay_blocking()));
    assert_eq!(on_a_thread.await.unwrap(), Ok(1), "another function");
    assert_eq!(recorded.of("payments").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn x05b_a_new_scope_has_nothing_of_that_around() {
    let client = Client::new();
    let _outer = testing::inject("pay", failed());
    let scope = Scope::new();
    let inner = scope.inject("pay", Fault::error(|| Error::Io).with_latency(SECOND));
    // Side by side in one task, each call in the scope of its own.
    let (outside, inside) = tokio::join!(client.pay(), scope.enter(client.pay()));
    assert_eq!((outside, inside), (Err(Error::Failed), Err(Error::Io)));
    drop(inner);
    assert_eq!(scope.enter(client.pay()).await, Ok(1));
    assert_eq!(client.pay().await, Err(Error::Failed));
}

#[tokio::test(start_paused = true)]
async fn x05c_what_is_dropped_is_so_in_its_scope() {
    #[circuit_breaker(failure_threshold = 1, abandoned = failure, name = "x05c")]
    async fn call() -> Answer {
        pending().await
    }
    let scope = Scope::new();
    let recorded = scope.run(testing::record);
    let mut calling = Box::pin(scope.enter(call()));
    assert!(steadfast_tests::poll_once(calling.as_mut()).is_pending());
    drop(calling);
    assert_eq!(recorded.of("x05c").len(), 1, "{recorded}");
    assert_eq!(scope.enter(async { 1 }).await, 1);
}

#[tokio::test(start_paused = true)]
async fn x06_a_script_goes_call_by_call() {
    #[retry(attempts = 9, backoff = none)]
    #[timeout("1s")]
    async fn call() -> Answer {
        Ok(steadfast::attempt())
    }
    let script = testing::script(
        "call",
        [
            failed().first(2),
            Fault::hang(),
            Fault::none(),
            Fault::value(|| 70_u32),
            failed().after(1),
            Fault::error(|| Error::Permanent).when(|call| call.attempt > 2),
        ],
    );
    assert_eq!((script.remaining(), script.is_finished()), (Some(8), false));
    let start = Instant::now();
    assert_eq!(call().await, Ok(4), "failed twice, hung, and ran");
    assert_eq!((start.elapsed(), script.remaining()), (SECOND, Some(4)));
    assert_eq!(call().await, Ok(70));
    assert_eq!(call().await, Ok(1));
    assert_eq!(call().await, Ok(2), "failed, and the last step did not take the second attempt");
    assert!(script.is_finished());
    assert_eq!(call().await, Ok(1), "it is over");
    assert_eq!((script.calls(), script.injected()), (9, 6));
    assert_eq!(testing::inject("call", failed()).optional().remaining(), None);
    assert_eq!(testing::inject("call", failed().after(1).first(3)).optional().remaining(), Some(4));
}

#[tokio::test(start_paused = true)]
async fn x07_a_record_is_of_this_test() {
    #[fallback(Ok(0), name = "f")]
    #[retry(attempts = 2, backoff = fixed("50ms"), jitter = none, name = "r")]
    #[timeout("1s", name = "t")]
    async fn call() -> Answer {
        Ok(1)
    }
    #[rate_limit(RATE)]
    fn limited() -> Answer {
        Ok(1)
    }
    static RATE: RateLimit = RateLimit::new(1).name("l");
    let recorded = testing::record();
    let _faults = testing::script("call", [failed(), Fault::hang()]);
    assert_eq!(call().await, Ok(0));
    assert!(limited().is_ok() && limited().is_err());
    let shown = "\
retry `r` follows attempt 1 with another in 50.000ms
timeout `t` ended a call after 1.000s
retry `r` gave up after 2 attempts: attempts
fallback `f` answered
";
    let (before, rejection) = shown.split_at(shown.len());
    assert_eq!(rejection, "");
    assert!(recorded.to_string().starts_with(before), "{recorded}");
    assert_eq!((recorded.retries(), recorded.timeouts(), recorded.fallbacks()), (1, 1, 1));
    assert_eq!(recorded.rejections().iter().map(Rejection::policy).collect::<Vec<_>>(), ["l"]);
    assert_eq!((recorded.of("r").len(), recorded.of("nobody").len()), (2, 0));
    assert_eq!(recorded.take().len(), 5);
    assert_eq!(recorded.events(), []);
    let elsewhere = thread::spawn(limited).join().unwrap();
    assert!(elsewhere.is_err());
    assert_eq!(recorded.events(), [], "of another thread");
}

#[tokio::test]
async fn x08_states_are_forced_and_reset() {
    let (breaker, places, rate) = (CircuitBreaker::new(), Bulkhead::new(2), RateLimit::new(2));
    {
        let (_one, _two, _three) =
            (testing::force_open(&breaker), testing::force_open(&places), testing::force_open(&rate));
        assert!(breaker.try_acquire().is_err() && places.try_acquire().is_err() && rate.try_acquire().is_err());
    }
    assert!(breaker.try_acquire().is_ok() && places.try_acquire().is_ok() && rate.try_acquire().is_ok());
    {
        let _closed = testing::force_closed(&rate);
        assert!((0..9).all(|_| rate.try_acquire().is_ok()));
    }
    breaker.force_open();
    let fresh = testing::fresh(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    breaker.force_open();
    drop(fresh);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn x08a_all_of_a_name_or_of_a_path() {
    #[circuit_breaker(name = "x08a")]
    #[rate_limit(permits = 9, name = "x08a")]
    fn x08a_call() -> Answer {
        Ok(1)
    }
    #[bulkhead(max_concurrent = 1)]
    fn x08a_of_a_path() -> Answer {
        Ok(1)
    }
    let states = |name: &str| -> Vec<_> {
        let policies = steadfast::registry::policies();
        policies
            .iter()
            .filter(|policy| policy.name().ends_with(name))
            .filter_map(steadfast::registry::Policy::state)
            .collect()
    };
    let open = testing::force_open("x08a");
    assert_eq!(states("x08a"), ["forced_open"; 2]);
    drop(open);
    assert_eq!((states("x08a"), x08a_call()), (vec!["closed", "limited"], Ok(1)));
    let closed = testing::force_closed("x08a_of_a_path");
    assert_eq!(states("x08a_of_a_path"), ["forced_closed"]);
    drop(closed);
    assert_eq!((states("x08a_of_a_path"), x08a_of_a_path()), (vec!["limited"], Ok(1)));
    for (how, said) in [
        (testing::force_open::<str> as fn(&'static str) -> _, "no policy called `x08a_cal` can be forced open"),
        (testing::force_closed, "no policy called `x08a_cal` can be forced closed"),
        (testing::fresh, "no policy of this name can be reset"),
    ] {
        let panic = std::panic::catch_unwind(|| drop(how("x08a_cal"))).unwrap_err();
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        assert_eq!(text, Some(said));
    }
}

#[test]
fn x09_retries_without_delays_and_with_fewer_attempts() {
    #[retry(attempts = 5, backoff = fixed("1h"), max_delay = "1h")]
    fn call() -> Answer {
        Err(Error::Failed)
    }
    let sleeps = testing::record_sleeps();
    let faults = testing::inject("call", Fault::none());
    let attempts = || {
        let before = faults.calls();
        assert!(call().is_err());
        faults.calls() - before
    };
    {
        let _no_delays = testing::no_delays();
        assert_eq!(attempts(), 5);
        assert_eq!(sleeps.taken(), []);
        let three = testing::attempts(3);
        let nine = testing::attempts(9);
        assert_eq!(attempts(), 3, "the fewest");
        drop(three);
        assert_eq!(attempts(), 5, "never more than it says itself");
        drop(nine);
        let _none = testing::attempts(0);
        assert_eq!(attempts(), 1);
    }
    assert_eq!(attempts(), 5);
    assert_eq!(sleeps.taken().len(), 4);
    let _no_delays = testing::no_delays();
    let mut runs = 0;
    let _: Result<(), Error> = Retry::new().attempts(3).backoff(Backoff::fixed(SECOND)).call_blocking(|| {
        runs += 1;
        Err(Error::Failed)
    });
    assert_eq!((runs, sleeps.taken().len()), (3, 4), "values as well");
    assert_eq!(thread::spawn(|| testing::record_sleeps().taken().len()).join().unwrap(), 0);
}

type Call = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// A fault that cannot be made is no silence: the call panics, and says why.
#[tokio::test]
async fn x10_what_does_not_fit_is_told() {
    #[retry(attempts = 1)]
    async fn borrows(of: &str) -> Result<&str, Error> {
        Ok(of)
    }
    #[retry(attempts = 1)]
    async fn generic<T: Clone, E>(of: &T) -> Result<T, E> {
        Ok(of.clone())
    }
    #[retry(attempts = 1)]
    async fn generic_success<T: Clone>(of: &T) -> Result<Vec<T>, Error> {
        Ok(vec![of.clone()])
    }
    #[retry(attempts = 1)]
    async fn opaque() -> Result<impl Iterator<Item = u32>, Error> {
        Ok(1..3)
    }
    #[retry(attempts = 1)]
    async fn maybe() -> Option<u32> {
        Some(1)
    }
    {
        let _faults = testing::inject("*", failed());
        assert_eq!(borrows("x").await, Err(Error::Failed));
        assert_eq!(generic_success(&1).await, Err(Error::Failed));
        assert_eq!(opaque().await.err(), Some(Error::Failed));
    }
    {
        let _faults = testing::inject("*", Fault::value(|| None::<u32>));
        assert_eq!(maybe().await, None);
    }
    let said = async |call: Call, fault: Fault| {
        let _faults = testing::inject("*", fault);
        tokio::spawn(call).await.unwrap_err().into_panic().downcast_ref::<String>().unwrap().clone()
    };
    let wrong = said(
        Box::pin(async {
            let _ = maybe().await;
        }),
        Fault::value(|| 1_u8),
    )
    .await;
    assert!(wrong.contains("an injected value of type `u8` does not fit `"), "{wrong}");
    assert!(wrong.ends_with("maybe`, which returns `core::option::Option<u32>`"), "{wrong}");
    let wrong = said(
        Box::pin(async {
            let _ = Client::new().pay().await;
        }),
        Fault::error(|| "lost"),
    )
    .await;
    assert!(wrong.contains("an injected error of type `&str` does not fit `"), "{wrong}");
    for (call, fault) in [
        (
            Box::pin(async {
                let _ = borrows("x").await;
            }) as Call,
            Fault::value(|| "x"),
        ),
        (
            Box::pin(async {
                let _ = generic::<u32, Error>(&1).await;
            }),
            failed(),
        ),
        (
            Box::pin(async {
                let _ = generic_success(&1).await;
            }),
            Fault::value(|| vec![1]),
        ),
        (
            Box::pin(async {
                let _ = opaque().await;
            }),
            Fault::value(|| 1..3),
        ),
    ] {
        let wrong = said(call, fault).await;
        assert!(wrong.contains(" cannot be put into `"), "{wrong}");
        assert!(
            wrong.contains("is a type parameter of the function or its `impl`, borrows, or has no name"),
            "{wrong}"
        );
        assert!(!wrong.contains("does not fit"), "the types may even be the same: {wrong}");
    }
}

/// Whatever a fault may hold.
#[test]
fn x11_a_future_is_what_it_was() {
    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    #[retry]
    async fn call(of: String) -> Answer {
        Ok(u32::try_from(of.len()).unwrap_or(0))
    }
    is_send_and_sync(&call(String::new()));
}

/// What a test cannot make must compile as ever: lifetimes that are not written, and such that are, in whatever place.
#[tokio::test]
#[allow(mismatched_lifetime_syntaxes, elided_lifetimes_in_paths, reason = "as people write them")]
#[expect(clippy::too_many_lines, reason = "many types")]
async fn x12_every_return_type_compiles() {
    use std::cell::{Cell, RefCell, RefMut};
    use tokio::sync::{Mutex, MutexGuard};

    struct Row<'a>(&'a str);
    #[derive(Debug)]
    struct Borrowed<'a>(#[allow(dead_code, reason = "held")] &'a Cell<&'a str>);
    struct Pool<'p, T, E> {
        name: &'p str,
        value: Mutex<T>,
        cell: RefCell<T>,
        error: fn() -> E,
    }

    impl<'p, T: Clone, E> Pool<'p, T, E> {
        #[retry(attempts = 1)]
        async fn hidden(&self) -> Result<MutexGuard<T>, Error> {
            Ok(self.value.lock().await)
        }
        #[retry(attempts = 1)]
        async fn row(&self) -> Result<Row, Error> {
            Ok(Row(self.name))
        }
        #[retry(attempts = 1)]
        fn hidden_blocking(&self) -> Result<RefMut<T>, E> {
            self.cell.try_borrow_mut().map_err(|_| (self.error)())
        }
        #[retry(attempts = 1)]
        async fn option(&self) -> Option<Row> {
            Some(Row(self.name))
        }
        #[retry(attempts = 1)]
        async fn of_the_impl(&self) -> Result<T, E> {
            Ok(self.value.lock().await.clone())
        }
        #[retry(attempts = 1)]
        async fn named(&self) -> Result<&'p str, Box<dyn std::error::Error + Send + Sync>> {
            Ok(self.name)
        }
        #[retry(attempts = 1)]
        async fn invariant<'a>(of: &'a Cell<&'a str>) -> Result<&'a Cell<&'a str>, Borrowed<'a>> {
            Ok(of)
        }
        #[circuit_breaker]
        async fn itself(self) -> Result<Self, Error> {
            Ok(self)
        }
        #[circuit_breaker]
        fn boxed(&self) -> std::pin::Pin<Box<dyn Future<Output = Result<&'_ str, Error>> + '_>> {
            let name = self.name;
            Box::pin(async move { Ok(name) })
        }
    }

    struct Named<Item, Problem> {
        item: Item,
        problem: Option<Problem>,
    }

    /// Nothing says that these are parameters, nor that they are `'static`.
    impl<Item: Clone, Problem> Named<Item, Problem> {
        #[retry(attempts = 1)]
        async fn boxes(&self) -> Result<Vec<Box<Item>>, Error> {
            Ok(vec![Box::new(self.item.clone())])
        }
        #[retry(attempts = 1)]
        fn shared(&self) -> Result<std::sync::Arc<Item>, Box<Problem>> {
            let _ = self.problem.is_some();
            Ok(Arc::new(self.item.clone()))
        }
        #[retry(attempts = 1)]
        async fn maybe_boxed(&self) -> Option<Box<Item>> {
            Some(Box::new(self.item.clone()))
        }
        #[retry(attempts = 1)]
        async fn lent<'a>(&'a self) -> Result<&'a Item, std::rc::Rc<Problem>> {
            Ok(&self.item)
        }
        #[retry(attempts = 1)]
        async fn text(&self) -> Result<Arc<str>, Box<Error>> {
            Ok("text".into())
        }
        #[retry(attempts = 1)]
        async fn arc(&self) -> Result<Vec<Arc<String>>, Box<Error>> {
            Ok(Vec::new())
        }
    }

    let named = Named { item: "item", problem: None::<u8> };
    {
        let _faults = testing::inject("boxes", failed());
        assert_eq!(named.boxes().await, Err(Error::Failed));
        let _faults = testing::inject("text", Fault::error(|| Box::new(Error::Failed)));
        assert_eq!(named.text().await, Err(Box::new(Error::Failed)));
        let _faults = testing::inject("arc", Fault::value(|| vec![Arc::new("made".to_owned())]));
        assert_eq!(*named.arc().await.unwrap()[0], "made");
    }
    assert_eq!(named.boxes().await.unwrap(), [Box::new("item")]);
    assert_eq!((named.shared().ok(), named.maybe_boxed().await), (Some(Arc::new("item")), Some(Box::new("item"))));
    assert_eq!(named.lent().await.ok(), Some(&"item"));

    let pool =
        Pool { name: "pool", value: Mutex::new(String::new()), cell: RefCell::new(String::new()), error: || Error::Io };
    {
        let _faults = testing::inject("*", failed());
        assert_eq!(pool.hidden().await.err(), Some(Error::Failed));
        assert_eq!(pool.row().await.map(|row| row.0), Err(Error::Failed));
        assert_eq!(pool.boxed().await, Err(Error::Failed));
    }
    assert!(pool.hidden().await.is_ok() && pool.hidden_blocking().is_ok());
    assert_eq!(pool.option().await.map(|row| row.0), Some("pool"));
    assert_eq!(pool.of_the_impl().await.unwrap(), "");
    assert_eq!(pool.named().await.unwrap(), "pool");
    let cell = Cell::new("x");
    assert_eq!(Pool::<u8, u8>::invariant(&cell).await.unwrap().get(), "x");
    assert_eq!(pool.itself().await.unwrap().name, "pool");
}
