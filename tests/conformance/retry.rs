//! How often and when a retry calls again.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{GiveUp, retry, testing};
use steadfast_tests::{Answer, Error, SLOW, Script, letter};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Makes one call, async and sync, of a function with these attributes. The body must run once for each letter of the
/// script and no more, and the last is the outcome. Gives the delays between the runs of each.
macro_rules! runs {
    ($(#[$($attribute:tt)*])* => $script:expr) => {{
        #[allow(unused_imports)]
        use steadfast::*;
        $(#[$($attribute)*])*
        async fn call(script: &Script) -> Answer {
            script.run().await
        }
        $(#[$($attribute)*])*
        fn call_blocking(script: &Script) -> Answer {
            script.run_blocking()
        }
        let _sleeps = testing::advance_on_sleep();
        let letters: &str = $script;
        let (script, blocking) = (Script::new(letters), Script::new(letters));
        let outcomes = [letter(&call(&script).await), letter(&call_blocking(&blocking))];
        assert_eq!((script.runs(), blocking.runs()), (letters.len(), letters.len()), "runs in `{letters}`");
        assert_eq!(outcomes, [letters.to_ascii_uppercase().chars().last().unwrap(); 2], "outcomes of `{letters}`");
        (script.delays(), blocking.delays())
    }};
}

/// The same where there is no jitter: the delays of both colours are the same.
macro_rules! delays {
    ($($call:tt)*) => {{
        let (delays, blocking) = runs!($($call)*);
        assert_eq!(delays, blocking, "async and sync");
        delays.iter().map(Duration::as_secs_f64).collect::<Vec<_>>()
    }};
}

#[tokio::test(start_paused = true)]
async fn r01_the_last_error_as_it_was() {
    runs!(#[retry(attempts = 6)] => "FFFFFF");
    runs!(#[retry(attempts = 6)] => "FFFFFI");
    runs!(#[retry(attempts = 3, backoff = none)] => "IIF");
}

#[tokio::test(start_paused = true)]
async fn r01b_three_attempts_by_default() {
    runs!(#[retry] => "FFF");
    runs!(#[retry()] => "FFF");
}

#[tokio::test(start_paused = true)]
async fn r01c_one_attempt_and_none() {
    runs!(#[retry(attempts = 1)] => "F");
    let zero = || 0;
    assert_eq!(zero(), 0);
    #[retry(attempts = attempts)]
    async fn call(attempts: u32, script: &Script) -> Answer {
        script.run().await
    }
    for (attempts, runs) in [(0, 1), (1, 1), (2, 2), (7, 7)] {
        let script = Script::new("F");
        assert_eq!(call(attempts, &script).await, Err(Error::Failed));
        assert_eq!(script.runs(), runs);
    }
}

#[tokio::test(start_paused = true)]
async fn r02_until_it_succeeds() {
    runs!(#[retry(attempts = 4)] => "FFS");
    runs!(#[retry(attempts = 4)] => "S");
    runs!(#[retry(attempts = 4)] => "FFFS");
}

#[tokio::test(start_paused = true)]
async fn r02b_each_call_has_attempts_of_its_own() {
    #[retry(attempts = 3)]
    async fn call(script: Arc<Script>) -> Answer {
        script.run().await
    }
    let scripts: Vec<_> = (0..20).map(|_| Arc::new(Script::new("FFF"))).collect();
    let calls: Vec<_> = scripts.iter().map(|script| tokio::spawn(call(Arc::clone(script)))).collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Err(Error::Failed));
    }
    assert!(scripts.iter().all(|script| script.runs() == 3));
}

#[tokio::test(start_paused = true)]
async fn r03_what_is_not_to_be_retried() {
    runs!(#[retry(when = |error| *error == Error::Io)] => "F");
    runs!(#[retry(when = |error| *error == Error::Io)] => "IF");
    runs!(#[retry(ignore(Err(Error::Failed)))] => "F");
    runs!(#[retry(ignore(Err(Error::Failed)))] => "IIF");
    runs!(#[retry] => "P");
    runs!(#[retry] => "FP");
    runs!(#[retry] => "N");
    // A throttled error is retried.
    runs!(#[retry(attempts = 4)] => "LLLL");
}

#[tokio::test(start_paused = true)]
async fn r06_the_delays_double() {
    let delays = delays!(
        #[retry(attempts = 5, backoff = exponential("1s", factor = 2.0), max_delay = "60s", jitter = none)] => "FFFFF"
    );
    assert_eq!(delays, [1.0, 2.0, 4.0, 8.0]);
}

#[tokio::test(start_paused = true)]
async fn r06b_every_curve() {
    let delays = delays!(#[retry(attempts = 5, jitter = none)] => "FFFFF");
    assert_eq!(delays, [0.1, 0.2, 0.4, 0.8]);
    let delays = delays!(#[retry(attempts = 5, jitter = none, backoff = exponential)] => "FFFFF");
    assert_eq!(delays, [0.1, 0.2, 0.4, 0.8]);
    let delays = delays!(#[retry(attempts = 5, jitter = none, backoff = exponential("1s", factor = 3))] => "FFFFF");
    assert_eq!(delays, [1.0, 3.0, 9.0, 10.0]);
    let delays = delays!(#[retry(attempts = 4, jitter = none, backoff = fixed("1500ms"))] => "FFFF");
    assert_eq!(delays, [1.5, 1.5, 1.5]);
    let delays = delays!(#[retry(attempts = 4, jitter = none, backoff = linear("100ms"))] => "FFFF");
    assert_eq!(delays, [0.1, 0.2, 0.3]);
    let delays = delays!(#[retry(attempts = 7, jitter = none, backoff = fibonacci("100ms"))] => "FFFFFFF");
    assert_eq!(delays, [0.1, 0.1, 0.2, 0.3, 0.5, 0.8]);
    let delays = delays!(#[retry(attempts = 4, backoff = none)] => "FFFF");
    assert_eq!(delays, [0.0, 0.0, 0.0]);
    let delays =
        delays!(#[retry(attempts = 4, jitter = none, backoff = |attempt| SECOND * attempt * attempt)] => "FFFF");
    assert_eq!(delays, [1.0, 4.0, 9.0]);
    let delays = delays!(#[retry(attempts = 3, jitter = none, backoff = Backoff::linear(3 * SECOND))] => "FFF");
    assert_eq!(delays, [3.0, 6.0]);
}

#[tokio::test(start_paused = true)]
async fn r06c_the_cap() {
    let delays = delays!(#[retry(attempts = 4, jitter = none, backoff = exponential("4s"))] => "FFFF");
    assert_eq!(delays, [4.0, 8.0, 10.0], "10 s by default");
    let delays = delays!(#[retry(attempts = 4, jitter = none, backoff = exponential("30s"))] => "FFFF");
    assert_eq!(delays, [30.0, 30.0, 30.0], "or the base, where that is longer");
    let delays = delays!(#[retry(attempts = 4, jitter = none, backoff = linear("1s"), max_delay = "1500ms")] => "FFFF");
    assert_eq!(delays, [1.0, 1.5, 1.5]);
    let delays =
        delays!(#[retry(attempts = 3, jitter = none, backoff = |_| Duration::MAX, max_delay = SECOND)] => "FFF");
    assert_eq!(delays, [1.0, 1.0]);
}

#[tokio::test(start_paused = true)]
async fn r06d_settings_from_arguments() {
    struct Client {
        attempts: u32,
        base: Duration,
    }
    impl Client {
        #[retry(attempts = self.attempts, backoff = fixed(self.base), max_delay = cap, jitter = none)]
        async fn call(&self, cap: Duration, script: &Script) -> Answer {
            script.run().await
        }
    }
    let script = Script::new("F");
    let client = Client { attempts: 4, base: 3 * SECOND };
    assert_eq!(client.call(2 * SECOND, &script).await, Err(Error::Failed));
    assert_eq!(script.delays(), [2 * SECOND; 3]);
}

#[tokio::test(start_paused = true)]
async fn r06e_a_shared_policy() {
    use steadfast::{Backoff, Jitter, Retry};
    static SHARED: Retry = Retry::new().attempts(4).backoff(Backoff::fixed(SECOND)).jitter(Jitter::None);

    let delays = delays!(#[retry(SHARED)] => "FFFF");
    assert_eq!(delays, [1.0, 1.0, 1.0]);
    runs!(#[retry(SHARED, ignore(Err(Error::Failed)))] => "F");
    runs!(#[retry(SHARED, when = |error| *error == Error::Io)] => "IIF");
}

#[tokio::test(start_paused = true)]
async fn r07_ten_thousand_attempts_of_each_curve() {
    macro_rules! curve {
        ($($curve:tt)*) => {{
            #[retry(attempts = 10_000, jitter = none, max_delay = "60s", backoff = $($curve)*)]
            fn call(runs: &mut u32) -> Answer {
                *runs += 1;
                Err(Error::Failed)
            }
            let sleeps = testing::record_sleeps();
            let mut runs = 0;
            assert!(call(&mut runs).is_err());
            assert_eq!(runs, 10_000);
            let delays = sleeps.taken();
            assert!(delays.is_sorted() && delays.iter().all(|delay| *delay <= 60 * SECOND));
            delays.last().copied()
        }};
    }
    let minute = Some(60 * SECOND);
    assert_eq!(curve!(exponential("1ms", factor = 1.01)), minute);
    assert_eq!(curve!(exponential("1ms", factor = 1e300)), minute);
    assert_eq!(curve!(fibonacci("1ns")), minute);
    assert_eq!(curve!(linear("100ms")), minute);
    assert_eq!(curve!(fixed("1s")), Some(SECOND));
    assert_eq!(curve!(|attempt| Duration::from_nanos(u64::MAX / 10_000 * u64::from(attempt))), minute);
    assert_eq!(curve!(none), None);
}

#[tokio::test(start_paused = true)]
async fn r08_jitter_spreads_at_the_cap_too() {
    #[retry(attempts = 1_001, backoff = fixed("10s"))]
    fn full() -> Answer {
        Err(Error::Failed)
    }
    #[retry(attempts = 1_001, backoff = fixed("10s"), jitter = 0.25)]
    fn a_quarter() -> Answer {
        Err(Error::Failed)
    }
    let _seed = testing::seed(7);
    for (call, lowest) in [(full as fn() -> Answer, 0), (a_quarter, 7_500)] {
        let sleeps = testing::record_sleeps();
        assert!(call().is_err());
        let mut delays = sleeps.taken();
        assert_eq!(delays.len(), 1_000);
        delays.sort();
        let (lowest, cap) = (lowest * MS, 10 * SECOND);
        assert!(delays[0] >= lowest && delays[999] <= cap);
        // Each tenth of the range has about a tenth of the draws.
        for tenth in 0..10 {
            let (from, to) = (lowest + (cap - lowest) * tenth / 10, lowest + (cap - lowest) * (tenth + 1) / 10);
            let draws = delays.iter().filter(|delay| (from..to).contains(*delay)).count();
            assert!((60..=140).contains(&draws), "{draws} draws in {from:?}..{to:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r09_no_delay_that_would_end_late_is_begun() {
    let delays = delays!(
        #[retry(attempts = 9, backoff = fixed("400ms"), jitter = none, max_duration = "1s")] => "FFF"
    );
    assert_eq!(delays, [0.4, 0.4]);
}

#[tokio::test(start_paused = true)]
async fn r09b_at_the_limit_is_too_late() {
    let delays = delays!(
        #[retry(attempts = 9, backoff = fixed("500ms"), jitter = none, max_duration = "1s")] => "FF"
    );
    assert_eq!(delays, [0.5]);
    let delays = delays!(
        #[retry(attempts = 9, backoff = fixed("500ms"), jitter = none, max_duration = "1001ms")] => "FFF"
    );
    assert_eq!(delays, [0.5, 0.5]);
    runs!(#[retry(backoff = fixed("1s"), jitter = none, max_duration = "1s")] => "F");
    runs!(#[retry(backoff = none, max_duration = Duration::ZERO)] => "F");
}

#[tokio::test(start_paused = true)]
async fn r09c_attempts_count_and_are_not_cut() {
    // Each takes a second: the third attempt begins at 2.2 s and ends at 3.2 s.
    let delays = delays!(
        #[retry(attempts = 9, backoff = fixed("100ms"), jitter = none, max_duration = "2500ms")] => "fff"
    );
    assert_eq!(delays, [1.1, 1.1]);
}

#[tokio::test(start_paused = true)]
async fn r09d_unlimited_attempts_end_by_time() {
    runs!(
        #[retry(attempts = unlimited, backoff = fixed("100ms"), jitter = none, max_duration = "2s")]
        => "FFFFFFFFFFFFFFFFFFFF"
    );
    runs!(#[retry(attempts = unlimited, backoff = fixed("100ms"), jitter = none, max_duration = "2s")] => "FFFFFS");
}

#[tokio::test(start_paused = true)]
async fn r10_a_hint_is_waited_for() {
    #[retry(attempts = 2, max_delay = "10s")]
    async fn call(error: Error, script: &Script) -> Answer {
        script.run().await.and(Err(error))
    }
    for wait in [Duration::ZERO, 5 * SECOND, 10 * SECOND] {
        for error in [Error::After(wait), Error::Throttled(Some(wait))] {
            let script = Script::new("S");
            assert_eq!(call(error, &script).await, Err(error));
            let delay = script.delays()[0];
            assert!((wait..=wait + 101 * MS).contains(&delay), "{delay:?} for {wait:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn r10b_a_hint_beyond_the_longest_delay_ends_it() {
    #[retry(attempts = 2, max_delay = "10s")]
    async fn call(error: Error, script: &Script) -> Answer {
        script.run().await.and(Err(error))
    }
    for wait in [10 * SECOND + MS, Duration::from_secs(3_600), Duration::MAX] {
        let (script, error) = (Script::new("S"), Error::Throttled(Some(wait)));
        assert_eq!(call(error, &script).await, Err(error));
        assert_eq!((script.runs(), script.elapsed()), (1, Duration::ZERO));
    }
}

#[tokio::test(start_paused = true)]
async fn r10c_hints_by_pattern_from_errors_and_values() {
    macro_rules! delay {
        ($value:expr, [$($hint:tt)*]) => {{
            #[retry(attempts = 2, backoff = fixed("1s"), jitter = none, on(Ok(1), Err(_)), $($hint)*)]
            async fn call(script: &Script) -> Answer {
                script.run().await?;
                $value
            }
            let script = Script::new("S");
            let outcome = call(&script).await;
            assert!(matches!(outcome, Ok(1) | Err(Error::Failed)));
            script.delays().first().map(Duration::as_secs)
        }};
    }
    assert_eq!(delay!(Ok(1), [retry_after(Ok(1) => 5 * SECOND)]), Some(6));
    assert_eq!(delay!(Ok(1), [retry_after(Ok(run) => SECOND * *run)]), Some(2));
    assert_eq!(delay!(Ok(1), [retry_after(Ok(n) if *n > 1 => 5 * SECOND, Ok(_) => Some(7 * SECOND))]), Some(8));
    assert_eq!(delay!(Ok(1), [retry_after(Ok(_) => None::<Duration>)]), Some(1));
    assert_eq!(delay!(Ok(1), [retry_after(Err(_) => 5 * SECOND)]), Some(1), "no arm for it");
    assert_eq!(delay!(Err(Error::Failed), [retry_after(Ok(_) => SECOND, Err(_) => 3 * SECOND)]), Some(4));
    assert_eq!(delay!(Err(Error::Failed), [retry_after = |_| Some(3 * SECOND)]), Some(4));
    assert_eq!(delay!(Err(Error::Failed), [retry_after = |_| None]), Some(1));
    assert_eq!(delay!(Ok(1), [retry_after = |_: &Error| Some(3 * SECOND)]), Some(1), "a function is told errors");
    assert_eq!(delay!(Ok(1), [retry_after(Ok(_) => Duration::MAX)]), None, "given up at once");
}

#[tokio::test(start_paused = true)]
async fn r10d_the_functions_hint_wins_over_the_errors() {
    #[retry(attempts = 2, backoff = none, retry_after(Err(Error::After(wait)) => wait.checked_sub(SECOND)))]
    async fn call(error: Error, script: &Script) -> Answer {
        script.run().await.and(Err(error))
    }
    for (own, waited) in [(5_000, 4), (500, 0)] {
        let (script, error) = (Script::new("S"), Error::After(own * MS));
        assert_eq!(call(error, &script).await, Err(error));
        let own = if waited == 0 { own * MS } else { waited * SECOND };
        assert_eq!(script.delays(), [own], "where it has none, that of the error stays");
    }
}

#[tokio::test(start_paused = true)]
async fn r10e_a_hint_makes_nothing_retryable() {
    runs!(#[retry(retry_after = |_| Some(SECOND))] => "P");
    runs!(#[retry(retry_after(Ok(_) => SECOND))] => "S");
    runs!(#[retry(ignore(Err(Error::Failed)), retry_after(Err(_) => SECOND))] => "F");
}

#[tokio::test(start_paused = true)]
async fn r10f_a_hint_that_would_end_late_is_not_waited_for() {
    #[retry(attempts = 2, backoff = none, max_duration = "5s")]
    async fn call(error: Error, script: &Script) -> Answer {
        script.run().await.and(Err(error))
    }
    for (wait, runs) in [(4_999, 2), (5_000, 1)] {
        let (script, error) = (Script::new("S"), Error::After(wait * MS));
        assert_eq!(call(error, &script).await, Err(error));
        assert_eq!(script.runs(), runs);
    }
}

#[tokio::test(start_paused = true)]
async fn r15_a_caller_who_goes_away_is_not_followed_by_an_attempt() {
    #[retry(backoff = fixed("1s"), jitter = none)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("F");
    assert!(tokio::time::timeout(500 * MS, call(&script)).await.is_err());
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(script.runs(), 1);
}

/// Attempt, delay, elapsed, the reason where it gave up, and the policy.
type Told = (u32, Duration, Duration, Option<GiveUp>, &'static str);

#[tokio::test(start_paused = true)]
async fn r18_hooks_are_told_each_decision() {
    let events = RefCell::new(Vec::new());

    #[retry(
        attempts = 3, backoff = fixed("1s"), jitter = none, name = "orders",
        on_retry = |event| events.borrow_mut().push((event.attempt, event.delay, event.elapsed, None, event.policy)),
        on_give_up = |event| events.borrow_mut().push(
            (event.attempts, Duration::ZERO, event.elapsed, Some(event.reason), event.policy)
        )
    )]
    async fn call(script: &Script, events: &RefCell<Vec<Told>>) -> Answer {
        script.run().await
    }
    assert!(call(&Script::new("f"), &events).await.is_err());
    let expected = [
        (1, SECOND, SLOW, None, "orders"),
        (2, SECOND, 2 * SLOW + SECOND, None, "orders"),
        (3, Duration::ZERO, 3 * SLOW + 2 * SECOND, Some(GiveUp::Attempts), "orders"),
    ];
    assert_eq!(events.take(), expected);

    // A success is neither.
    assert_eq!(call(&Script::new("S"), &events).await, Ok(1));
    assert!(events.take().is_empty());
    assert!(call(&Script::new("FP"), &events).await.is_err());
    let reasons: Vec<_> = events.take().into_iter().map(|event| event.3).collect();
    assert_eq!(reasons, [None, Some(GiveUp::NotRetryable)]);
}

#[tokio::test(start_paused = true)]
async fn r18b_hooks_are_told_why_and_with_what() {
    macro_rules! reason {
        ([$($settings:tt)*] $script:literal) => {{
            let mut told = None;
            #[retry(backoff = fixed("1s"), jitter = none, $($settings)*,
                on_give_up = |event| *told = Some((event.reason, letter(event.outcome.as_ref_returned()))))]
            async fn call(script: &Script, told: &mut Option<(GiveUp, char)>) -> Answer {
                script.run().await
            }
            let outcome = call(&Script::new($script), &mut told).await;
            let (reason, told) = told.expect("it gave up");
            assert_eq!(told, letter(&outcome));
            reason
        }};
    }
    trait Returned<'a> {
        fn as_ref_returned(&self) -> &'a Answer;
    }
    impl<'a> Returned<'a> for steadfast::Failure<&'a Answer> {
        fn as_ref_returned(&self) -> &'a Answer {
            match self {
                steadfast::Failure::Returned(answer) => answer,
                steadfast::Failure::Rejected(rejection) => panic!("{rejection}"),
            }
        }
    }
    assert_eq!(reason!([attempts = 2] "FI"), GiveUp::Attempts);
    assert_eq!(reason!([max_duration = "1s"] "F"), GiveUp::MaxDuration);
    assert_eq!(reason!([retry_after(Err(_) => Duration::MAX)] "F"), GiveUp::HintTooLong);
    assert_eq!(reason!([ignore(Err(_))] "F"), GiveUp::NotRetryable);
}
