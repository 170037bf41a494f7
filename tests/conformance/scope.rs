//! What a body is told: the deadline, the time that remains, its attempt.

use std::time::Duration;

use steadfast::{circuit_breaker, retry, timeout};
use steadfast_tests::{Answer, Error, Script, letter};
use tokio::time::{Instant, sleep};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn t04_a_nested_call_sees_the_smaller_deadline() {
    #[timeout(limit)]
    async fn inner(limit: Duration, script: &Script) -> Answer {
        assert_eq!(steadfast::remaining(), Some(limit.min(700 * MS)));
        script.run().await
    }
    #[timeout("1s", name = "outer")]
    async fn outer(limit: Duration, script: &Script) -> Answer {
        sleep(300 * MS).await;
        inner(limit, script).await
    }
    // One that would end later leaves the report to the outer one.
    for (limit, ends, outermost) in [(500, 800, false), (700, 1_000, false), (701, 1_000, true), (5_000, 1_000, true)] {
        let script = Script::new("T");
        let rejection = outer(limit * MS, &script).await.unwrap_err().rejection();
        assert_eq!(rejection.policy() == "outer", outermost, "{limit}");
        assert_eq!(script.elapsed(), ends * MS);
    }
}

#[tokio::test(start_paused = true)]
async fn t04b_a_nested_retry_stops_in_time() {
    #[retry(attempts = 10, backoff = fixed("300ms"), jitter = none)]
    async fn inner(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(attempts = 10, backoff = fixed("300ms"), jitter = none)]
    fn inner_blocking(script: &Script) -> Answer {
        script.run_blocking()
    }
    #[timeout("1s")]
    async fn outer(script: &Script, blocking: bool) -> Answer {
        if blocking { inner_blocking(script) } else { inner(script).await }
    }
    let _sleeps = steadfast::testing::advance_on_sleep();
    for blocking in [false, true] {
        let script = Script::new("F");
        assert_eq!(letter(&outer(&script, blocking).await), 'F', "its own error, and not the timeout");
        assert_eq!((script.runs(), script.elapsed()), (4, 900 * MS));
    }
}

#[tokio::test(start_paused = true)]
async fn t04c_an_inner_timeout_that_ends_later_may_yet_matter() {
    // The outer one is gone when the inner call goes on elsewhere.
    #[timeout("10s", name = "inner")]
    async fn inner() -> Answer {
        std::future::pending().await
    }
    #[timeout("1s", name = "outer")]
    async fn outer(call: &mut (dyn Future<Output = Answer> + Send + Unpin)) -> Answer {
        call.await
    }
    let start = Instant::now();
    let mut call = Box::pin(inner());
    assert_eq!(outer(&mut call).await.unwrap_err().rejection().policy(), "outer");
    assert_eq!(start.elapsed(), SECOND);
    assert_eq!(call.await.unwrap_err().rejection().policy(), "inner");
    assert_eq!(start.elapsed(), 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn t05_the_deadline_in_all_places() {
    #[timeout("1s")]
    async fn call() -> Answer {
        let deadline = steadfast::deadline().expect("there is one");
        assert_eq!(steadfast::remaining(), Some(SECOND));
        let seen = || async {
            sleep(100 * MS).await;
            assert_eq!(steadfast::deadline(), Some(deadline));
            assert_eq!(steadfast::remaining(), Some(900 * MS));
        };
        let inner = async {
            Box::pin(short()).await;
        };
        tokio::join!(seen(), inner, seen());
        tokio::select! {
            () = sleep(100 * MS) => assert_eq!(steadfast::remaining(), Some(800 * MS)),
            () = std::future::pending() => {}
        }
        // Another task is not beneath it.
        tokio::spawn(async { assert_eq!(steadfast::deadline(), None) }).await.expect("no panic");
        assert_eq!(steadfast::deadline(), Some(deadline));
        Ok(1)
    }
    /// Its deadline is its own, and not that of its siblings.
    #[timeout("50ms")]
    async fn short_call() -> Answer {
        assert_eq!(steadfast::remaining(), Some(50 * MS));
        std::future::pending().await
    }
    async fn short() {
        assert_eq!(letter(&short_call().await), 'T');
    }
    assert_eq!(steadfast::deadline(), None);
    assert_eq!(call().await, Ok(1));
    assert_eq!((steadfast::deadline(), steadfast::remaining()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn t05b_remaining_is_zero_after_the_end() {
    #[timeout("1s")]
    async fn call() -> Answer {
        assert_eq!(steadfast::remaining(), Some(SECOND));
        steadfast_tests::pass(2 * SECOND);
        assert_eq!(steadfast::remaining(), Some(Duration::ZERO));
        Ok(1)
    }
    assert_eq!(call().await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn t05c_each_attempt_has_a_deadline_of_its_own() {
    #[timeout("10s")]
    #[retry(attempts = 3, backoff = none)]
    #[timeout("4s")]
    async fn call(seen: &mut Vec<u64>) -> Answer {
        seen.push(steadfast::remaining().expect("a deadline").as_secs());
        std::future::pending().await
    }
    let mut seen = Vec::new();
    assert_eq!(letter(&call(&mut seen).await), 'T');
    assert_eq!(seen, [4, 4, 2]);
}

#[tokio::test(start_paused = true)]
async fn t06_attempts_are_numbered() {
    #[retry(attempts = 3, backoff = none)]
    async fn call(seen: &mut Vec<u32>) -> Answer {
        seen.push(steadfast::attempt());
        tokio::task::yield_now().await;
        seen.push(steadfast::attempt());
        Err(Error::Failed)
    }
    #[retry(attempts = 3, backoff = none)]
    fn call_blocking(seen: &mut Vec<u32>) -> Answer {
        seen.push(steadfast::attempt());
        Err(Error::Failed)
    }
    let mut seen = Vec::new();
    assert!(call(&mut seen).await.is_err());
    assert_eq!(seen, [1, 1, 2, 2, 3, 3]);
    seen.clear();
    assert!(call_blocking(&mut seen).is_err());
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(steadfast::attempt(), 1, "outside of any");
}

#[tokio::test(start_paused = true)]
async fn t06b_as_the_nearest_retry_counts() {
    #[retry(attempts = 2, backoff = none)]
    async fn inner(seen: &mut Vec<(char, u32)>) -> Answer {
        seen.push(('i', steadfast::attempt()));
        Err(Error::Failed)
    }
    #[timeout("1s")]
    async fn no_retry(seen: &mut Vec<(char, u32)>) -> Answer {
        seen.push(('n', steadfast::attempt()));
        Ok(1)
    }
    #[retry(attempts = 2, backoff = none)]
    #[circuit_breaker]
    #[timeout("1s")]
    async fn outer(seen: &mut Vec<(char, u32)>) -> Answer {
        let _inner = inner(seen).await;
        let _inner = no_retry(seen).await;
        let spawned = tokio::spawn(async { steadfast::attempt() }).await;
        seen.push(('s', spawned.expect("no panic")));
        let (joined, ()) = tokio::join!(async { steadfast::attempt() }, tokio::task::yield_now());
        seen.push(('o', joined));
        Err(Error::Failed)
    }
    let mut seen = Vec::new();
    assert!(outer(&mut seen).await.is_err());
    let once = |attempt| [('i', 1), ('i', 2), ('n', attempt), ('s', 1), ('o', attempt)];
    assert_eq!(seen, [once(1), once(2)].concat());
}

#[tokio::test(start_paused = true)]
async fn t06c_retries_over_retries() {
    #[retry(attempts = 2, backoff = none)]
    #[retry(attempts = 2, backoff = none)]
    async fn call(seen: &mut Vec<u32>) -> Answer {
        seen.push(steadfast::attempt());
        Err(Error::Failed)
    }
    let mut seen = Vec::new();
    assert!(call(&mut seen).await.is_err());
    assert_eq!(seen, [1, 2, 1, 2]);
}
