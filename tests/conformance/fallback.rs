//! What a fallback handles, and what it answers with.

use std::cell::RefCell;
use std::time::Duration;

use steadfast::{CircuitBreaker, Failure, circuit_breaker, fallback, retry, timeout};
use steadfast_tests::{Answer, Error, Script, letter};

#[tokio::test(start_paused = true)]
async fn f01_after_the_last_attempt() {
    #[fallback({ answers.borrow_mut().push("answer"); Ok(99) })]
    #[retry(attempts = 2, backoff = none)]
    async fn call(script: &Script, answers: &RefCell<Vec<&str>>) -> Answer {
        script.run().await
    }
    #[fallback({ answers.borrow_mut().push("answer"); Ok(99) })]
    #[retry(attempts = 2, backoff = none)]
    fn call_blocking(script: &Script, answers: &RefCell<Vec<&str>>) -> Answer {
        script.run_blocking()
    }
    let answers = RefCell::default();
    let (script, blocking) = (Script::new("FFFS"), Script::new("FFFS"));
    assert_eq!((call(&script, &answers).await, script.runs()), (Ok(99), 2));
    assert_eq!((call_blocking(&blocking, &answers), blocking.runs()), (Ok(99), 2));
    assert_eq!(answers.take(), ["answer", "answer"]);
    // Not evaluated without need.
    assert_eq!((call(&script, &answers).await, call_blocking(&blocking, &answers)), (Ok(4), Ok(4)));
    assert!(answers.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn f01b_beneath_a_retry_it_is_asked_each_time() {
    #[retry(attempts = 3, backoff = none)]
    #[fallback({ answers.borrow_mut().push(steadfast::attempt()); Err(Error::Io) })]
    async fn call(script: &Script, answers: &RefCell<Vec<u32>>) -> Answer {
        script.run().await
    }
    #[retry(attempts = 3, backoff = none)]
    #[fallback({ answers.borrow_mut().push(steadfast::attempt()); Err(Error::Io) })]
    fn call_blocking(script: &Script, answers: &RefCell<Vec<u32>>) -> Answer {
        script.run_blocking()
    }
    let (script, blocking, answers) = (Script::new("FFS"), Script::new("FFS"), RefCell::default());
    assert_eq!(call(&script, &answers).await, Ok(3));
    assert_eq!(call_blocking(&blocking, &answers), Ok(3));
    assert_eq!(answers.take().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn f02_the_rejection_is_its_error() {
    static OPEN: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    #[fallback(|error| { assert_eq!(letter(&Err(error)), expected); Ok(99) })]
    #[circuit_breaker(OPEN)]
    async fn call(script: &Script, expected: char) -> Answer {
        script.run().await
    }
    #[fallback(|error| { assert_eq!(letter(&Err(error)), expected); Ok(99) })]
    #[circuit_breaker(OPEN)]
    fn call_blocking(script: &Script, expected: char) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("F");
    assert_eq!(call(&script, 'F').await, Ok(99));
    assert_eq!(call(&script, 'R').await, Ok(99));
    assert_eq!(call_blocking(&script, 'R'), Ok(99));
    assert_eq!(script.runs(), 1);
    OPEN.reset();
    assert_eq!(call(&Script::new("S"), '-').await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn f02b_where_nothing_rejects_no_conversion_is_needed() {
    #[fallback(|error| Err(format!("{error}, and no more")))]
    #[retry(attempts = 2, backoff = none)]
    async fn call(text: &str) -> Result<u32, String> {
        text.parse().map_err(|_| format!("no number: {text}"))
    }
    assert_eq!(call("7").await, Ok(7));
    assert_eq!(call("x").await, Err("no number: x, and no more".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn f02c_the_error_may_be_taken_apart() {
    #[derive(Debug, PartialEq)]
    struct Status(u16, &'static str);

    #[fallback(|Status(code, text)| if code == 404 { Ok(text.len()) } else { Err(Status(code, text)) })]
    fn call(status: Status) -> Result<usize, Status> {
        Err(status)
    }
    assert_eq!(call(Status(404, "none")), Ok(4));
    assert_eq!(call(Status(500, "down")), Err(Status(500, "down")));
}

#[tokio::test(start_paused = true)]
async fn f02d_any_failure_by_its_flow() {
    #[fallback(|failure: Failure<Answer>| match failure {
        Failure::Returned(Ok(unwanted)) => Ok(100 + unwanted),
        Failure::Returned(Err(error)) => Err(error),
        Failure::Rejected(rejection) => Ok(u32::from(rejection.http_status())),
    }, on(Ok(1), Err(_)))]
    #[timeout("1s")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("SSFT");
    assert_eq!(call(&script).await, Ok(101));
    assert_eq!(call(&script).await, Ok(2));
    assert_eq!(call(&script).await, Err(Error::Failed));
    assert_eq!(call(&script).await, Ok(504));
}

#[tokio::test(start_paused = true)]
async fn f02e_of_a_type_without_errors() {
    #[fallback(|failure: Failure<Option<u32>>| match failure {
        Failure::Returned(nothing) => { assert_eq!(nothing, None); Some(1) }
        Failure::Rejected(rejection) => { assert!(rejection.is_timeout()); Some(2) }
    }, on(None))]
    #[timeout("1s")]
    async fn call(seconds: u64) -> Option<u32> {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        if seconds == 0 { Some(0) } else { None }
    }
    assert_eq!(call(0).await, Some(0));
    assert_eq!(call(2).await, Some(2));
}

/// What each level answers with; its `?` is the way to the level above.
async fn level(answer: char) -> Answer {
    tokio::task::yield_now().await;
    level_blocking(answer)
}

fn level_blocking(answer: char) -> Answer {
    match answer {
        'S' => Ok(50),
        'P' => Err(Error::Permanent),
        _ => Err(Error::Io),
    }
}

#[tokio::test(start_paused = true)]
async fn f03_the_lower_answers_first() {
    #[fallback(Ok(1_000))]
    #[fallback({ let lower = level(lower).await?; Ok(lower + 1) })]
    #[retry(attempts = 2, backoff = none)]
    async fn by_question_mark(lower: char, script: &Script) -> Answer {
        script.run().await
    }
    #[fallback(Ok(1_000))]
    #[fallback({ let lower = level_blocking(lower)?; Ok(lower + 1) })]
    #[retry(attempts = 2, backoff = none)]
    fn by_question_mark_blocking(lower: char, script: &Script) -> Answer {
        script.run_blocking()
    }
    #[fallback(Ok(1_000))]
    #[fallback(level(lower).await.map(|lower| lower + 1))]
    async fn by_value(lower: char, script: &Script) -> Answer {
        script.run().await
    }
    for (lower, expected) in [('S', 51), ('I', 1_000), ('P', 1_000)] {
        assert_eq!(by_question_mark(lower, &Script::new("F")).await, Ok(expected));
        assert_eq!(by_question_mark_blocking(lower, &Script::new("F")), Ok(expected));
        assert_eq!(by_value(lower, &Script::new("F")).await, Ok(expected));
        assert_eq!(by_question_mark(lower, &Script::new("S")).await, Ok(1));
    }
}

#[tokio::test(start_paused = true)]
async fn f03a_three_levels_and_what_each_is_told() {
    #[fallback(|error| { told.push(('a', letter(&Err(error)))); Ok(99) })]
    #[fallback(|error| { told.push(('b', letter(&Err(error)))); level(upper).await })]
    #[fallback(|error| { told.push(('c', letter(&Err(error)))); let answer = level(lower).await?; Ok(answer) })]
    #[timeout("1s")]
    async fn call(lower: char, upper: char, told: &mut Vec<(char, char)>) -> Answer {
        std::future::pending().await
    }
    let mut told = Vec::new();
    assert_eq!(call('S', 'S', &mut told).await, Ok(50));
    assert_eq!(std::mem::take(&mut told), [('c', 'T')]);
    assert_eq!(call('I', 'S', &mut told).await, Ok(50));
    assert_eq!(std::mem::take(&mut told), [('c', 'T'), ('b', 'I')]);
    assert_eq!(call('I', 'P', &mut told).await, Ok(99));
    assert_eq!(told, [('c', 'T'), ('b', 'I'), ('a', 'P')]);
}

#[tokio::test(start_paused = true)]
async fn f03b_permanent_errors_are_handled() {
    #[fallback(Ok(99))]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    for error in ["P", "N", "L", "F"] {
        assert_eq!(call(&Script::new(error)), Ok(99), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn f03c_filters_say_which() {
    macro_rules! handled {
        ([$($filter:tt)*] $script:literal) => {{
            #[fallback(Ok(99), $($filter)*)]
            #[timeout("1s")]
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            call(&Script::new($script)).await == Ok(99)
        }};
    }
    assert!(handled!([on(Err(Error::Io))] "I"));
    assert!(!handled!([on(Err(Error::Io))] "F"));
    assert!(!handled!([ignore(Err(Error::Permanent))] "P"));
    assert!(handled!([when = |error| *error == Error::Permanent] "P"));
    assert!(!handled!([when = |error| *error == Error::Permanent] "F"));
    // Rejections are handled all the same: filters see returned values only.
    assert!(handled!([on(Err(Error::Io))] "T"));
    assert!(handled!([when = |_| false] "T"));
    assert!(handled!([ignore(Err(_))] "T"));
}

#[tokio::test(start_paused = true)]
async fn f03d_what_a_level_lets_pass_goes_to_the_level_above() {
    #[fallback(Ok(2), on(Err(Error::Permanent)))]
    #[fallback(Ok(1), on(Err(Error::Io)))]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("IPFS");
    assert_eq!(call(&script), Ok(1));
    assert_eq!(call(&script), Ok(2));
    assert_eq!(call(&script), Err(Error::Failed));
    assert_eq!(call(&script), Ok(4));
}

#[tokio::test(start_paused = true)]
async fn f04_a_fallback_that_fails() {
    #[fallback(Err(Error::Io))]
    #[retry(attempts = 2, backoff = none)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    #[fallback({ level_blocking('P')?; Ok(1) })]
    fn by_question_mark(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("F");
    assert_eq!((call(&script).await, script.runs()), (Err(Error::Io), 2));
    assert_eq!(by_question_mark(&script), Err(Error::Permanent));
}

#[tokio::test(start_paused = true)]
async fn f04b_its_answer_is_an_outcome_to_the_policies_above() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(2);
    #[circuit_breaker(BREAKER)]
    #[fallback({ level(answer).await?; Ok(99) })]
    async fn call(answer: char, script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("F");
    for (answer, expected) in [('I', 'I'), ('S', 'S'), ('I', 'I'), ('P', 'P'), ('I', 'I'), ('I', 'I'), ('S', 'R')] {
        assert_eq!(letter(&call(answer, &script).await), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn f04c_a_timeout_above_ends_it() {
    #[timeout("2s")]
    #[fallback({ tokio::time::sleep(Duration::from_secs(5)).await; Ok(99) })]
    #[timeout("1s")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("T");
    assert_eq!((letter(&call(&script).await), script.elapsed()), ('T', Duration::from_secs(2)));
}

#[tokio::test(start_paused = true)]
async fn f06_plain_values_need_no_conversion() {
    #[fallback(7)]
    #[timeout("1s")]
    async fn number(seconds: u64) -> u32 {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        1
    }
    #[fallback(String::from("nobody"))]
    #[retry(attempts = 2, backoff = none)]
    #[circuit_breaker(failure_threshold = 1, on(text if text.is_empty()))]
    fn text(given: &str) -> String {
        given.to_owned()
    }
    #[fallback(())]
    #[timeout("1s")]
    async fn unit() {
        std::future::pending::<()>().await;
    }
    #[fallback(None)]
    #[timeout("1s")]
    async fn option() -> Option<u32> {
        std::future::pending().await
    }
    assert_eq!((number(0).await, number(2).await), (1, 7));
    assert_eq!((text("somebody"), text(""), text("somebody")), ("somebody".into(), String::new(), "nobody".into()));
    unit().await;
    assert_eq!(option().await, None);
}

#[tokio::test(start_paused = true)]
async fn f06b_unwanted_plain_values() {
    #[fallback(200, on(500..=599))]
    #[retry(attempts = 3, backoff = none, on(500..=599))]
    fn status(script: &[u16], runs: &mut usize) -> u16 {
        *runs += 1;
        script[*runs - 1]
    }
    let mut runs = 0;
    assert_eq!((status(&[500, 503, 404], &mut runs), runs), (404, 3));
    runs = 0;
    assert_eq!((status(&[500, 503, 599], &mut runs), runs), (200, 3));
}

#[tokio::test(start_paused = true)]
async fn f08_the_answer_may_use_the_arguments() {
    #[fallback(Ok(format!("{greeting}, {}", names.join(" and "))), clone(names))]
    #[retry(attempts = 2, backoff = none)]
    async fn call(greeting: &str, names: Vec<String>) -> Result<String, Error> {
        drop(names);
        let _ = greeting;
        Err(Error::Failed)
    }
    #[fallback(Ok(name), clone(name))]
    fn consumed(name: String) -> Result<String, Error> {
        drop(name);
        Err(Error::Failed)
    }
    let names = ["Ada".to_owned(), "Grace".to_owned()];
    assert_eq!(call("hello", names.to_vec()).await.as_deref(), Ok("hello, Ada and Grace"));
    assert_eq!(consumed("Ada".to_owned()).as_deref(), Ok("Ada"));
}

struct Store {
    cached: Option<u32>,
}

impl Store {
    #[fallback(self.cached.ok_or(error), ignore(Err(Error::Permanent)))]
    #[retry(attempts = 2, backoff = none)]
    async fn without_its_name(&mut self, error: Error, script: &Script) -> Answer {
        let value = script.run().await?;
        self.cached = Some(value);
        Ok(value)
    }

    #[fallback(|error| self.cached.ok_or(error))]
    fn get(&mut self, script: &Script) -> Answer {
        let value = script.run_blocking()?;
        self.cached = Some(value);
        Ok(value)
    }
}

#[tokio::test(start_paused = true)]
async fn f08b_and_self() {
    let mut store = Store { cached: None };
    let script = Script::new("FSFP");
    assert_eq!(store.get(&script), Err(Error::Failed));
    assert_eq!(store.get(&script), Ok(2));
    assert_eq!(store.get(&script), Ok(2));
    assert_eq!(store.without_its_name(Error::Io, &script).await, Err(Error::Permanent));
    store.cached = None;
    assert_eq!(store.without_its_name(Error::Io, &Script::new("F")).await, Err(Error::Io));
}
