//! How the limit of an adaptive bulkhead follows what calls do, and what waits for it.

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use steadfast::{Bulkhead, Deadline, Keyed, bulkhead, hedge, outcome, policies, resilient, retry, testing, timeout};
use steadfast_tests::{Answer, Error, Script, poll_once};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);
const CALL: Duration = Duration::from_millis(100);

/// So many callers that ask again and again for so long.
async fn under_load<F>(callers: u32, time: Duration, call: impl Fn() -> F + Copy + Send + 'static)
where
    F: Future<Output = Answer> + Send + 'static,
{
    let end = Instant::now() + time;
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            tokio::spawn(async move {
                while Instant::now() < end {
                    if call().await.is_err() {
                        sleep(CALL).await;
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn k10_the_limit_grows_while_calls_take_no_longer() {
    static PLACES: Bulkhead = Bulkhead::adaptive(2, 30).initial(4);
    static INSIDE: AtomicU32 = AtomicU32::new(0);
    static MOST: AtomicU32 = AtomicU32::new(0);
    #[bulkhead(PLACES)]
    async fn shared() -> Answer {
        sleep(CALL).await;
        Ok(1)
    }
    #[bulkhead(adaptive(min = 2, max = 30, initial = 4))]
    async fn own() -> Answer {
        MOST.fetch_max(INSIDE.fetch_add(1, SeqCst) + 1, SeqCst);
        sleep(CALL).await;
        INSIDE.fetch_sub(1, SeqCst);
        Ok(1)
    }
    assert_eq!(PLACES.limit(), 4);
    under_load(50, SECOND * 20, shared).await;
    assert_eq!(PLACES.limit(), 30, "as far as it may");
    under_load(50, CALL, own).await;
    assert_eq!(MOST.load(SeqCst), 4);
    under_load(50, SECOND * 20, own).await;
    assert_eq!(MOST.load(SeqCst), 30);
}

#[tokio::test(start_paused = true)]
async fn k10b_it_shrinks_when_they_take_longer_and_comes_back() {
    static PLACES: Bulkhead = Bulkhead::adaptive(2, 100);
    static CAPACITY: AtomicU32 = AtomicU32::new(20);
    /// As many at once as there is capacity; beyond, all of them are slower.
    #[bulkhead(PLACES)]
    async fn call() -> Answer {
        sleep(CALL * PLACES.running().max(CAPACITY.load(SeqCst)) / CAPACITY.load(SeqCst)).await;
        Ok(1)
    }
    under_load(100, SECOND * 30, call).await;
    assert!((25..45).contains(&PLACES.limit()), "{PLACES:?}");
    CAPACITY.store(4, SeqCst);
    under_load(100, SECOND * 10, call).await;
    assert!((4..14).contains(&PLACES.limit()), "{PLACES:?}");
    CAPACITY.store(20, SeqCst);
    under_load(100, SECOND * 20, call).await;
    assert!((25..45).contains(&PLACES.limit()), "{PLACES:?}");
}

#[tokio::test(start_paused = true)]
async fn k10c_it_grows_only_where_it_is_used() {
    static PLACES: Bulkhead = Bulkhead::adaptive(2, 100).initial(10);
    #[bulkhead(PLACES)]
    async fn call() -> Answer {
        sleep(CALL).await;
        Ok(1)
    }
    under_load(4, SECOND * 60, call).await;
    assert_eq!(PLACES.limit(), 10);
}

#[tokio::test(start_paused = true)]
async fn k11_calls_that_time_out_shrink_it_wherever_the_timeout_stands() {
    static BENEATH: Bulkhead = Bulkhead::adaptive(2, 100);
    static ABOVE: Bulkhead = Bulkhead::adaptive(2, 100);
    static FOREIGN: Bulkhead = Bulkhead::adaptive(2, 100);
    #[bulkhead(BENEATH)]
    #[timeout("1s")]
    async fn beneath() -> Answer {
        pending().await
    }
    #[timeout("1s")]
    #[bulkhead(ABOVE)]
    async fn above() -> Answer {
        pending().await
    }
    #[bulkhead(FOREIGN)]
    async fn foreign() -> Answer {
        pending().await
    }
    under_load(50, SECOND * 40, beneath).await;
    under_load(50, SECOND * 40, above).await;
    // One who loses patience says nothing of the dependency.
    under_load(50, SECOND * 40, async || tokio::time::timeout(SECOND, foreign()).await.unwrap_or(Err(Error::Io))).await;
    assert_eq!((BENEATH.limit(), ABOVE.limit(), FOREIGN.limit()), (2, 2, 20));
}

/// A failure may come at once, which says nothing good of the dependency.
#[tokio::test(start_paused = true)]
async fn k12_only_successes_are_answers() {
    macro_rules! limit_under {
        ($outcome:expr) => { limit_under!($outcome, outcome(ignore(Err(Error::Io)))) };
        ($outcome:expr, $($attribute:tt)*) => {{
            static PLACES: Bulkhead = Bulkhead::adaptive(2, 100);
            #[$($attribute)*]
            #[bulkhead(PLACES)]
            async fn call() -> Answer {
                sleep(CALL / 10).await;
                $outcome
            }
            under_load(100, SECOND * 3, call).await;
            PLACES.limit()
        }};
    }
    assert_eq!(limit_under!(Ok(1)), 100);
    for limit in [
        limit_under!(Err(Error::Failed)),
        limit_under!(Err(Error::Permanent)),
        limit_under!(Err(Error::Neutral)),
        limit_under!(Err(Error::Io)),
        // What the whole stack takes for a failure.
        limit_under!(Ok(503), outcome(on(Ok(500..)))),
        limit_under!(Ok(1), outcome(ignore(Ok(_)))),
    ] {
        assert_eq!(limit, 20, "it knows as much as before");
    }
    // That asks for less.
    assert_eq!(limit_under!(Err(Error::Throttled(None))), 2);
}

#[tokio::test(start_paused = true)]
async fn k13_the_queue_is_as_long_as_the_limit_in_force() {
    static PLACES: Bulkhead = Bulkhead::adaptive(1, 100).initial(3).max_wait(SECOND);
    #[bulkhead(PLACES)]
    async fn call() -> Answer {
        sleep(CALL).await;
        Ok(1)
    }
    let admitted = || {
        let mut calls: Vec<_> = (0..300).map(|_| Box::pin(call())).collect();
        for call in &mut calls {
            assert!(poll_once(call.as_mut()).is_pending() || PLACES.waiting() == PLACES.limit());
        }
        (PLACES.running(), PLACES.waiting())
    };
    assert_eq!(admitted(), (3, 3));
    under_load(50, SECOND * 10, call).await;
    let limit = PLACES.limit();
    assert!(limit > 20, "{PLACES:?}");
    assert_eq!(admitted(), (limit, limit));
}

#[tokio::test(start_paused = true)]
async fn k13b_the_wait_shortens_when_calls_take_longer() {
    static PLACES: Bulkhead = Bulkhead::adaptive(1, 100).max_wait(Duration::from_secs(60));
    static CAPACITY: AtomicU32 = AtomicU32::new(20);
    static WAITED: AtomicU64 = AtomicU64::new(0);
    static CALLS: AtomicU64 = AtomicU64::new(0);
    #[bulkhead(PLACES)]
    async fn call(asked: Instant) -> Answer {
        WAITED.fetch_add(u64::try_from(asked.elapsed().as_millis()).unwrap(), SeqCst);
        CALLS.fetch_add(1, SeqCst);
        sleep(CALL * PLACES.running().max(CAPACITY.load(SeqCst)) / CAPACITY.load(SeqCst)).await;
        Ok(1)
    }
    let ask = || call(Instant::now());
    under_load(200, SECOND * 20, ask).await;
    CAPACITY.store(4, SeqCst);
    under_load(200, SECOND * 20, ask).await;
    WAITED.store(0, SeqCst);
    CALLS.store(0, SeqCst);
    under_load(200, SECOND * 20, ask).await;
    // A queue as long as it was when all was well, about 36, would take nine tenths of a second to get through.
    let mean = WAITED.load(SeqCst) / CALLS.load(SeqCst);
    assert!((100..400).contains(&mean), "{mean} ms");
}

#[tokio::test(start_paused = true)]
async fn k14_each_key_has_its_own_limit() {
    static TENANTS: Keyed<Bulkhead> = Bulkhead::adaptive(1, 50).initial(4).keyed();
    #[bulkhead(TENANTS, key = tenant)]
    async fn call(tenant: &'static str) -> Answer {
        sleep(CALL).await;
        Ok(1)
    }
    under_load(100, SECOND * 20, || call("busy")).await;
    assert_eq!(call("idle").await, Ok(1));
    assert_eq!((TENANTS.get("busy").limit(), TENANTS.get("idle").limit()), (50, 4));
}

#[test]
fn k15_a_sync_function_is_watched_as_well() {
    static ANSWERS: Bulkhead = Bulkhead::adaptive(1, 100).initial(1);
    static THROTTLES: Bulkhead = Bulkhead::adaptive(1, 100).initial(20);
    #[bulkhead(ANSWERS)]
    fn answers() -> Answer {
        Ok(1)
    }
    #[bulkhead(THROTTLES)]
    fn throttles() -> Answer {
        Err(Error::Throttled(None))
    }
    for _ in 0..2_000 {
        assert_eq!(answers(), Ok(1));
        assert_eq!(throttles(), Err(Error::Throttled(None)));
    }
    // One at a time fills half of a limit of 2, and no more.
    assert_eq!((ANSWERS.limit(), THROTTLES.limit()), (2, 1));
}

/// A retry above waits its delays without a place, and each attempt is a call of its own.
#[tokio::test(start_paused = true)]
async fn k16_beneath_a_retry_each_attempt_is_a_call() {
    let _seed = testing::seed(1);
    static PLACES: Bulkhead = Bulkhead::adaptive(1, 10).initial(1);
    #[retry(attempts = 3, backoff = fixed("1s"), jitter = none)]
    #[bulkhead(PLACES)]
    async fn call(script: &Script) -> Answer {
        assert_eq!(PLACES.running(), 1);
        script.run().await
    }
    let script = Script::new("FFS");
    assert_eq!(call(&script).await, Ok(3));
    assert_eq!((PLACES.running(), PLACES.limit()), (0, 1));
}

policies! {
    strained: [bulkhead(adaptive(min = 2, max = 30, initial = 4), max_wait = "1s")];
    each: [own bulkhead(adaptive(min = 2, max = 30, initial = 4), max_wait = "1s")];
}

#[tokio::test(start_paused = true)]
async fn k17_the_functions_of_a_set_learn_for_each_other() {
    #[resilient(strained)]
    async fn answers() -> Answer {
        sleep(CALL).await;
        Ok(1)
    }
    #[resilient(strained)]
    async fn throttles() -> Answer {
        sleep(CALL).await;
        Err(Error::Throttled(None))
    }
    under_load(100, SECOND * 20, answers).await;
    assert_eq!(strained::bulkhead().limit(), 30);
    under_load(100, SECOND * 20, throttles).await;
    assert_eq!(strained::bulkhead().limit(), 2);
}

#[tokio::test(start_paused = true)]
async fn k17b_and_what_is_a_functions_own_learns_for_it_alone() {
    static INSIDE: AtomicU32 = AtomicU32::new(0);
    static MOST: AtomicU32 = AtomicU32::new(0);
    #[resilient(each)]
    async fn answers() -> Answer {
        MOST.fetch_max(INSIDE.fetch_add(1, SeqCst) + 1, SeqCst);
        sleep(CALL).await;
        INSIDE.fetch_sub(1, SeqCst);
        Ok(1)
    }
    #[resilient(each)]
    async fn throttles() -> Answer {
        sleep(CALL).await;
        Err(Error::Throttled(None))
    }
    under_load(100, SECOND * 20, throttles).await;
    under_load(100, CALL, answers).await;
    assert_eq!(MOST.load(SeqCst), 4);
    under_load(100, SECOND * 20, answers).await;
    assert_eq!(MOST.load(SeqCst), 30);
}

/// A hedge ends a call because another was better, and not because the dependency cannot keep up.
#[tokio::test(start_paused = true)]
async fn k18_a_call_that_lost_against_another_says_nothing() {
    static PLACES: Bulkhead = Bulkhead::adaptive(2, 20);
    #[timeout("1s")]
    #[hedge(after = "10ms")]
    #[bulkhead(PLACES)]
    async fn hedged(is_first: &AtomicBool) -> Answer {
        if is_first.swap(false, SeqCst) { pending().await } else { Ok(1) }
    }
    under_load(5, SECOND * 10, || async { hedged(&AtomicBool::new(true)).await }).await;
    assert_eq!((PLACES.running(), PLACES.rejected(), PLACES.limit()), (0, 0, 20));
}

/// As it is to a breaker: a dependency that hangs would go unnoticed while all clients are impatient.
#[tokio::test(start_paused = true)]
async fn k19_a_deadline_that_was_given_is_a_timeout_as_well() {
    static BENEATH: Bulkhead = Bulkhead::adaptive(2, 20);
    static ALONE: Bulkhead = Bulkhead::adaptive(2, 20);
    #[timeout("1h")]
    #[bulkhead(BENEATH)]
    async fn beneath() -> Answer {
        pending().await
    }
    #[bulkhead(ALONE)]
    async fn alone() -> Answer {
        sleep(SECOND * 2).await;
        Ok(1)
    }
    under_load(10, SECOND * 40, || Deadline::after(SECOND).scope(beneath())).await;
    // Without a timeout nothing ends it, and so it answers.
    under_load(10, SECOND * 20, || Deadline::after(SECOND).scope(alone())).await;
    assert_eq!((BENEATH.limit(), ALONE.limit()), (2, 20));
}
