//! When a timeout ends a call, and when not.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::Poll;
use std::time::Duration;

use steadfast::{circuit_breaker, retry, timeout};
use steadfast_tests::{Answer, Error, Script, drive, letter};
use tokio::time::{Instant, sleep};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Sets a flag when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn t01_too_long_and_in_time() {
    #[timeout("500ms")]
    async fn call(length: Duration, dropped: Dropped) -> Answer {
        sleep(length).await;
        drop(dropped);
        Ok(1)
    }
    for (length, expected, at) in [(1_000, 'T', 500), (501, 'T', 500), (499, 'S', 499), (100, 'S', 100), (0, 'S', 0)] {
        let (dropped, start) = (Arc::default(), Instant::now());
        let mut call = Box::pin(call(length * MS, Dropped(Arc::clone(&dropped))));
        assert_eq!(letter(&call.as_mut().await), expected);
        assert_eq!(start.elapsed(), at * MS, "{length} ms");
        assert!(dropped.load(Relaxed), "the work ends then, and not when the caller goes");
    }
}

#[tokio::test(start_paused = true)]
async fn t01b_a_second_call_has_the_whole_time() {
    #[timeout("500ms")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("T");
    for seconds in 1..4 {
        assert_eq!(letter(&call(&script).await), 'T');
        assert_eq!(script.elapsed(), SECOND / 2 * seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn t02_the_value_wins_in_the_same_poll() {
    #[timeout("500ms")]
    async fn call(length: Duration) -> Answer {
        sleep(length).await;
        Ok(1)
    }
    assert_eq!(call(500 * MS).await, Ok(1));

    // Whoever is late to poll finds the value, however late.
    let mut late = Box::pin(call(10 * MS));
    assert!(steadfast_tests::poll_once(late.as_mut()).is_pending());
    steadfast_tests::pass(SECOND);
    assert_eq!(late.await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn t02b_zero_ends_what_is_not_ready() {
    #[timeout("0s")]
    async fn ready() -> Answer {
        Ok(1)
    }
    #[timeout(Duration::ZERO)]
    async fn yields(dropped: Dropped) -> Answer {
        tokio::task::yield_now().await;
        drop(dropped);
        Ok(1)
    }
    let (dropped, start) = (Arc::default(), Instant::now());
    assert_eq!(ready().await, Ok(1));
    assert_eq!(letter(&yields(Dropped(Arc::clone(&dropped))).await), 'T');
    assert!(dropped.load(Relaxed));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn t02c_a_duration_without_end() {
    #[timeout(Duration::MAX)]
    async fn call() -> Answer {
        sleep(Duration::from_secs(86_400 * 365)).await;
        Ok(1)
    }
    assert_eq!(call().await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn t02d_a_limit_that_may_be_none() {
    #[timeout(limit)]
    async fn call(limit: Option<Duration>) -> Answer {
        assert_eq!(steadfast::remaining(), limit);
        sleep(SECOND).await;
        Ok(1)
    }
    assert_eq!(call(None).await, Ok(1));
    assert_eq!(call(Some(2 * SECOND)).await, Ok(1));
    assert_eq!(letter(&call(Some(SECOND / 2)).await), 'T');
}

#[tokio::test(start_paused = true)]
async fn t02e_a_limit_from_an_expression_is_taken_once() {
    struct Client(Duration);
    impl Client {
        #[retry(attempts = 2, backoff = none)]
        #[timeout(self.0 / 2)]
        async fn call(&mut self, script: &Script) -> Answer {
            self.0 = Duration::ZERO;
            script.run().await
        }
    }
    let script = Script::new("T");
    assert_eq!(letter(&Client(SECOND).call(&script).await), 'T');
    assert_eq!(script.delays(), [SECOND / 2]);
}

#[tokio::test(start_paused = true)]
async fn t02f_time_runs_from_the_first_wait() {
    #[timeout("500ms")]
    async fn call(busy: Duration) -> Answer {
        // Work before the first wait is not in it: the clock is read then, and not when all is well.
        steadfast_tests::pass(busy);
        sleep(400 * MS).await;
        Ok(1)
    }
    #[timeout("500ms")]
    async fn asks(busy: Duration) -> Answer {
        assert_eq!(steadfast::remaining(), Some(500 * MS));
        steadfast_tests::pass(busy);
        sleep(400 * MS).await;
        Ok(1)
    }
    assert_eq!(call(SECOND).await, Ok(1));
    assert_eq!(asks(50 * MS).await, Ok(1));
    assert_eq!(letter(&asks(101 * MS).await), 'T', "from the first question for the deadline, where that is earlier");
}

#[tokio::test(start_paused = true)]
async fn t02g_a_future_that_is_not_polled_has_not_begun() {
    #[timeout("500ms")]
    async fn call() -> Answer {
        sleep(400 * MS).await;
        Ok(1)
    }
    let later = call();
    sleep(SECOND).await;
    assert_eq!(later.await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn t03_a_total_over_attempts() {
    #[timeout("1s", name = "total")]
    #[retry(attempts = 10, backoff = fixed("300ms"), jitter = none)]
    #[timeout("200ms", name = "attempt")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("T");
    let rejection = call(&script).await.unwrap_err().rejection();
    assert_eq!(rejection.policy(), "attempt");
    assert_eq!(script.times(), [Duration::ZERO, 500 * MS]);
    assert_eq!(script.elapsed(), 700 * MS);
}

#[tokio::test(start_paused = true)]
async fn t03b_a_delay_must_end_before_the_deadline() {
    macro_rules! runs {
        ($($total:tt)*) => {{
            #[timeout($($total)*)]
            #[retry(attempts = 10, backoff = fixed("300ms"), jitter = none)]
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            let script = Script::new("F");
            let answer = letter(&call(&script).await);
            (answer, script.runs(), script.elapsed())
        }};
    }
    assert_eq!(runs!("900ms"), ('F', 3, 600 * MS), "at the deadline is too late");
    assert_eq!(runs!("901ms"), ('F', 4, 900 * MS));
    assert_eq!(runs!("299ms"), ('F', 1, Duration::ZERO));
    assert_eq!(runs!(None::<Duration>), ('F', 10, 2_700 * MS));
}

#[tokio::test(start_paused = true)]
async fn t03c_the_total_cuts_an_attempt() {
    #[timeout("1s", name = "total")]
    #[retry(attempts = 10, backoff = none)]
    #[timeout("400ms", name = "attempt")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("T");
    let rejection = call(&script).await.unwrap_err().rejection();
    assert_eq!(rejection.policy(), "total");
    assert_eq!((script.runs(), script.elapsed()), (3, SECOND));
}

#[tokio::test(start_paused = true)]
async fn t03d_hints_beyond_the_deadline_are_not_waited_for() {
    #[timeout("1s")]
    #[retry(backoff = none)]
    async fn call(wait: Duration, script: &Script) -> Answer {
        script.run().await.and(Err(Error::After(wait)))
    }
    for (wait, runs) in [(1_000, 1), (999, 2), (400, 3)] {
        let script = Script::new("S");
        assert!(matches!(call(wait * MS, &script).await, Err(Error::After(_))));
        assert_eq!(script.runs(), runs, "{wait} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn t07_a_busy_body_does_not_starve_the_timer() {
    #[timeout("50ms")]
    async fn call(polls: &mut u32) -> Answer {
        poll_fn(|cx| {
            // Uses up the cooperative budget of the task in each poll.
            while tokio::task::coop::poll_proceed(cx).made_progress() {}
            steadfast_tests::pass(MS);
            *polls += 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await
    }
    trait Progress {
        fn made_progress(self) -> bool;
    }
    impl Progress for Poll<tokio::task::coop::RestoreOnPending> {
        fn made_progress(self) -> bool {
            match self {
                Poll::Ready(unit) => {
                    unit.made_progress();
                    true
                }
                Poll::Pending => false,
            }
        }
    }
    let mut polls = 0;
    assert_eq!(letter(&call(&mut polls).await), 'T');
    assert!((50..=53).contains(&polls), "{polls}");
}

#[tokio::test(start_paused = true)]
async fn t08_breakers_learn_of_it_in_every_order() {
    drive!(
        async
        #[retry(attempts = 1)]
        #[timeout("3s")]
        #[circuit_breaker(failure_threshold = 2)]
        #[timeout("1s")]
        => "TTR", "TSTTR"
    );
    // The outer of two timeouts, through a nested call.
    #[circuit_breaker(failure_threshold = 1)]
    async fn inner(script: &Script) -> Answer {
        script.run().await
    }
    #[timeout("1s")]
    async fn outer(script: &Script) -> Answer {
        inner(script).await
    }
    let script = Script::new("TS");
    assert_eq!(letter(&outer(&script).await), 'T');
    assert_eq!(letter(&outer(&script).await), 'R');
}
