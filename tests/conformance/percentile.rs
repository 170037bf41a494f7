//! A limit that follows the latencies of recent calls.

use std::future::{Future, pending};
use std::time::Duration;

use steadfast::{circuit_breaker, fallback, retry, timeout};
use steadfast_tests::{Answer, Error, Script, letter, poll_once};
use tokio::time::{Instant, advance, sleep};

const MS: Duration = Duration::from_millis(1);
const MINUTE: Duration = Duration::from_secs(60);

/// What a body does.
#[derive(Debug, Clone, Copy)]
enum Does {
    Succeed(u32),
    Fail(u32),
    /// Until somebody drops it.
    Hang,
}

use Does::{Fail, Hang, Succeed};

impl Does {
    async fn run(self) -> Answer {
        let (Succeed(millis) | Fail(millis)) = self else { return pending().await };
        sleep(millis * MS).await;
        if matches!(self, Fail(_)) { Err(Error::Failed) } else { Ok(millis) }
    }
}

/// Calls so many times, and gives the letters of what they come to, each once where it follows itself.
async fn calls<F: Future<Output = Answer>>(times: u32, call: impl Fn() -> F) -> String {
    let mut letters = String::new();
    for _ in 0..times {
        letters.push(letter(&call().await));
    }
    let mut letters: Vec<char> = letters.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

/// How long a call takes that hangs, in milliseconds.
async fn limit<F: Future<Output = Answer>>(call: F) -> u128 {
    let start = Instant::now();
    assert_eq!(letter(&call.await), 'T');
    start.elapsed().as_millis()
}

/// A limit is told to within a 32nd, and a timer is of whole milliseconds.
fn is_near(found: u128, exact: u128) -> bool {
    (exact..=exact * 33 / 32 + 1).contains(&found)
}

#[tokio::test(start_paused = true)]
async fn t09_it_is_max_until_enough_calls_were_seen() {
    #[timeout(percentile(0.9, max = "1s", min_calls = 10))]
    async fn call(does: Does) -> Answer {
        does.run().await
    }
    for _ in 0..9 {
        assert_eq!(call(Succeed(20)).await, Ok(20));
    }
    assert_eq!(call(Succeed(900)).await, Ok(900));
    assert!(is_near(limit(call(Hang)).await, 20), "the ninth of ten");
}

#[tokio::test(start_paused = true)]
async fn t09b_how_many_are_enough_follows_from_the_share() {
    macro_rules! enough {
        ($($share:literal $calls:literal),*) => {$({
            #[timeout(percentile($share, max = "1s"))]
            async fn call(does: Does) -> Answer {
                does.run().await
            }
            calls($calls - 1, || call(Succeed(20))).await;
            assert_eq!(call(Succeed(999)).await, Ok(999), "{}", $share);
            assert!(is_near(limit(call(Hang)).await, 20), "{}", $share);
        })*};
    }
    enough!(0.5 20, 0.9 20, 0.95 20, 0.99 100);
}

#[tokio::test(start_paused = true)]
async fn t09c_times_the_factor_and_within_the_bounds() {
    macro_rules! limit_after_20_calls {
        ($($settings:tt)*) => {{
            #[timeout(percentile(0.9, $($settings)*))]
            async fn call(does: Does) -> Answer {
                does.run().await
            }
            assert_eq!(calls(20, || call(Succeed(100))).await, "S");
            limit(call(Hang)).await
        }};
    }
    assert!(is_near(limit_after_20_calls!(max = "1s"), 100));
    assert!(is_near(limit_after_20_calls!(max = "1s", factor = 2), 200));
    assert!(is_near(limit_after_20_calls!(max = "1s", factor = 1.5, min = "149ms"), 150));
    assert_eq!(limit_after_20_calls!(max = "1s", min = "300ms"), 300);
    assert_eq!(limit_after_20_calls!(max = "150ms", factor = 2.0), 150);
    assert_eq!(limit_after_20_calls!(max = "1s", factor = 1e300), 1000);
}

#[tokio::test(start_paused = true)]
async fn t09d_failures_count_as_successes_do() {
    #[timeout(percentile(0.5, factor = 3, max = "2s"))]
    async fn call(does: Does) -> Answer {
        does.run().await
    }
    assert_eq!(calls(9, || call(Succeed(10))).await, "S");
    assert_eq!(calls(11, || call(Fail(100))).await, "F");
    assert!(is_near(limit(call(Hang)).await, 300));
}

#[tokio::test(start_paused = true)]
async fn t09e_it_grows_with_the_latency_and_shrinks_after_the_window() {
    #[timeout(percentile(0.9, factor = 2, max = "5s", window = "10s"))]
    async fn call(does: Does) -> Answer {
        does.run().await
    }
    assert_eq!(calls(100, || call(Succeed(10))).await, "S");
    // Ten times as slow: no more of them are ended than lie above the percentile.
    let late = {
        let mut late = 0;
        while letter(&call(Succeed(100)).await) == 'T' {
            late += 1;
        }
        late
    };
    assert_eq!(late, 12);
    assert_eq!(calls(200, || call(Succeed(100))).await, "S");
    assert!(is_near(limit(call(Hang)).await, 200));
    // As quick as before.
    assert_eq!(calls(1200, || call(Succeed(10))).await, "S");
    assert!(is_near(limit(call(Hang)).await, 20));
}

#[tokio::test(start_paused = true)]
async fn t09f_a_quiet_time_leaves_nothing_behind() {
    #[timeout(percentile(0.9, max = "1s"))]
    async fn call(does: Does) -> Answer {
        does.run().await
    }
    for (wait, known) in
        [(Duration::ZERO, true), (40 * Duration::from_secs(1), true), (MINUTE, false), (1000 * MINUTE, false)]
    {
        assert_eq!(calls(30, || call(Succeed(10))).await, "S");
        advance(wait).await;
        let found = limit(call(Hang)).await;
        assert!(if known { is_near(found, 10) } else { found == 1000 }, "{found} ms after {wait:?}");
        advance(2 * MINUTE).await;
    }
    // Nor do three calls of a quiet night count for much.
    for _ in 0..100 {
        assert_eq!(calls(3, || call(Succeed(10))).await, "S");
        advance(30 * Duration::from_secs(1)).await;
    }
    assert_eq!(limit(call(Hang)).await, 1000);
}

#[tokio::test(start_paused = true)]
async fn t09g_an_open_circuit_says_nothing_of_the_latency() {
    #[timeout(percentile(0.9, max = "1s"))]
    #[circuit_breaker(failure_threshold = 3, reset_timeout = "10s")]
    async fn call(does: Does) -> Answer {
        does.run().await
    }
    assert_eq!(calls(20, || call(Succeed(100))).await, "S");
    assert_eq!(calls(3, || call(Fail(100))).await, "F");
    assert_eq!(calls(500, || call(Hang)).await, "R");
    advance(10 * Duration::from_secs(1)).await;
    assert_eq!(calls(20, || call(Succeed(100))).await, "S");
    assert!(is_near(limit(call(Hang)).await, 100));
}

#[tokio::test(start_paused = true)]
async fn t09h_breakers_retries_and_fallbacks_see_its_rejections() {
    #[fallback(Ok(7))]
    #[circuit_breaker(failure_threshold = 4)]
    #[retry(attempts = 2, backoff = none)]
    #[timeout(percentile(0.9, factor = 2, max = "1s"), name = "attempt")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("T");
    for _ in 0..4 {
        assert_eq!(call(&script).await, Ok(7));
    }
    assert_eq!((script.runs(), script.elapsed()), (8, 8000 * MS));
    assert_eq!(call(&script).await, Ok(7));
    assert_eq!(script.runs(), 8, "the circuit is open");
}

#[tokio::test(start_paused = true)]
async fn t09i_a_total_over_attempts_that_follow() {
    #[timeout("1s", name = "total")]
    #[retry(attempts = 100, backoff = none)]
    #[timeout(percentile(0.9, max = "400ms"), name = "attempt")]
    async fn call(does: Does) -> Answer {
        does.run().await
    }
    let rejected = |answer: Answer| answer.unwrap_err().rejection().policy();
    let start = Instant::now();
    assert_eq!(rejected(call(Hang).await), "total");
    assert_eq!(start.elapsed(), 1000 * MS);
    assert_eq!(calls(40, || call(Succeed(50))).await, "S");
    // An attempt has 50 ms at first, and 400 ms again when one in ten was ended.
    let start = Instant::now();
    assert_eq!(rejected(call(Hang).await), "total");
    assert_eq!(start.elapsed(), 1000 * MS);

    #[timeout(percentile(0.9, max = "400ms"), name = "total")]
    #[retry(attempts = 100, backoff = none)]
    #[timeout("150ms", name = "attempt")]
    async fn turned(does: Does) -> Answer {
        does.run().await
    }
    let start = Instant::now();
    assert_eq!(rejected(turned(Hang).await), "total");
    assert_eq!(start.elapsed(), 400 * MS);
}

#[tokio::test(start_paused = true)]
async fn t09j_the_body_is_told() {
    #[timeout(percentile(0.9, factor = 2, max = "1s"))]
    async fn call() -> Result<Duration, Error> {
        // The clock was read when the call began.
        let remaining = steadfast::remaining().expect("there is a timeout around");
        sleep(10 * MS).await;
        assert_eq!(steadfast::remaining(), Some(remaining - 10 * MS));
        Ok(remaining)
    }
    #[timeout("15ms")]
    async fn outer() -> Result<Duration, Error> {
        call().await
    }
    for _ in 0..20 {
        assert_eq!(call().await, Ok(1000 * MS));
    }
    let told = call().await.unwrap();
    assert!(told >= 20 * MS && told <= 21 * MS, "{told:?}");
    assert_eq!(outer().await, Ok(15 * MS));
}

#[tokio::test(start_paused = true)]
async fn t09k_a_caller_who_goes_away() {
    #[timeout(percentile(0.5, factor = 5, max = "1s"))]
    async fn call(does: Does) -> Answer {
        does.run().await
    }
    async fn gives_up(millis: u32) {
        let mut hangs = Box::pin(call(Hang));
        assert!(poll_once(hangs.as_mut()).is_pending());
        advance(millis * MS).await;
    }
    calls(20, || call(Succeed(20))).await;
    for _ in 0..100 {
        gives_up(19).await;
    }
    assert!(is_near(limit(call(Hang)).await, 100), "sooner than half of the calls end: it says nothing");
    for _ in 0..100 {
        gives_up(60).await;
    }
    assert!(is_near(limit(call(Hang)).await, 300), "later than that: it would have taken even longer");
}

#[tokio::test(start_paused = true)]
async fn t09l_each_function_has_a_state_of_its_own_and_its_callers_share_it() {
    #[timeout(percentile(0.9, max = "1s"))]
    async fn one(does: Does) -> Answer {
        does.run().await
    }
    #[timeout(percentile(0.9, max = "2s"))]
    async fn other(does: Does) -> Answer {
        does.run().await
    }
    struct Client(u32);
    impl Client {
        #[timeout(percentile(0.9, max = "3s"))]
        async fn method<T>(&self, does: Does, _: T) -> Answer {
            does.run().await.map(|millis| millis + self.0)
        }
    }
    calls(20, || one(Succeed(10))).await;
    assert!(is_near(limit(one(Hang)).await, 10));
    assert_eq!(limit(other(Hang)).await, 2000);
    // Of all instances, and of all types.
    calls(10, || Client(1).method(Succeed(10), 1)).await;
    calls(10, || Client(2).method(Succeed(10), "1")).await;
    assert!(is_near(limit(Client(3).method(Hang, 'x')).await, 10));
}
