//! What retries and breakers make of the rejections beneath them.

use std::cell::RefCell;
use std::time::Duration;

use steadfast::{CircuitBreaker, Failure, GiveUp, State, circuit_breaker, outcome, retry, testing, timeout};
use steadfast_tests::{Answer, Error, Script, drive, letter, pass};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn r11_timeouts_are_retried() {
    #[retry(attempts = 2, backoff = none)]
    #[timeout("500ms")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("s");
    assert_eq!(letter(&call(&script).await), 'T');
    assert_eq!(script.times(), [Duration::ZERO, SECOND / 2]);
    assert_eq!(script.elapsed(), SECOND);
    let script = Script::new("TS");
    assert_eq!(call(&script).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn r11b_after_the_usual_delay() {
    #[retry(attempts = 3, backoff = linear("1s"), jitter = none)]
    #[timeout("500ms")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("T");
    assert_eq!(letter(&call(&script).await), 'T');
    assert_eq!(script.delays(), [SECOND * 3 / 2, SECOND * 5 / 2]);
}

/// A retry over a breaker of its own that is open for a second; gives the outcome, the runs and the time it took.
macro_rules! over_open {
    ($($settings:tt)*) => {{
        static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(SECOND);
        #[retry(backoff = fixed("100ms"), jitter = none, $($settings)*)]
        #[circuit_breaker(BREAKER)]
        async fn call(script: &Script) -> Answer {
            script.run().await
        }
        #[retry(backoff = fixed("100ms"), jitter = none, $($settings)*)]
        #[circuit_breaker(BREAKER)]
        fn call_blocking(script: &Script) -> Answer {
            script.run_blocking()
        }
        let open = || {
            BREAKER.reset();
            BREAKER.try_acquire().expect("closed").failure();
        };
        let _sleeps = testing::advance_on_sleep();
        open();
        let script = Script::new("S");
        let came = (letter(&call(&script).await), script.runs(), script.elapsed());
        open();
        let script = Script::new("S");
        assert_eq!((letter(&call_blocking(&script)), script.runs(), script.elapsed()), came, "sync");
        came
    }};
}

#[tokio::test(start_paused = true)]
async fn r12_an_open_circuit_goes_outwards_at_once() {
    assert_eq!(over_open!(attempts = 3), ('R', 0, Duration::ZERO));
    assert_eq!(over_open!(rejections(timeout, rate_limited, bulkhead_full)), ('R', 0, Duration::ZERO));
    assert_eq!(over_open!(ignore(Err(_))), ('R', 0, Duration::ZERO));
    assert_eq!(over_open!(when = |_| true), ('R', 0, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn r12b_unless_it_is_to_be_waited_for() {
    // No sooner than it says, plus the usual delay.
    assert_eq!(over_open!(rejections(circuit_open), max_delay = "10s"), ('S', 1, SECOND * 11 / 10));
    assert_eq!(over_open!(rejections(circuit_open), when = |_| false), ('S', 1, SECOND * 11 / 10));
}

#[tokio::test(start_paused = true)]
async fn r12c_but_not_too_long() {
    assert_eq!(over_open!(rejections(circuit_open), max_delay = "500ms"), ('R', 0, Duration::ZERO));
    assert_eq!(over_open!(rejections(circuit_open), max_duration = "1100ms"), ('R', 0, Duration::ZERO));
    assert_eq!(over_open!(rejections(circuit_open), max_duration = "1101ms"), ('S', 1, SECOND * 11 / 10));
    assert_eq!(over_open!(rejections(circuit_open), attempts = 1), ('R', 0, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn r12d_a_deadline_ends_the_waiting_too() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(SECOND);
    #[timeout("1s")]
    #[retry(rejections(circuit_open), backoff = none)]
    #[circuit_breaker(BREAKER)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    BREAKER.try_acquire().unwrap().failure();
    let script = Script::new("S");
    assert_eq!(letter(&call(&script).await), 'R');
    assert_eq!(script.elapsed(), Duration::ZERO);
    pass(Duration::from_millis(1));
    assert_eq!(letter(&call(&script).await), 'S');
}

#[tokio::test(start_paused = true)]
async fn r12e_where_nobody_knows_how_long_the_usual_delay() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(SECOND);
    #[retry(attempts = 20, rejections(circuit_open), backoff = fixed("300ms"), jitter = none)]
    #[circuit_breaker(BREAKER)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    BREAKER.try_acquire().unwrap().failure();
    pass(SECOND);
    // Half-open, the one place taken by a probe that takes a second.
    let (probe, waits) = (Script::new("s"), Script::new("S"));
    let (probed, waited) = tokio::join!(call(&probe), call(&waits));
    assert_eq!((letter(&probed), letter(&waited)), ('S', 'S'));
    assert_eq!(waits.times(), [SECOND * 12 / 10]);

    BREAKER.force_open();
    assert_eq!(letter(&call(&waits).await), 'R');
    assert_eq!(waits.elapsed(), SECOND * 12 / 10 + 19 * Duration::from_millis(300));
    BREAKER.reset();
}

#[tokio::test(start_paused = true)]
async fn r13_a_retry_stops_when_the_circuit_opens() {
    #[retry(attempts = 8)]
    #[circuit_breaker(failure_threshold = 4, reset_timeout = "60s")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(attempts = 8)]
    #[circuit_breaker(failure_threshold = 4, reset_timeout = "60s")]
    fn call_blocking(script: &Script) -> Answer {
        script.run_blocking()
    }
    let _sleeps = testing::advance_on_sleep();
    let (script, blocking) = (Script::new("F"), Script::new("F"));
    assert_eq!((letter(&call(&script).await), script.runs()), ('R', 4));
    assert_eq!((letter(&call_blocking(&blocking)), blocking.runs()), ('R', 4));
    assert_eq!((letter(&call(&script).await), script.runs()), ('R', 4));
}

#[tokio::test(start_paused = true)]
async fn r13b_a_breaker_over_a_retry_counts_calls() {
    drive!(async #[circuit_breaker(failure_threshold = 2)] #[timeout("1s")] => "TT R");
    #[circuit_breaker(failure_threshold = 2)]
    #[retry(attempts = 3, backoff = none)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FFF FFS FFF FFF S");
    for (expected, runs) in [('F', 3), ('S', 6), ('F', 9), ('F', 12), ('R', 12)] {
        assert_eq!((letter(&call(&script).await), script.runs()), (expected, runs));
    }
}

#[tokio::test(start_paused = true)]
async fn r13c_a_breaker_over_a_breaker_takes_its_rejections_as_neutral() {
    static INNER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1).reset_timeout(SECOND);
    static OUTER: CircuitBreaker = CircuitBreaker::new().failure_threshold(2).reset_timeout(SECOND);
    #[circuit_breaker(OUTER)]
    #[circuit_breaker(INNER)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FFS");
    for expected in ['F', 'R', 'R', 'R'] {
        assert_eq!(letter(&call(&script).await), expected);
    }
    assert_eq!((OUTER.state(), OUTER.counts().consecutive_failures), (State::Closed, 1));
    pass(SECOND);
    assert_eq!(letter(&call(&script).await), 'F');
    assert_eq!(OUTER.state(), State::Open);
}

/// Whether a retry with these settings calls again after a timeout.
macro_rules! after_timeout {
    ($(#[$($outcome:tt)*])? [$($settings:tt)*]) => {{
        $(#[$($outcome)*])?
        #[retry(attempts = 2, backoff = none, $($settings)*)]
        #[timeout("1s")]
        async fn call(script: &Script) -> Answer {
            script.run().await
        }
        let script = Script::new("T");
        assert_eq!(letter(&call(&script).await), 'T');
        script.runs() == 2
    }};
}

#[tokio::test(start_paused = true)]
async fn r16b_a_narrowed_retry_takes_no_rejections() {
    assert!(after_timeout!([]));
    assert!(!after_timeout!([when = |_| true]));
    assert!(!after_timeout!([on(Err(Error::Io))]));
    assert!(!after_timeout!([on(Err(_))]));
    assert!(!after_timeout!([on(_)]));
    assert!(!after_timeout!(
        #[outcome(when = |_| true)]
        []
    ));
    assert!(!after_timeout!(
        #[outcome(on(Err(_)))]
        []
    ));
}

#[tokio::test(start_paused = true)]
async fn r16c_unless_it_names_them() {
    assert!(after_timeout!([when = |_| true, rejections(timeout)]));
    assert!(after_timeout!([on(Err(Error::Io)), rejections(timeout, rate_limited)]));
    assert!(!after_timeout!([when = |_| true, rejections(bulkhead_full)]));
    assert!(!after_timeout!([rejections(circuit_open)]));
    assert!(!after_timeout!([rejections()]));
    assert!(after_timeout!(
        #[outcome(when = |_| true)]
        [rejections(timeout)]
    ));
}

#[tokio::test(start_paused = true)]
async fn r16d_values_and_what_is_ignored_do_not_narrow() {
    assert!(after_timeout!([on(Ok(0))]));
    assert!(after_timeout!([ignore(Err(_))]));
    assert!(after_timeout!(
        #[outcome(on(Ok(0)))]
        []
    ));
}

#[tokio::test(start_paused = true)]
async fn r16e_the_same_for_a_shared_policy() {
    use steadfast::{Backoff, Rejections, Retry};
    static SHARED: Retry = Retry::new().attempts(2).backoff(Backoff::NONE);
    static EXPLICIT: Retry = SHARED.rejections(Rejections::NONE.timeout());
    macro_rules! after_timeout {
        ($($settings:tt)*) => {{
            #[retry($($settings)*)]
            #[timeout("1s")]
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            let script = Script::new("T");
            assert_eq!(letter(&call(&script).await), 'T');
            script.runs() == 2
        }};
    }
    assert!(after_timeout!(SHARED));
    assert!(!after_timeout!(SHARED, when = |_| true));
    assert!(after_timeout!(SHARED, when = |_| true, rejections(timeout)));
    assert!(!after_timeout!(SHARED, rejections(circuit_open)));
    assert!(after_timeout!(EXPLICIT, when = |_| true));
}

#[tokio::test(start_paused = true)]
async fn r18c_hooks_are_told_of_rejections() {
    type Told = (u32, Option<&'static str>, Option<GiveUp>);
    fn policy<R>(outcome: &Failure<R>) -> Option<&'static str> {
        outcome.rejection().map(|rejection| rejection.policy())
    }
    let told = RefCell::new(Vec::new());
    #[retry(
        attempts = 3, backoff = none,
        on_retry = |event| told.borrow_mut().push((event.attempt, policy(&event.outcome), None)),
        on_give_up = |event| told.borrow_mut().push((event.attempts, policy(&event.outcome), Some(event.reason)))
    )]
    #[circuit_breaker(failure_threshold = 2, name = "breaker")]
    #[timeout("1s", name = "timeout")]
    async fn call(script: &Script, told: &RefCell<Vec<Told>>) -> Answer {
        script.run().await
    }
    assert_eq!(letter(&call(&Script::new("T"), &told).await), 'R');
    let timeout = Some("timeout");
    let expected = [(1, timeout, None), (2, timeout, None), (3, Some("breaker"), Some(GiveUp::NotRetryable))];
    assert_eq!(told.take(), expected);
}

#[tokio::test(start_paused = true)]
async fn r18d_a_deadline_is_a_reason_to_give_up() {
    let mut reason = None;
    #[timeout("1s")]
    #[retry(backoff = fixed("1s"), jitter = none, on_give_up = |event| *reason = Some(event.reason))]
    async fn call(script: &Script, reason: &mut Option<GiveUp>) -> Answer {
        script.run().await
    }
    assert_eq!(letter(&call(&Script::new("F"), &mut reason).await), 'F');
    assert_eq!(reason, Some(GiveUp::Deadline));
}

#[tokio::test(start_paused = true)]
async fn r18e_a_hook_that_panics_does_no_harm() {
    #[retry(backoff = none, on_retry = |_| panic!("a hook"), on_give_up = |_| panic!("a hook"))]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FFSF");
    assert_eq!(call(&script).await, Ok(3));
    assert_eq!((call(&script).await, script.runs()), (Err(Error::Failed), 6));
}
