//! F5: the last success as an answer, among other policies.

use super::stale::{MINUTE, TEN_MINUTES};
use std::cell::Cell;
use std::time::Duration;
use steadfast::{CircuitBreaker, StaleFallback, circuit_breaker, fallback, hedge, retry, timeout};
use steadfast_tests::{Answer, Error, Script, letter, pass};

#[tokio::test(start_paused = true)]
async fn f05j_its_place_in_the_stack() {
    #[fallback(stale = "10m")]
    #[retry(attempts = 2, backoff = none)]
    async fn above_a_retry(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("SF");
    assert_eq!((above_a_retry(&script).await, above_a_retry(&script).await, script.runs()), (Ok(1), Ok(1), 3));

    #[retry(attempts = 2, backoff = none)]
    #[fallback(stale = "10m")]
    fn beneath_a_retry(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("SF");
    assert_eq!((beneath_a_retry(&script), beneath_a_retry(&script), script.runs()), (Ok(1), Ok(1), 2));

    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    #[circuit_breaker(BREAKER)]
    #[fallback(stale = "10m")]
    async fn beneath_a_breaker(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("SFP");
    for expected in [Ok(1), Ok(1), Err(Error::Permanent)] {
        assert_eq!(beneath_a_breaker(&script).await, expected);
    }
    assert!(!BREAKER.is_open(), "an answer is an outcome like any other");
    pass(10 * MINUTE);
    assert_eq!(letter(&beneath_a_breaker(&Script::new("F")).await), 'F');
    assert!(BREAKER.is_open());

    #[timeout("10s")]
    #[fallback(stale = "10m")]
    #[timeout("1s")]
    async fn between_timeouts(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("ST");
    assert_eq!((between_timeouts(&script).await, between_timeouts(&script).await), (Ok(1), Ok(1)));
    assert_eq!(script.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn f05k_beneath_the_last_resort() {
    #[fallback(Ok(99))]
    #[fallback(stale = "10m", key = id)]
    #[retry(attempts = 2, backoff = none)]
    async fn call(id: u32, script: &Script) -> Answer {
        let _ = id;
        script.run().await
    }
    let script = Script::new("SF");
    assert_eq!((call(1, &script).await, call(1, &script).await, call(2, &script).await), (Ok(1), Ok(1), Ok(99)));
    pass(10 * MINUTE);
    assert_eq!(call(1, &script).await, Ok(99));
    assert_eq!(call(2, &Script::new("P")).await, Ok(99));
}

#[tokio::test(start_paused = true)]
async fn f05l_the_answer_of_a_fallback_beneath_is_no_success() {
    static KEPT: StaleFallback = StaleFallback::new(TEN_MINUTES);
    #[fallback(stale(KEPT))]
    #[retry(attempts = 2, backoff = none)]
    #[fallback({ script.run().await?; Ok(99) })]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    #[fallback(stale(KEPT))]
    #[retry(attempts = 2, backoff = none)]
    #[fallback({ script.run_blocking()?; Ok(99) })]
    fn call_blocking(script: &Script) -> Answer {
        script.run_blocking()
    }
    for (script, expected, is_kept) in [
        ("FS", Ok(99), false),
        ("FF FS", Ok(99), false),
        ("FF FF", Err(Error::Failed), false),
        // The second attempt is the body's own again.
        ("FF S", Ok(3), true),
        ("FF FF", Ok(3), true),
        ("FF FS", Ok(99), true),
        ("FF FF", Ok(3), true),
    ] {
        assert_eq!((call(&Script::new(script)).await, KEPT.is_empty()), (expected, !is_kept), "{script}");
    }
    KEPT.clear();
    for (script, expected) in [("FS", Ok(99)), ("FF FF", Err(Error::Failed)), ("FF S", Ok(3)), ("FF FF", Ok(3))] {
        assert_eq!(call_blocking(&Script::new(script)), expected, "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn f05l2_nor_under_a_hedge() {
    static KEPT: StaleFallback = StaleFallback::new(TEN_MINUTES);
    #[fallback(stale(KEPT))]
    #[hedge(after = "100ms")]
    #[fallback({ script.run().await?; Ok(99) })]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    // Answered for in the second call; in the first, at once; not at all.
    for (script, expected, is_kept) in [("T F S", Ok(99), false), ("F S", Ok(99), false), ("T S", Ok(2), true)] {
        assert_eq!((call(&Script::new(script)).await, KEPT.is_empty()), (expected, !is_kept), "{script}");
    }
    assert_eq!(call(&Script::new("F")).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn f05l3_the_call_that_wins_decides() {
    const MS: Duration = Duration::from_millis(1);
    static KEPT: StaleFallback = StaleFallback::new(TEN_MINUTES);
    /// Of each call: how long it takes, whether it succeeds, and how long the fallback takes that answers where not.
    type Plan = [(u32, bool, u32); 2];
    struct Calls {
        plan: Plan,
        begun: Cell<usize>,
    }
    impl Calls {
        fn next(&self) -> (u32, bool, u32) {
            self.begun.set(self.begun.get() + 1);
            self.plan[self.begun.get() - 1]
        }
    }
    thread_local! {
        static FALLBACK: Cell<u32> = const { Cell::new(0) };
    }
    async fn body(calls: &Calls) -> Answer {
        let (takes, succeeds, fallback) = calls.next();
        tokio::time::sleep(takes * MS).await;
        FALLBACK.set(fallback);
        if succeeds { Ok(1) } else { Err(Error::Failed) }
    }
    async fn answer() -> Answer {
        tokio::time::sleep(FALLBACK.get() * MS).await;
        Ok(99)
    }

    #[fallback(stale(KEPT))]
    #[hedge(after = "20ms")]
    #[fallback(answer().await)]
    async fn call(calls: &Calls) -> Answer {
        body(calls).await
    }
    #[fallback(stale(KEPT))]
    #[hedge(after = "20ms", on(Ok(_)))]
    #[fallback(answer().await)]
    async fn failures(calls: &Calls) -> Answer {
        body(calls).await
    }
    #[hedge(after = "20ms")]
    #[fallback(stale(KEPT))]
    #[fallback(answer().await)]
    async fn beneath(calls: &Calls) -> Answer {
        body(calls).await
    }

    let cases: [(&str, Plan, u32, bool); 4] = [
        ("answered for, while the second runs", [(0, false, 40), (1000, true, 0)], 99, false),
        ("a success, while the second is answered for", [(40, true, 0), (0, false, 1000)], 1, true),
        ("the second is answered for, while the first runs", [(1000, true, 0), (0, false, 10)], 99, false),
        ("the second succeeds, while the first is answered for", [(10, false, 1000), (10, true, 0)], 1, true),
    ];
    for (what, plan, expected, is_kept) in cases {
        let calls = || Calls { plan, begun: Cell::new(0) };
        KEPT.clear();
        assert_eq!((call(&calls()).await, KEPT.len() == 1), (Ok(expected), is_kept), "{what}");
        KEPT.clear();
        assert_eq!((beneath(&calls()).await, KEPT.len() == 1), (Ok(expected), is_kept), "{what}, beneath the hedge");
    }
    // Both fail for the hedge: what holds is the first, though the second ends last.
    for (plan, expected, is_kept) in
        [([(0, false, 30), (30, true, 0)], 99, false), ([(30, true, 0), (0, false, 40)], 1, true)]
    {
        KEPT.clear();
        let calls = Calls { plan, begun: Cell::new(0) };
        assert_eq!((failures(&calls).await, KEPT.len() == 1), (Ok(expected), is_kept));
    }
}

#[tokio::test(start_paused = true)]
async fn f05m_two_of_them() {
    #[fallback(stale = "10m")]
    #[fallback(stale = "1m")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    call(&Script::new("S")).await.unwrap();
    // Were the answers of the lower one successes to the upper one, this would go on for another ten minutes.
    for _ in 0..19 {
        pass(MINUTE / 2);
        assert_eq!(call(&Script::new("F")).await, Ok(1));
    }
    pass(MINUTE / 2);
    assert_eq!(call(&Script::new("F")).await, Err(Error::Failed));
}
