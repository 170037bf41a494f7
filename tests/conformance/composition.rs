//! Policies over policies: what each makes of the rejections beneath it, and the order they stand in.

use std::sync::Mutex;
use std::time::Duration;

use steadfast::{CircuitBreaker, Failure, State, circuit_breaker, fallback, outcome, retry, testing, timeout};
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

#[tokio::test(start_paused = true)]
async fn r16_arguments_that_the_body_consumes() {
    #[retry(attempts = 4, backoff = none, clone(order))]
    async fn call(mut order: String, seen: &Mutex<Vec<String>>) -> Answer {
        order.push('!');
        seen.lock().unwrap().push(order);
        Err(Error::Failed)
    }
    #[retry(attempts = 4, backoff = none, clone)]
    fn call_blocking(mut order: String, (mut items, seen): (Vec<u32>, &Mutex<Vec<String>>)) -> Answer {
        items.push(3);
        assert_eq!(items, [1, 2, 3]);
        drop(items);
        order.push('!');
        seen.lock().unwrap().push(order);
        Err(Error::Failed)
    }
    let seen = Mutex::default();
    assert!(call("tea".to_owned(), &seen).await.is_err());
    assert_eq!(seen.lock().unwrap().split_off(0), ["tea!"; 4], "no attempt sees what another did to its clone");
    assert!(call_blocking("tea".to_owned(), (vec![1, 2], &seen)).is_err());
    assert_eq!(seen.lock().unwrap().split_off(0), ["tea!"; 4]);
}

#[tokio::test(start_paused = true)]
async fn r16a_one_clone_serves_the_stack() {
    #[fallback(Err(if order == "tea" { Error::Mapped("still there") } else { Error::Permanent }), clone(order))]
    #[retry(attempts = 2, backoff = none)]
    #[retry(attempts = 3, backoff = none)]
    async fn call(order: String, runs: &mut u32) -> Answer {
        *runs += 1;
        drop(order);
        Err(Error::Failed)
    }
    let mut runs = 0;
    assert_eq!(call("tea".to_owned(), &mut runs).await, Err(Error::Mapped("still there")));
    assert_eq!(runs, 6);
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
async fn r17_the_ways_out_of_a_body() {
    fn parse(text: &str) -> Result<u32, Error> {
        text.parse().map_err(|_| Error::Failed)
    }
    #[retry(backoff = none)]
    async fn question_mark(text: &str, runs: &mut u32) -> Answer {
        *runs += 1;
        let number = parse(text)?;
        Ok(number)
    }
    #[retry(backoff = none)]
    fn early_return(text: &str, runs: &mut u32) -> Answer {
        *runs += 1;
        if text.is_empty() {
            return Err(Error::Failed);
        }
        Ok(0)
    }
    #[retry(backoff = none)]
    fn nested(text: &str, runs: &mut u32) -> Answer {
        *runs += 1;
        let length = || -> Option<usize> { Some(text.chars().next()?.len_utf8()) };
        let _inner: Result<u32, Error> = (|| Ok(parse(text)? + 1))();
        match length() {
            Some(_) => parse("7"),
            None => return parse(text),
        }
    }
    #[retry(backoff = none)]
    async fn nested_block(text: &str, runs: &mut u32) -> Answer {
        *runs += 1;
        let inner: Result<u32, Error> = async { Ok(parse(text)? + 1) }.await;
        Ok(inner.unwrap_or(5))
    }
    let mut runs = 0;
    assert_eq!((question_mark("x", &mut runs).await, runs), (Err(Error::Failed), 3));
    runs = 0;
    assert_eq!((early_return("", &mut runs), runs), (Err(Error::Failed), 3));
    runs = 0;
    assert_eq!((nested("x", &mut runs), runs), (Ok(7), 1));
    runs = 0;
    assert_eq!((nested("", &mut runs), runs), (Err(Error::Failed), 3));
    runs = 0;
    assert_eq!((nested_block("x", &mut runs).await, runs), (Ok(5), 1));
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Response {
    status: u16,
    hint: Option<Duration>,
}

#[tokio::test(start_paused = true)]
async fn f07_one_outcome_for_the_stack() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(3);
    const BUSY: Response = Response { status: 503, hint: Some(SECOND) };
    const DEFAULT: Response = Response { status: 200, hint: None };

    #[outcome(on(Ok(r) if r.status >= 500), retry_after(Ok(r) => r.hint))]
    #[fallback(Ok(DEFAULT))]
    #[retry(attempts = 3, backoff = none)]
    #[circuit_breaker(BREAKER)]
    async fn call(response: Response, script: &Script) -> Result<Response, Error> {
        script.run().await.map(|_| response)
    }
    let script = Script::new("S");
    assert_eq!(call(BUSY, &script).await, Ok(DEFAULT));
    assert_eq!(script.delays(), [SECOND, SECOND]);
    assert_eq!(BREAKER.state(), State::Open);
    assert_eq!(call(BUSY, &script).await, Ok(DEFAULT), "the open circuit is handled as well");
    assert_eq!(script.runs(), 3);
    BREAKER.reset();
    let missing = Response { status: 404, hint: None };
    assert_eq!(call(missing, &script).await, Ok(missing));
}

#[tokio::test(start_paused = true)]
async fn f07a_wherever_it_stands() {
    macro_rules! runs {
        ($(#[$($attribute:tt)*])*) => {{
            $(#[$($attribute)*])*
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            let script = Script::new("SI");
            (call(&script).await, script.runs())
        }};
    }
    let expected = (Err(Error::Io), 2);
    assert_eq!(runs!(#[outcome(on(Ok(1)), ignore(Err(_)))] #[retry(backoff = none)] #[timeout("1s")]), expected);
    assert_eq!(runs!(#[retry(backoff = none)] #[outcome(on(Ok(1)), ignore(Err(_)))] #[timeout("1s")]), expected);
    assert_eq!(runs!(#[retry(backoff = none)] #[timeout("1s")] #[outcome(on(Ok(1)), ignore(Err(_)))]), expected);
}

#[tokio::test(start_paused = true)]
async fn f07e_one_policy_sees_it_otherwise() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    #[outcome(on(Ok(1)))]
    #[retry(attempts = 2, backoff = none)]
    #[circuit_breaker(BREAKER, on(Ok(7)))]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("S");
    assert_eq!(call(&script).await, Ok(2));
    assert_eq!(BREAKER.state(), State::Closed, "for the breaker only 7 is a failure");
}

#[tokio::test(start_paused = true)]
async fn f07f_hints_of_the_outcome_and_of_the_retry() {
    macro_rules! delay {
        ($(#[$($attribute:tt)*])*) => {{
            $(#[$($attribute)*])*
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            let script = Script::new("F");
            assert!(call(&script).await.is_err());
            script.delays()
        }};
    }
    let second = SECOND;
    assert_eq!(delay!(#[outcome(retry_after = |_| Some(SECOND))] #[retry(attempts = 2, backoff = none)]), [second]);
    assert_eq!(
        delay!(
            #[outcome(retry_after(Err(_) => SECOND))]
            #[retry(attempts = 2, backoff = none, retry_after(Err(_) => 2 * SECOND))]
        ),
        [second * 2]
    );
}

#[tokio::test(start_paused = true)]
async fn o01_attributes_wrap_in_written_order() {
    macro_rules! call {
        ($(#[$($attribute:tt)*])* $script:literal) => {{
            $(#[$($attribute)*])*
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            let script = Script::new($script);
            (call(&script).await.map_err(|error| letter(&Err(error))), script.runs(), script.elapsed().as_millis())
        }};
    }
    // A hanging body under a fallback, a timeout of 1 s, three attempts, and a breaker of 2 failures.
    assert_eq!(
        call!(
            #[fallback(Ok(99))]
            #[timeout("1s")]
            #[retry(attempts = 3, backoff = none)]
            #[circuit_breaker(failure_threshold = 2)]
            "T"
        ),
        (Ok(99), 1, 1_000)
    );
    assert_eq!(
        call!(
            #[fallback(Ok(99))]
            #[retry(attempts = 3, backoff = none)]
            #[timeout("1s")]
            #[circuit_breaker(failure_threshold = 2)]
            "T"
        ),
        (Ok(99), 2, 2_000)
    );
    assert_eq!(
        call!(
            #[fallback(Ok(99))]
            #[retry(attempts = 3, backoff = none)]
            #[circuit_breaker(failure_threshold = 2)]
            #[timeout("1s")]
            "T"
        ),
        (Ok(99), 2, 2_000)
    );
    assert_eq!(
        call!(
            #[circuit_breaker(failure_threshold = 2)]
            #[retry(attempts = 3, backoff = none)]
            #[timeout("1s")]
            #[fallback(Err(Error::Io))]
            "T"
        ),
        (Err('T'), 3, 3_000)
    );
    assert_eq!(
        call!(
            #[circuit_breaker(failure_threshold = 2)]
            #[timeout("2500ms")]
            #[fallback(Ok(99))]
            #[retry(attempts = 9, backoff = none)]
            "f"
        ),
        (Err('T'), 3, 2_500)
    );
    assert_eq!(
        call!(
            #[timeout("2500ms")]
            #[fallback(Ok(99))]
            #[retry(attempts = 9, backoff = none)]
            #[circuit_breaker(failure_threshold = 2)]
            "f"
        ),
        (Ok(99), 2, 2_000)
    );
}

#[tokio::test(start_paused = true)]
async fn o01b_retries_multiply() {
    #[retry(attempts = 2, backoff = none)]
    #[retry(attempts = 3, backoff = none)]
    async fn twice(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(attempts = 2, backoff = none, ignore(Err(Error::Failed)))]
    #[retry(attempts = 3, backoff = none)]
    fn once(script: &Script) -> Answer {
        script.run_blocking()
    }
    let (script, blocking) = (Script::new("F"), Script::new("F"));
    assert_eq!((letter(&twice(&script).await), script.runs()), ('F', 6));
    assert_eq!((letter(&once(&blocking)), blocking.runs()), ('F', 3));
}

#[tokio::test(start_paused = true)]
async fn o02_around_an_attribute_of_another_crate() {
    macro_rules! call {
        ($(#[$($attribute:tt)*])*) => {{
            $(#[$($attribute)*])*
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            let script = Script::new("T");
            (letter(&call(&script).await), script.runs(), script.elapsed().as_millis())
        }};
    }
    assert_eq!(
        call!(#[timeout("1500ms")] #[tracing::instrument(skip_all)] #[retry(backoff = none)] #[timeout("1s")]),
        ('T', 2, 1_500)
    );
    assert_eq!(call!(#[retry(backoff = none)] #[tracing::instrument(skip_all)] #[timeout("1s")]), ('T', 3, 3_000));
    assert_eq!(
        call!(#[retry(attempts = 2, backoff = none)] #[timeout("1s")] #[tracing::instrument(skip_all)]),
        ('T', 2, 2_000)
    );
    assert_eq!(
        call!(#[tracing::instrument(skip_all)] #[retry(attempts = 2, backoff = none)] #[timeout("1s")]),
        ('T', 2, 2_000)
    );
}

mod by_path {
    use super::{Answer, Script};

    #[steadfast::retry(attempts = 2, backoff = none)]
    #[::steadfast::timeout("1s")]
    pub(super) async fn call(script: &Script) -> Answer {
        script.run().await
    }
}

mod by_use {
    use super::{Answer, Script};
    use steadfast::{retry, timeout};

    #[retry(attempts = 2, backoff = none)]
    #[timeout("1s")]
    pub(super) async fn call(script: &Script) -> Answer {
        script.run().await
    }
}

mod by_glob {
    use super::{Answer, Script};
    #[allow(clippy::wildcard_imports)]
    use steadfast::*;

    #[retry(attempts = 2, backoff = none)]
    #[timeout("1s")]
    pub(super) async fn call(script: &Script) -> Answer {
        script.run().await
    }
}

mod by_cfg_attr {
    use super::{Answer, Script};

    #[cfg_attr(all(), steadfast::retry(attempts = 2, backoff = none), steadfast::timeout("1s"))]
    #[cfg_attr(any(), steadfast::timeout("1ms"))]
    pub(super) async fn call(script: &Script) -> Answer {
        script.run().await
    }
}

mod mixed {
    use super::{Answer, Script};
    use steadfast::timeout;

    #[cfg_attr(all(), steadfast::retry(attempts = 2, backoff = none))]
    #[timeout("1s")]
    pub(super) async fn call(script: &Script) -> Answer {
        script.run().await
    }
}

#[tokio::test(start_paused = true)]
async fn o03_however_they_are_named() {
    macro_rules! each {
        ($($module:ident),+) => {$({
            let script = Script::new("T");
            assert_eq!(letter(&$module::call(&script).await), 'T', stringify!($module));
            assert_eq!((script.runs(), script.elapsed()), (2, 2 * SECOND), stringify!($module));
        })+};
    }
    each!(by_path, by_use, by_glob, by_cfg_attr, mixed);
}

#[tokio::test(start_paused = true)]
async fn o04_each_policy_more_than_once() {
    #[fallback(|failure: Failure<Answer>| match failure {
        Failure::Rejected(rejection) => Err(Error::Mapped(rejection.policy())),
        Failure::Returned(answer) => answer,
    })]
    #[timeout("3400ms", name = "total")]
    #[retry(attempts = 2, backoff = none)]
    #[circuit_breaker(failure_threshold = 10)]
    #[timeout("2s", name = "both")]
    #[retry(attempts = 3, backoff = none)]
    #[circuit_breaker(failure_threshold = 10)]
    #[timeout("1500ms", name = "attempt")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("T");
    assert_eq!(call(&script).await, Err(Error::Mapped("total")));
    assert_eq!(script.times(), [0, 1_500, 2_000].map(Duration::from_millis));
}
