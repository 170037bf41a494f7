//! O1: every decision is an event.

use std::future::{Future, pending};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use steadfast::{
    CircuitBreaker, Class, Decision, Event, GiveUp, Observer, Percentile, PercentileTimeout, PolicyKind, RateLimit,
    Reason, RetryBudget, State, bulkhead, circuit_breaker, fallback, hedge, rate_limit, retry, timeout,
};
use steadfast_tests::{Answer, Error, Script, pass, poll_once};

/// The events of this thread: tests run beside each other.
struct Record {
    events: mpsc::Receiver<Event>,
    _observer: Observer,
}

impl Record {
    fn begin() -> Self {
        let (sender, events) = mpsc::channel();
        let here = thread::current().id();
        let observer = steadfast::observe(move |event| {
            if thread::current().id() == here {
                let _ = sender.send(*event);
            }
        });
        Self { events, _observer: observer }
    }

    /// Those since the last look.
    fn take(&self) -> Vec<Event> {
        self.events.try_iter().collect()
    }

    /// The same in words.
    fn words(&self) -> Vec<String> {
        self.take().iter().map(Event::to_string).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn o01_a_success_makes_none() {
    #[fallback(Ok(0), name = "f")]
    #[timeout("1s", name = "t")]
    #[retry(name = "r")]
    #[hedge(after = "20ms", name = "h")]
    #[circuit_breaker(failure_rate = 0.5, name = "c")]
    #[rate_limit(permits = 9, name = "l")]
    #[bulkhead(max_concurrent = 2, name = "b")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let record = Record::begin();
    assert_eq!(call(&Script::new("S")).await, Ok(1));
    assert_eq!(record.words(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn o01a_a_retry() {
    #[retry(attempts = 3, backoff = fixed("50ms"), jitter = none, name = "r")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let record = Record::begin();
    assert_eq!(call(&Script::new("F S")).await, Ok(2));
    assert_eq!(record.words(), ["retry `r` follows attempt 1 with another in 50.000ms"]);
    assert!(call(&Script::new("F")).await.is_err());
    assert_eq!(
        record.words(),
        [
            "retry `r` follows attempt 1 with another in 50.000ms",
            "retry `r` follows attempt 2 with another in 50.000ms",
            "retry `r` gave up after 3 attempts: attempts",
        ]
    );
    assert!(call(&Script::new("P")).await.is_err());
    let events = record.take();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!((events[0].policy, events[0].kind), ("r", PolicyKind::Retry));
    let Decision::GaveUp { attempts, reason, failure, .. } = events[0].decision else { panic!("{events:?}") };
    assert_eq!((attempts, reason), (1, GiveUp::NotRetryable));
    assert_eq!(failure, steadfast::Cause::Returned(Class::Permanent));
}

#[tokio::test(start_paused = true)]
async fn o01b_a_breaker() {
    #[circuit_breaker(failure_threshold = 2, reset_timeout = "30s", name = "c")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let record = Record::begin();
    let script = Script::new("F F S");
    for _ in 0..3 {
        assert!(call(&script).await.is_err());
    }
    pass(Duration::from_secs(30));
    assert_eq!(call(&script).await, Ok(3));
    assert_eq!(
        record.words(),
        [
            "circuit_breaker `c` went from closed to open: consecutive_failures",
            "circuit open at `c`, retry after 30.000s",
            "circuit_breaker `c` went from open to half_open: reset_timeout",
            "circuit_breaker `c` went from half_open to closed: probes_succeeded",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn o01c_by_hand() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().name("c");
    let record = Record::begin();
    BREAKER.force_open();
    assert!(BREAKER.try_acquire().is_err());
    BREAKER.reset();
    let events = record.take();
    let changes: Vec<_> = events.iter().map(|event| event.decision).collect();
    assert!(
        matches!(
            changes[..],
            [
                Decision::StateChanged { from: State::Closed, to: State::ForcedOpen, reason: Reason::Manual, .. },
                Decision::Rejected(rejection),
                Decision::StateChanged { from: State::ForcedOpen, to: State::Closed, reason: Reason::Manual, .. },
            ] if rejection.is_circuit_open()
        ),
        "{changes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn o01d_a_bulkhead() {
    #[bulkhead(max_concurrent = 1, max_wait = "10ms", name = "b")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let record = Record::begin();
    let hangs = Script::new("T");
    let mut first = Box::pin(call(&hangs));
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(call(&Script::new("S")).await.is_err());
    assert_eq!(record.words(), ["bulkhead full at `b`, 1 running and 0 waiting"]);
}

#[tokio::test(start_paused = true)]
async fn o01e_a_rate_limit_in_each_way_that_it_rejects() {
    static LIMIT: RateLimit = RateLimit::new(1).max_wait(Duration::from_secs(10)).name("l");
    #[rate_limit(LIMIT)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let record = Record::begin();
    let script = Script::new("S");
    assert_eq!(call(&script).await, Ok(1));
    assert!(LIMIT.try_acquire().is_err());
    assert_eq!(record.words(), ["rate limited at `l`, retry after 1.000s"]);
    // One that waits, while it is closed by hand.
    let mut waits = Box::pin(call(&script));
    assert!(poll_once(waits.as_mut()).is_pending());
    LIMIT.force_open();
    assert!(waits.await.is_err());
    assert_eq!(record.words(), ["rate limited at `l`"]);
    assert!(call(&script).await.is_err());
    assert_eq!(record.words(), ["rate limited at `l`"]);
}

#[tokio::test(start_paused = true)]
async fn o01f_timeouts() {
    static FOLLOWS: PercentileTimeout =
        PercentileTimeout::new(Percentile::new(0.99).max(Duration::from_secs(3))).name("p");
    #[timeout("1s", name = "t")]
    async fn call() -> Answer {
        pending().await
    }
    let record = Record::begin();
    assert!(call().await.is_err());
    let late: Answer = FOLLOWS.call(pending()).await;
    assert!(late.is_err());
    assert_eq!(record.words(), ["timeout `t` ended a call after 1.000s", "timeout `p` ended a call after 3.000s"]);
}

#[tokio::test(start_paused = true)]
async fn o01g_a_hedge() {
    #[hedge(after = "20ms", attempts = 3, name = "h")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let record = Record::begin();
    assert_eq!(call(&Script::new("T T S")).await, Ok(3));
    assert_eq!(
        record.words(),
        ["hedge `h` started call 2", "hedge `h` started call 3", "hedge `h` won by an added call, of 3"]
    );
    // The first one wins: nothing is won by what was added.
    assert_eq!(call(&Script::new("s T")).await, Ok(1));
    assert_eq!(record.words(), ["hedge `h` started call 2", "hedge `h` started call 3"]);
}

#[tokio::test(start_paused = true)]
async fn o01h_p38_what_a_fallback_answers_for() {
    #[fallback(Ok(7), name = "a")]
    async fn by_value(script: &Script) -> Answer {
        script.run().await
    }
    #[fallback(|_error| Ok(8), name = "b")]
    async fn by_error(script: &Script) -> Answer {
        script.run().await
    }
    #[fallback(|_error| Ok(9), name = "c")]
    #[timeout("1s", name = "t")]
    async fn of_a_rejection(script: &Script) -> Answer {
        script.run().await
    }
    #[fallback(stale = "10m", name = "d")]
    async fn stale(script: &Script) -> Answer {
        script.run().await
    }
    let record = Record::begin();
    assert_eq!(by_value(&Script::new("F")).await, Ok(7));
    assert_eq!(by_error(&Script::new("F")).await, Ok(8));
    assert_eq!(of_a_rejection(&Script::new("T")).await, Ok(9));
    let script = Script::new("S F");
    assert_eq!(stale(&script).await, Ok(1));
    pass(Duration::from_secs(60));
    assert_eq!(stale(&script).await, Ok(1));
    assert_eq!(
        record.words(),
        [
            "fallback `a` answered",
            "fallback `b` answered",
            "timeout `t` ended a call after 1.000s",
            "fallback `c` answered",
            "fallback `d` answered with a success 60.000s old",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn o01i_a_budget() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.0).min_per_second(0).name("budget");
    #[retry(budget = BUDGET, backoff = none, name = "r")]
    async fn retried(script: &Script) -> Answer {
        script.run().await
    }
    #[hedge(after = "1ms", budget = BUDGET, name = "h")]
    async fn hedged(script: &Script) -> Answer {
        script.run().await
    }
    let record = Record::begin();
    assert!(retried(&Script::new("F")).await.is_err());
    assert_eq!(hedged(&Script::new("s")).await, Ok(1));
    assert_eq!(
        record.words(),
        [
            "retry_budget `budget` is exhausted",
            "retry `r` gave up after 1 attempt: budget",
            "retry_budget `budget` is exhausted",
        ]
    );
}

#[test]
fn o01j_blocking_functions_tell_the_same() {
    #[fallback(Ok(7), name = "f")]
    #[retry(attempts = 2, backoff = none, name = "r")]
    #[circuit_breaker(failure_threshold = 1, name = "c")]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let _entered = runtime.enter();
    let record = Record::begin();
    assert_eq!(call(&Script::new("F")), Ok(7));
    assert_eq!(
        record.words(),
        [
            "circuit_breaker `c` went from closed to open: consecutive_failures",
            "retry `r` follows attempt 1 with another in 0.000ns",
            "circuit open at `c`, retry after 30.000s",
            "retry `r` gave up after 2 attempts: not_retryable",
            "fallback `f` answered",
        ]
    );
}

#[retry(attempts = 2, backoff = none, name = "elsewhere")]
async fn fails() -> Answer {
    Err(Error::Failed)
}

#[tokio::test(start_paused = true)]
async fn o02_a_listener_may_panic_and_call_back() {
    static CALLED: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).name("called back");
    let here = thread::current().id();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let _observer = steadfast::observe(move |event| {
        if thread::current().id() != here {
            return;
        }
        // Of the breaker that has just changed, whose lock is free; and events of its own, of which nobody hears.
        let _ = CALLED.state();
        CALLED.reset();
        CALLED.force_open();
        assert!(CALLED.try_acquire().is_err());
        CALLED.reset();
        listener.lock().unwrap().push(event.to_string());
        panic!("not the business of the call");
    });
    let failed: Answer = CALLED.call(async { Err(Error::Failed) }).await;
    assert_eq!(failed, Err(Error::Failed));
    assert_eq!(
        *heard.lock().unwrap(),
        ["circuit_breaker `called back` went from closed to open: consecutive_failures"]
    );
    assert_eq!(CALLED.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn o02a_an_observer_hears_nothing_before_and_after() {
    assert!(fails().await.is_err());
    let record = Record::begin();
    let other = Record::begin();
    assert!(fails().await.is_err());
    assert_eq!((record.take().len(), other.take().len()), (2, 2));
    drop(other);
    assert!(fails().await.is_err());
    assert_eq!(record.take().len(), 2);
}

/// What a listener holds goes with it, outside of the lock: it may observe, too.
#[tokio::test(start_paused = true)]
async fn o02b_a_listener_may_hold_anything() {
    static DROPPED: AtomicUsize = AtomicUsize::new(0);
    struct Observes;
    impl Drop for Observes {
        fn drop(&mut self) {
            drop(steadfast::observe(|_| {}));
            DROPPED.fetch_add(1, Relaxed);
        }
    }
    let holds = Observes;
    let observer = steadfast::observe(move |_| {
        let _ = &holds;
    });
    assert_eq!(DROPPED.load(Relaxed), 0);
    drop(observer);
    assert_eq!(DROPPED.load(Relaxed), 1);
}

/// An observer may be dropped by its own listener, and by another thread while it is told.
#[tokio::test(start_paused = true)]
async fn o02c_an_observer_may_end_itself() {
    let slot: Arc<Mutex<Option<Observer>>> = Arc::default();
    let own = Arc::clone(&slot);
    let heard = Arc::new(AtomicUsize::new(0));
    let listener = Arc::clone(&heard);
    let here = thread::current().id();
    *slot.lock().unwrap() = Some(steadfast::observe(move |_| {
        if thread::current().id() == here {
            listener.fetch_add(1, Relaxed);
            let observer = own.lock().unwrap().take();
            drop(observer);
        }
    }));
    assert!(fails().await.is_err());
    assert_eq!(heard.load(Relaxed), 1, "of two events");
}

/// What is dropped at its own time tells in the thread that drops it, also while that unwinds.
#[tokio::test(start_paused = true)]
async fn o02d_a_call_that_is_dropped_while_its_thread_unwinds() {
    #[circuit_breaker(failure_threshold = 1, abandoned = failure, name = "unwinds")]
    async fn call() -> Answer {
        pending().await
    }
    let record = Record::begin();
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut call = Box::pin(call());
        assert!(poll_once(call.as_mut()).is_pending());
        panic!("while a call is under way");
    }));
    assert!(unwound.is_err());
    assert_eq!(record.words(), ["circuit_breaker `unwinds` went from closed to open: consecutive_failures"]);
}

/// A name that was not given is the path of the function.
#[tokio::test(start_paused = true)]
async fn o03_names() {
    struct Cart;
    impl Cart {
        #[fallback(Ok(7))]
        #[timeout("1s")]
        async fn pay(&self) -> Answer {
            pending().await
        }
    }
    let record = Record::begin();
    let paid: &dyn Fn() -> std::pin::Pin<Box<dyn Future<Output = Answer>>> = &|| Box::pin(async { Cart.pay().await });
    assert_eq!(paid().await, Ok(7));
    let policies: Vec<_> = record.take().iter().map(|event| event.policy).collect();
    let path = "conformance::events::o03_names::{{closure}}::Cart::pay";
    assert!(policies.iter().all(|policy| policy.ends_with("Cart::pay")), "{policies:?} for {path}");
}
