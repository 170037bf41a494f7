//! Settings that change while the program runs: retries, timeouts, hedges, fallbacks and budgets.

use std::cell::Cell;
use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use steadfast::registry::{HedgeControl, Managed, RetryControl, TimeoutControl, Value};
use steadfast::{
    Backoff, Hedge, Jitter, Nested, Percentile, PercentileTimeout, Retry, RetryBudget, StaleFallback, Timeout,
    fallback, retry,
};
use steadfast_tests::{Answer, Error};
use tokio::time::{Instant, sleep, timeout as foreign_timeout};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Puts these over the settings of a policy, in the place of what was put over them before.
fn put(policy: &dyn Managed, over: &[(&str, Value)]) {
    policy.change(over).unwrap_or_else(|refusals| panic!("{refusals:?}"))();
}

const OFF: (&str, Value) = ("enabled", Value::Flag(false));

#[tokio::test(start_paused = true)]
async fn v1_each_setting_of_a_retry_counts_from_the_next_call() {
    static CONTROL: RetryControl = RetryControl::new();
    static RETRY: Retry = Retry::new().jitter(Jitter::None).controlled(&CONTROL);

    #[retry(RETRY)]
    async fn call(calls: &Cell<u32>) -> Answer {
        calls.set(calls.get() + 1);
        Err(Error::Failed)
    }
    type Over<'a> = &'a [(&'a str, Value)];
    let rows: [(Over<'_>, u32, u64); 11] = [
        (&[], 3, 300),
        (&[("attempts", Value::Integer(5))], 5, 1500),
        (&[("attempts", text("unlimited")), ("max_duration", text("2s"))], 5, 1500),
        (&[("max_duration", text("300ms"))], 2, 100),
        (&[("backoff", text("fixed(1s)"))], 3, 2000),
        (&[("backoff", text("linear(100ms)")), ("attempts", Value::Integer(4))], 4, 600),
        (&[("backoff", text("fibonacci(100ms)")), ("attempts", Value::Integer(5))], 5, 700),
        (&[("backoff", text("none"))], 3, 0),
        (&[("max_delay", text("100ms"))], 3, 200),
        (&[OFF], 1, 0),
        (&[], 3, 300),
    ];
    for (over, expected, millis) in rows {
        put(&RETRY, over);
        let (calls, start) = (Cell::new(0), Instant::now());
        assert_eq!(call(&calls).await, Err(Error::Failed));
        assert_eq!((calls.get(), start.elapsed()), (expected, ms(millis)), "{over:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn v2_rejections_and_a_retry_around() {
    static CONTROL: RetryControl = RetryControl::new();
    static RETRY: Retry = Retry::new().backoff(Backoff::NONE).controlled(&CONTROL);
    let calls = Cell::new(0);
    let late = async || {
        let limit = Timeout::new(ms(1));
        let body = || {
            calls.set(calls.get() + 1);
            limit.try_call(pending::<Answer>())
        };
        assert!(RETRY.try_call(body).await.rejection().is_some());
        calls.take()
    };
    assert_eq!(late().await, 3);
    put(&RETRY, &[("rejections", text("circuit_open"))]);
    assert_eq!(late().await, 1);
    put(&RETRY, &[("rejections", text("none"))]);
    assert_eq!(late().await, 1);
    put(&RETRY, &[]);
    assert_eq!(late().await, 3);

    let beneath = async || {
        let around = Retry::new().attempts(2).backoff(Backoff::NONE);
        let body = || {
            RETRY.call(|| {
                calls.set(calls.get() + 1);
                async { Err::<(), _>(Error::Failed) }
            })
        };
        assert_eq!(around.call(body).await, Err(Error::Failed));
        calls.take()
    };
    assert_eq!(beneath().await, 6);
    put(&RETRY, &[("nested", text("once"))]);
    assert_eq!(beneath().await, 2);
    // Switched off it is no retry around for those beneath.
    put(&RETRY, &[OFF]);
    let inner = Retry::new().backoff(Backoff::NONE).nested(Nested::Once);
    let body = || {
        inner.call(|| {
            calls.set(calls.get() + 1);
            async { Err::<(), _>(Error::Failed) }
        })
    };
    assert_eq!(RETRY.call(body).await, Err(Error::Failed));
    assert_eq!(calls.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn v3_a_timeout_for_the_next_calls() {
    static CONTROL: TimeoutControl = TimeoutControl::new();
    let ends = async |limit: u64| {
        // A value of the call, as where the limit is an expression.
        let timeout = Timeout::new(ms(limit)).controlled(&CONTROL);
        let start = Instant::now();
        foreign_timeout(ms(10_000), timeout.try_call(pending::<()>())).await.ok().map(|_| start.elapsed())
    };
    let policy = Timeout::new(ms(1)).controlled(&CONTROL);
    for (over, expected) in [
        (vec![], Some(70)),
        (vec![("limit", text("2s"))], Some(2000)),
        (vec![("limit", text("none"))], None),
        (vec![OFF], None),
        (vec![], Some(70)),
    ] {
        put(&policy, &over);
        assert_eq!(ends(70).await, expected.map(ms), "{over:?}");
    }
    let under_way = ends(100);
    let change = async {
        sleep(ms(30)).await;
        put(&policy, &[("limit", text("40ms"))]);
    };
    assert_eq!(tokio::join!(under_way, change).0, Some(ms(100)));
    assert_eq!(ends(100).await, Some(ms(40)));
}

#[tokio::test(start_paused = true)]
async fn v4_a_timeout_that_follows_latencies() {
    static LIMIT: PercentileTimeout = PercentileTimeout::new(Percentile::new(0.9).max(ms(500)).min_calls(10));
    let ends = async || {
        let start = Instant::now();
        foreign_timeout(ms(5_000), LIMIT.try_call(pending::<()>())).await.ok().map(|_| start.elapsed())
    };
    assert_eq!(ends().await, Some(ms(500)));
    put(&LIMIT, &[("max", text("80ms"))]);
    assert_eq!(ends().await, Some(ms(80)));
    put(&LIMIT, &[OFF]);
    assert_eq!(ends().await, None);
    assert_eq!(LIMIT.percentile().calls(), 2, "what was not ended was not as long as any");
    let refused = LIMIT.change(&[("window", text("1h"))]).err().expect("it is the same for good");
    assert!(refused[0].message.contains("cannot be changed while the program runs"), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn v5_a_hedge_for_the_next_calls() {
    static BUDGET: RetryBudget = RetryBudget::new();
    static CONTROL: HedgeControl = HedgeControl::new();
    static HEDGE: Hedge = Hedge::new(ms(100)).budget(&BUDGET).controlled(&CONTROL);
    let calls = async || {
        let calls = Cell::new(0);
        let call = HEDGE.call(|| {
            calls.set(calls.get() + 1);
            pending::<Answer>()
        });
        assert!(foreign_timeout(ms(350), call).await.is_err());
        calls.get()
    };
    for (over, expected) in [
        (vec![], 2),
        (vec![("attempts", Value::Integer(9))], 4),
        (vec![("after", text("1s"))], 1),
        (vec![("attempts", Value::Integer(9)), OFF], 1),
        (vec![], 2),
    ] {
        put(&HEDGE, &over);
        let before = BUDGET.counts().calls;
        assert_eq!(calls().await, expected, "{over:?}");
        assert_eq!(BUDGET.counts().calls - before, u64::from(!over.contains(&OFF)), "{over:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn v6_the_last_success_for_the_next_calls() {
    static ANSWERS: StaleFallback = StaleFallback::new(ms(1_000));

    #[fallback(stale(ANSWERS))]
    async fn call(answer: Answer) -> Answer {
        answer
    }
    assert_eq!(call(Ok(1)).await, Ok(1));
    sleep(ms(2_000)).await;
    let failed = || call(Err(Error::Failed));
    assert_eq!(failed().await, Err(Error::Failed));
    put(&ANSWERS, &[("stale", text("1m"))]);
    assert_eq!(failed().await, Ok(1));
    put(&ANSWERS, &[("stale", text("1m")), OFF]);
    assert_eq!(failed().await, Err(Error::Failed));
    assert_eq!(call(Ok(2)).await, Ok(2));
    put(&ANSWERS, &[("stale", text("1m"))]);
    assert_eq!(failed().await, Ok(1), "it was not kept while that was switched off");
}

#[tokio::test(start_paused = true)]
async fn v7_a_budget_from_the_next_retry() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.0).min_per_second(0);

    #[retry(attempts = 3, backoff = none, budget = BUDGET)]
    async fn call(calls: &Cell<u32>) -> Answer {
        calls.set(calls.get() + 1);
        Err(Error::Failed)
    }
    let attempts = async || {
        let calls = Cell::new(0);
        assert_eq!(call(&calls).await, Err(Error::Failed));
        calls.get()
    };
    assert_eq!(attempts().await, 1);
    put(&BUDGET, &[("ratio", Value::Integer(1))]);
    assert_eq!(attempts().await, 3, "the calls that were counted stay");
    assert_eq!(attempts().await, 2);
    put(&BUDGET, &[OFF]);
    assert_eq!(attempts().await, 3);
    put(&BUDGET, &[("window", text("1h"))]);
    assert_eq!((BUDGET.counts().calls, BUDGET.counts().retries), (4, 5));
}

/// What a function returned is told apart by how it was retried: never by the attempts of one setting and the delays of
/// the other.
#[test]
fn v8_threads_that_call_while_settings_change() {
    const CHANGES: u32 = 5_000;
    static CONTROL: RetryControl = RetryControl::new();
    static TORN: AtomicU32 = AtomicU32::new(0);
    static DONE: AtomicBool = AtomicBool::new(false);
    // The delay of a failure with these settings is 0 under both, and a millisecond under half of each.
    static RETRY: Retry = Retry::new()
        .attempts(2)
        .backoff(Backoff::fixed(ms(1)))
        .max_delay(ms(0))
        .on_retry(|event| {
            if !event.delay.is_zero() {
                TORN.fetch_add(1, Ordering::Relaxed);
            }
        })
        .controlled(&CONTROL);
    let other = [("backoff", text("none")), ("max_delay", text("1ms")), ("attempts", Value::Integer(4))];
    std::thread::scope(|scope| {
        let callers = [(); 3].map(|()| {
            scope.spawn(|| {
                while !DONE.load(Ordering::Relaxed) {
                    let calls = Cell::new(0);
                    let answer = RETRY.call_blocking(|| {
                        calls.set(calls.get() + 1);
                        Err::<(), _>(Error::Failed)
                    });
                    assert_eq!(answer, Err(Error::Failed));
                    assert!((2..=4).contains(&calls.get()), "{calls:?}");
                }
            })
        });
        for change in 0..CHANGES {
            put(&RETRY, if change % 2 == 0 { &other } else { &[] });
        }
        DONE.store(true, Ordering::Relaxed);
        for caller in callers {
            caller.join().expect("no setting panics");
        }
    });
    assert_eq!(TORN.load(Ordering::Relaxed), 0);
}
