//! How many calls pass, when the others may come again, and how they wait.

use std::sync::Arc;
use std::time::Duration;

use steadfast::{
    CircuitBreaker, Keyed, RateLimit, State, circuit_breaker, fallback, rate_limit, retry, testing, timeout,
};
use steadfast_tests::{Answer, Error, Script, pass};
use tokio::time::Instant;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The hint of a rejection by a rate limit.
fn wait(answer: &Answer) -> Duration {
    let rejection = answer.unwrap_err().rejection();
    assert!(rejection.is_rate_limited(), "{rejection}");
    rejection.retry_after().expect("a rate limit knows")
}

/// Calls at once, async; how many passed, and what the others were told.
async fn at_once(calls: usize, call: impl AsyncFn(&Script) -> Answer) -> (usize, Vec<Duration>) {
    let script = Script::new("S");
    let mut waits = Vec::new();
    for _ in 0..calls {
        let answer = call(&script).await;
        if answer.is_err() {
            waits.push(wait(&answer));
        }
    }
    assert_eq!(script.runs(), calls - waits.len(), "a body runs where a call passes");
    (script.runs(), waits)
}

/// A function with these attributes, async and sync, each time another one.
macro_rules! both {
    ($(#[$($attribute:tt)*])* => |$call:ident| $test:expr) => {{
        {
            $(#[$($attribute)*])*
            async fn limited(script: &Script) -> Answer {
                script.run().await
            }
            let $call = limited;
            $test
        }
        {
            $(#[$($attribute)*])*
            fn limited(script: &Script) -> Answer {
                script.run_blocking()
            }
            let $call = async |script: &Script| limited(script);
            $test
        }
    }};
}

#[tokio::test(start_paused = true)]
async fn l01_a_thousand_callers_at_once() {
    both!(#[rate_limit(permits = 100, per = "1s")] => |call| {
        let (passed, waits) = at_once(1000, call).await;
        assert_eq!((passed, waits), (100, vec![ms(10); 900]));
    });
    both!(#[rate_limit(permits = 100, per = "1s", burst = 10)] => |call| {
        let (passed, waits) = at_once(1000, call).await;
        assert_eq!((passed, waits), (10, vec![ms(10); 990]));
    });
}

#[tokio::test(start_paused = true)]
async fn l01b_from_as_many_tasks() {
    #[rate_limit(permits = 100)]
    async fn call() -> Answer {
        tokio::task::yield_now().await;
        Ok(1)
    }
    let calls: Vec<_> = (0..1000).map(|_| tokio::spawn(call())).collect();
    let mut passed = 0;
    for call in calls {
        passed += usize::from(call.await.unwrap().is_ok());
    }
    assert_eq!(passed, 100);
}

#[tokio::test(start_paused = true)]
async fn l01c_permits_come_back_evenly() {
    both!(#[rate_limit(permits = 4, per = "1s")] => |call| {
        assert_eq!(at_once(6, &call).await.0, 4);
        for _ in 0..10 {
            pass(ms(249));
            assert_eq!(at_once(2, &call).await, (0, vec![ms(1); 2]));
            pass(ms(1));
            assert_eq!(at_once(3, &call).await.0, 1);
        }
        pass(ms(600));
        assert_eq!(at_once(5, &call).await, (2, vec![ms(150); 3]));
    });
}

#[tokio::test(start_paused = true)]
async fn l01d_all_are_back_after_the_time_whatever_the_division() {
    // A third of a second is no whole number of nanoseconds.
    both!(#[rate_limit(permits = 3)] => |call| {
        for _ in 0..100 {
            assert_eq!(at_once(5, &call).await.0, 3);
            pass(ms(1000));
        }
    });
    both!(#[rate_limit(permits = 7, per = "1m", burst = 1)] => |call| {
        let (passed, waits) = at_once(3, &call).await;
        // Between two nanoseconds, of which the first may be within what the present was rounded by.
        assert_eq!(passed, 1);
        assert!(matches!(waits[0].as_nanos(), 8_571_428_571 | 8_571_428_572), "{waits:?}");
        pass(ms(8571));
        assert_eq!(at_once(1, &call).await.0, 0);
        pass(ms(1));
        assert_eq!(at_once(3, &call).await.0, 1);
    });
}

#[tokio::test(start_paused = true)]
async fn l01e_a_burst_above_the_permits() {
    both!(#[rate_limit(permits = 1, per = "10s", burst = 5)] => |call| {
        assert_eq!(at_once(9, &call).await, (5, vec![ms(10_000); 4]));
        pass(ms(20_000));
        assert_eq!(at_once(9, &call).await.0, 2);
    });
}

#[tokio::test(start_paused = true)]
async fn l01f_after_the_hint_a_call_passes() {
    both!(#[rate_limit(permits = 3, burst = 2)] => |call| {
        for _ in 0..20 {
            let (_, waits) = at_once(3, &call).await;
            let hint = waits[0];
            // The clock moves on in milliseconds.
            pass(ms(u64::try_from(hint.as_millis()).unwrap() + 1));
            assert_eq!(at_once(2, &call).await.0, 1, "{hint:?}");
        }
    });
}

#[tokio::test(start_paused = true)]
async fn l02_idle_for_an_hour_or_a_year() {
    both!(#[rate_limit(permits = 100, burst = 10)] => |call| {
        assert_eq!(at_once(50, &call).await.0, 10);
        for hours in [1, 24, 24 * 365] {
            pass(Duration::from_secs(3600) * hours);
            assert_eq!(at_once(1000, &call).await.0, 10);
        }
    });
}

#[tokio::test(start_paused = true)]
async fn l02b_before_the_first_call_too() {
    pass(Duration::from_secs(3600));
    both!(#[rate_limit(permits = 5)] => |call| assert_eq!(at_once(50, &call).await.0, 5));
}

#[tokio::test(start_paused = true)]
async fn l03_a_rejection_says_what_it_is() {
    both!(#[rate_limit(permits = 1, per = "30s", name = "maps")] => |call| {
        let script = Script::new("S");
        assert_eq!(call(&script).await, Ok(1));
        let rejection = call(&script).await.unwrap_err().rejection();
        assert_eq!((rejection.policy(), rejection.http_status(), rejection.grpc_code()), ("maps", 429, 8));
        assert_eq!(rejection.to_string(), "rate limited at `maps`, retry after 30.000s");
    });
}

#[tokio::test(start_paused = true)]
async fn l04_those_who_wait_pass_in_order_and_in_time() {
    #[rate_limit(permits = 10, burst = 1, max_wait = "300ms")]
    async fn call(start: Instant) -> Result<Duration, steadfast::Rejection> {
        Ok(start.elapsed())
    }
    let start = Instant::now();
    let calls: Vec<_> = (0..8).map(|_| tokio::spawn(call(start))).collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    let late: Vec<_> = answers.split_off(4).into_iter().map(|answer| answer.unwrap_err().retry_after()).collect();
    assert_eq!(answers, [Ok(ms(0)), Ok(ms(100)), Ok(ms(200)), Ok(ms(300))]);
    assert_eq!(late, [Some(ms(400)); 4]);
}

#[tokio::test(start_paused = true)]
async fn l04b_a_thread_waits_by_the_sleeper() {
    #[rate_limit(permits = 10, burst = 1, max_wait = "300ms")]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    let sleeps = testing::advance_on_sleep();
    let script = Script::new("S");
    for run in 1..=10 {
        assert_eq!(call(&script), Ok(run));
    }
    assert_eq!(sleeps.taken(), [ms(100); 9]);
    assert_eq!(script.delays(), [ms(100); 9]);
}

#[tokio::test(start_paused = true)]
async fn l04c_a_thread_under_a_clock_that_stands_still() {
    #[rate_limit(permits = 10, burst = 1, max_wait = "300ms")]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    let sleeps = testing::record_sleeps();
    let script = Script::new("S");
    for run in 1..=5 {
        assert_eq!(call(&script), Ok(run), "it has waited as far as it knows");
    }
    assert!(sleeps.total() >= ms(400));
}

#[tokio::test(start_paused = true)]
async fn l04d_never_until_the_deadline() {
    static LIMIT: RateLimit = RateLimit::new(1).max_wait(Duration::from_secs(60));
    #[timeout("1500ms")]
    #[rate_limit(LIMIT)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("S");
    assert_eq!(call(&script).await, Ok(1));
    let (second, third) = tokio::join!(call(&script), call(&script));
    assert_eq!((second, wait(&third)), (Ok(2), ms(2000)));
    assert_eq!(script.elapsed(), ms(1000));
}

#[tokio::test(start_paused = true)]
async fn l04e_a_timeout_above_drops_no_permit() {
    static LIMIT: RateLimit = RateLimit::new(1).max_wait(Duration::from_secs(60));
    #[rate_limit(LIMIT)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("S");
    assert_eq!(call(&script).await, Ok(1));
    // Of another crate: it is not known beneath.
    assert!(tokio::time::timeout(ms(300), call(&script)).await.is_err());
    assert_eq!((LIMIT.waiting(), LIMIT.retry_after()), (0, Some(ms(700))));
    assert_eq!(call(&script).await, Ok(2));
    assert_eq!(script.elapsed(), ms(1000));
}

#[tokio::test(start_paused = true)]
async fn l05_the_retry_waits_as_long_as_it_is_told() {
    both!(
        #[retry(attempts = 2, backoff = fixed("100ms"), jitter = none)]
        #[rate_limit(permits = 1, per = "5s")]
        => |call| {
            let sleeps = testing::advance_on_sleep();
            let script = Script::new("S");
            assert_eq!(call(&script).await, Ok(1));
            assert_eq!(call(&script).await, Ok(2));
            assert_eq!(script.delays(), [ms(5100)]);
            drop(sleeps);
        }
    );
}

#[tokio::test(start_paused = true)]
async fn l05b_or_goes_outwards_at_once() {
    macro_rules! at_once {
        ($(#[$($attribute:tt)*])*) => {
            both!($(#[$($attribute)*])* => |call| {
                let script = Script::new("S");
                assert_eq!(call(&script).await, Ok(1));
                assert_eq!(wait(&call(&script).await), ms(5000));
                assert_eq!(script.elapsed(), Duration::ZERO);
            });
        };
    }
    at_once!(#[retry(max_delay = "4s", backoff = fixed("1s"))] #[rate_limit(permits = 1, per = "5s")]);
    at_once!(#[retry(max_duration = "5s")] #[rate_limit(permits = 1, per = "5s")]);
    at_once!(#[retry(rejections(timeout))] #[rate_limit(permits = 1, per = "5s")]);
    at_once!(#[retry(when = |_: &Error| true)] #[rate_limit(permits = 1, per = "5s")]);

    #[timeout("5s")]
    #[retry]
    #[rate_limit(permits = 1, per = "5s")]
    async fn within(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("S");
    assert_eq!(within(&script).await, Ok(1));
    assert_eq!(wait(&within(&script).await), ms(5000));
    assert_eq!(script.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn l05c_each_attempt_takes_a_permit() {
    both!(
        #[retry(attempts = 5, backoff = none)]
        #[rate_limit(permits = 3, per = "1h")]
        => |call| {
            let script = Script::new("F");
            assert_eq!(wait(&call(&script).await), Duration::from_secs(1200));
            assert_eq!(script.runs(), 3);
        }
    );
    both!(
        #[rate_limit(permits = 1, per = "1h")]
        #[retry(attempts = 5, backoff = none)]
        => |call| {
            let script = Script::new("F");
            assert_eq!(call(&script).await, Err(Error::Failed));
            assert_eq!(script.runs(), 5);
        }
    );
}

#[tokio::test(start_paused = true)]
async fn l06_the_breaker_is_neutral() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(2);
    both!(
        #[circuit_breaker(BREAKER)]
        #[rate_limit(permits = 1, per = "10s")]
        => |call| {
            BREAKER.reset();
            let script = Script::new("FSF");
            assert_eq!(call(&script).await, Err(Error::Failed));
            // Neither counted nor taken for a success.
            for _ in 0..10 {
                wait(&call(&script).await);
            }
            assert_eq!((BREAKER.state(), BREAKER.counts().consecutive_failures), (State::Closed, 1));
            pass(ms(10_000));
            assert_eq!(call(&script).await, Ok(2));
            assert_eq!(BREAKER.counts().consecutive_failures, 0);
        }
    );
}

#[tokio::test(start_paused = true)]
async fn l06b_under_a_breaker_that_is_open_no_permit_is_taken() {
    static LIMIT: RateLimit = RateLimit::new(10);
    both!(#[circuit_breaker(failure_threshold = 1)] #[rate_limit(LIMIT)] => |call| {
        LIMIT.reset();
        let script = Script::new("F");
        assert_eq!(call(&script).await, Err(Error::Failed));
        assert!(call(&script).await.unwrap_err().rejection().is_circuit_open());
        assert_eq!(LIMIT.available(), 9);
    });
}

#[tokio::test(start_paused = true)]
async fn l07_a_fallback_handles_it_and_error_converts_it() {
    both!(#[fallback(Ok(0))] #[rate_limit(permits = 1)] => |call| {
        let script = Script::new("S");
        assert_eq!((call(&script).await, call(&script).await), (Ok(1), Ok(0)));
    });
    both!(#[rate_limit(permits = 1, error = |_| Error::Mapped("mine"))] => |call| {
        let script = Script::new("S");
        assert_eq!((call(&script).await, call(&script).await), (Ok(1), Err(Error::Mapped("mine"))));
    });
    both!(
        #[circuit_breaker(failure_threshold = 1, error = |_| Error::Mapped("breaker"))]
        #[rate_limit(permits = 1, error = |_| Error::Mapped("limit"))]
        => |call| {
            let script = Script::new("S");
            assert_eq!((call(&script).await, call(&script).await), (Ok(1), Err(Error::Mapped("limit"))));
        }
    );
}

#[tokio::test(start_paused = true)]
async fn l08_each_function_its_own_and_shared_where_that_is_said() {
    static SHARED: RateLimit = RateLimit::new(2).name("shared");
    #[rate_limit(permits = 1)]
    fn own() -> Answer {
        Ok(1)
    }
    #[rate_limit(permits = 1)]
    fn other() -> Answer {
        Ok(1)
    }
    #[rate_limit(SHARED)]
    async fn one() -> Answer {
        Ok(1)
    }
    #[rate_limit(&SHARED)]
    fn two() -> Answer {
        Ok(1)
    }
    assert!(own().is_ok() && other().is_ok() && own().is_err() && other().is_err());
    assert!(one().await.is_ok() && two().is_ok());
    assert_eq!(one().await.unwrap_err().rejection().policy(), "shared");
    assert_eq!(two().unwrap_err().rejection().policy(), "shared");
    assert_eq!((SHARED.available(), SHARED.rejected()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn l08b_one_for_each_instance() {
    struct Client {
        limit: Arc<RateLimit>,
        calls: u32,
    }
    impl Client {
        #[rate_limit(self.limit)]
        async fn call(&mut self) -> Answer {
            self.calls += 1;
            Ok(self.calls)
        }
    }
    let mut clients = [(); 2].map(|()| Client { limit: Arc::new(RateLimit::new(1)), calls: 0 });
    for client in &mut clients {
        assert_eq!(client.call().await, Ok(1));
        assert_eq!(wait(&client.call().await), ms(1000));
    }
}

#[tokio::test(start_paused = true)]
async fn l08c_one_for_each_key() {
    static TENANTS: Keyed<RateLimit> = RateLimit::new(1).keyed();
    #[rate_limit(permits = 1, key = (tenant, user))]
    async fn own(tenant: &str, user: u32) -> Answer {
        let _ = tenant;
        Ok(user)
    }
    #[rate_limit(TENANTS, key = tenant)]
    fn shared(tenant: String) -> Answer {
        drop(tenant);
        Ok(1)
    }
    for tenant in ["a", "b"] {
        assert_eq!(own(tenant, 1).await, Ok(1));
        assert_eq!(own(tenant, 2).await, Ok(2));
        assert_eq!(wait(&own(tenant, 1).await), ms(1000));
        assert_eq!(shared(tenant.to_owned()), Ok(1));
        assert_eq!(wait(&shared(tenant.to_owned())), ms(1000));
    }
    assert_eq!(TENANTS.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn l08d_keys_that_are_spent_are_kept_longest() {
    #[rate_limit(permits = 1, key = id, max_keys = 2)]
    fn call(id: u32) -> Answer {
        Ok(id)
    }
    assert_eq!(call(1), Ok(1));
    pass(ms(600));
    for id in 2..20 {
        assert_eq!(call(id), Ok(id));
        pass(ms(20));
    }
    // Full again after a second, and so forgotten before the others.
    pass(ms(40));
    assert_eq!((call(1), call(50)), (Ok(1), Ok(50)));
    assert_eq!(wait(&call(1)), ms(1000));
}

#[tokio::test(start_paused = true)]
async fn l09_forced_open_and_closed() {
    static LIMIT: RateLimit = RateLimit::new(1).max_wait(Duration::from_secs(60));
    #[rate_limit(LIMIT)]
    async fn call() -> Answer {
        Ok(1)
    }
    #[rate_limit(LIMIT)]
    fn blocking() -> Answer {
        Ok(1)
    }
    assert_eq!(call().await, Ok(1));
    let start = Instant::now();
    let (waits, ()) = tokio::join!(call(), async { LIMIT.force_open() });
    for rejected in [waits, call().await, blocking()] {
        let rejection = rejected.unwrap_err().rejection();
        assert!(rejection.is_rate_limited());
        assert_eq!(rejection.retry_after(), None);
    }
    assert_eq!(LIMIT.rejected(), 3);
    LIMIT.force_closed();
    for _ in 0..10 {
        assert_eq!((call().await, blocking()), (Ok(1), Ok(1)));
    }
    LIMIT.reset();
    assert_eq!((call().await, start.elapsed(), LIMIT.rejected()), (Ok(1), Duration::ZERO, 3));
    assert_eq!((call().await, start.elapsed()), (Ok(1), Duration::from_secs(1)));
}
