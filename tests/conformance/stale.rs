//! F5: the last success as an answer.

use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;

use steadfast::{
    CircuitBreaker, Failure, RejectionKind, bulkhead, circuit_breaker, fallback, outcome, rate_limit, retry, timeout,
};
use steadfast_tests::{Answer, Error, Script, letter, pass, poll_once};

pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const TEN_MINUTES: Duration = Duration::from_secs(600);

/// `#[fallback(stale = ..)]` on a function that is its own each time, async and sync, of a script and a key.
macro_rules! each {
    ([$($attribute:tt)*] |$call:ident, $id:ident| $check:expr) => {{
        {
            $($attribute)*
            async fn call($id: u32, script: &Script) -> Answer {
                let _ = $id;
                script.run().await
            }
            let $call = async |id, script: &str| call(id, &Script::new(script)).await;
            $check
        }
        {
            $($attribute)*
            fn call($id: u32, script: &Script) -> Answer {
                let _ = $id;
                script.run_blocking()
            }
            let $call = async |id, script: &str| call(id, &Script::new(script));
            $check
        }
    }};
}

#[tokio::test(start_paused = true)]
async fn f05_the_last_success_of_a_key_while_it_is_young() {
    each!([#[fallback(stale = "10m", key = id)]] |call, id| {
        assert_eq!(call(1, "S").await, Ok(1));
        assert_eq!(call(1, "F").await, Ok(1));
        assert_eq!(call(2, "F").await, Err(Error::Failed));
        assert_eq!(call(1, "P").await, Err(Error::Permanent));
        pass(9 * MINUTE);
        assert_eq!(call(1, "F").await, Ok(1), "a permanent error has forgotten nothing");
        pass(2 * MINUTE);
        assert_eq!(call(1, "F").await, Err(Error::Failed));
        assert_eq!((call(1, "S").await, call(1, "F").await), (Ok(1), Ok(1)));
    });
}

#[tokio::test(start_paused = true)]
async fn f05a_an_answer_is_younger_than_the_limit() {
    each!([#[fallback(stale = "10m")]] |call, id| {
        call(1, "S").await.unwrap();
        pass(10 * MINUTE - Duration::from_nanos(1));
        assert_eq!(call(1, "F").await, Ok(1));
        pass(Duration::from_nanos(1));
        assert_eq!(call(1, "F").await, Err(Error::Failed));
    });
    each!([#[fallback(stale = Duration::MAX)]] |call, id| {
        call(1, "S").await.unwrap();
        pass(1_000_000 * MINUTE);
        assert_eq!(call(1, "F").await, Ok(1));
    });
    each!([#[fallback(stale = Duration::ZERO)]] |call, id| {
        call(1, "S").await.unwrap();
        assert_eq!(call(1, "F").await, Err(Error::Failed));
    });
}

#[tokio::test(start_paused = true)]
async fn f05b_one_for_all_calls_or_one_per_key() {
    #[fallback(stale = "10m")]
    fn without_key(id: u32, fails: bool) -> Answer {
        if fails { Err(Error::Failed) } else { Ok(id) }
    }
    assert_eq!((without_key(1, false), without_key(2, false), without_key(1, true)), (Ok(1), Ok(2), Ok(2)));

    #[fallback(stale = "10m", key = (tenant, &user, id % 10))]
    async fn keyed(tenant: &str, user: String, id: u32, fails: bool) -> Answer {
        drop(user);
        let _ = tenant;
        if fails { Err(Error::Failed) } else { Ok(id) }
    }
    let ada = || "ada".to_owned();
    assert_eq!(keyed("a", ada(), 7, false).await, Ok(7));
    assert_eq!(keyed("a", ada(), 17, true).await, Ok(7));
    for (tenant, user, id) in [("b", "ada", 7), ("a", "eva", 7), ("a", "ada", 8), ("aa", "da", 7)] {
        assert_eq!(keyed(tenant, user.to_owned(), id, true).await, Err(Error::Failed));
    }
}

#[tokio::test(start_paused = true)]
async fn f05c_key_and_age_are_taken_once_and_before_the_body() {
    #[fallback(stale = { taken.borrow_mut().push("age"); 10 * MINUTE }, key = { taken.borrow_mut().push("key"); *id })]
    #[retry(attempts = 3, backoff = none)]
    async fn call(id: &mut u32, taken: &RefCell<Vec<&str>>, script: &Script) -> Answer {
        taken.borrow_mut().push("body");
        *id += 1;
        script.run().await
    }
    let taken = RefCell::default();
    assert_eq!(call(&mut 1, &taken, &Script::new("FS")).await, Ok(2));
    assert_eq!(taken.take(), ["age", "key", "body", "body"]);
    let mut id = 1;
    assert_eq!((call(&mut id, &taken, &Script::new("F")).await, id), (Ok(2), 4));
    assert_eq!(call(&mut id, &taken, &Script::new("F")).await, Err(Error::Failed));
}

/// The first call succeeds, what comes next is rejected: how a call is without a last success, after the one that has it.
macro_rules! rejected {
    ([$($attribute:tt)*] $then:expr) => {{
        #[fallback(stale = "10m", key = id)]
        $($attribute)*
        async fn call(id: u32, script: &Script) -> Answer {
            let _ = id;
            script.run().await
        }
        let script = Script::new("ST");
        assert_eq!(call(1, &script).await, Ok(1));
        let mut under_way = pin!(call(3, &script));
        $then(under_way.as_mut());
        assert_eq!(call(1, &script).await, Ok(1));
        call(2, &script).await.unwrap_err().rejection().kind()
    }};
}

#[tokio::test(start_paused = true)]
async fn f05d_rejections_are_failures() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new();
    assert_eq!(rejected!([#[timeout("1s")]] |_| ()), RejectionKind::Timeout);
    assert_eq!(rejected!([#[rate_limit(permits = 1, per = "1h")]] |_| ()), RejectionKind::RateLimited);
    assert_eq!(rejected!([#[circuit_breaker(BREAKER)]] |_| BREAKER.force_open()), RejectionKind::CircuitOpen);
    let kind = rejected!([#[bulkhead(max_concurrent = 1)]] |call| assert!(poll_once(call).is_pending()));
    assert_eq!(kind, RejectionKind::BulkheadFull);
}

/// What comes of a failure after a success, and of a success after that.
#[tokio::test(start_paused = true)]
async fn f05e_filters_say_what_it_answers_for() {
    macro_rules! outcome {
        ([$($attribute:tt)*] $script:literal) => {{
            $($attribute)*
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            assert_eq!(call(&Script::new("S")).await, Ok(1));
            letter(&call(&Script::new($script)).await)
        }};
    }
    // Without any, its own class: all that is no answer of the dependency.
    assert_eq!(outcome!([#[fallback(stale = "10m")]] "F"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m")]] "L"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m")]] "N"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m")]] "P"), 'P');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Err(Error::Io)))]] "I"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Err(Error::Io)))]] "F"), 'F');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Err(Error::Permanent)))]] "P"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Ok(0)))]] "F"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", ignore(Err(Error::Failed)))]] "F"), 'F');
    assert_eq!(outcome!([#[fallback(stale = "10m", ignore(Err(Error::Failed)))]] "I"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Err(_)), ignore(Err(Error::Failed)))]] "F"), 'F');
    assert_eq!(outcome!([#[fallback(stale = "10m", when = |error| *error == Error::Permanent)]] "P"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", when = |error| *error == Error::Permanent)]] "F"), 'F');
    assert_eq!(outcome!([#[outcome(ignore(Err(Error::Failed)))] #[fallback(stale = "10m")]] "F"), 'F');
    assert_eq!(outcome!([#[fallback(stale = "10m")] #[outcome(when = |_| true)]] "P"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Err(_)))] #[outcome(on(Err(Error::Io)))]] "F"), 'S');
    // Filters see returned values only.
    assert_eq!(outcome!([#[fallback(stale = "10m", ignore(Err(_)))] #[timeout("1s")]] "T"), 'S');
}

#[tokio::test(start_paused = true)]
async fn f05f_what_is_kept_is_a_success() {
    #[fallback(stale = "10m", on(Ok(3)), ignore(Ok(4)))]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("SSSSF");
    assert_eq!((call(&script), call(&script)), (Ok(1), Ok(2)));
    assert_eq!(call(&script), Ok(2), "an unwanted value is answered for, and not kept");
    assert_eq!(call(&script), Ok(4), "one that is ignored goes outwards");
    assert_eq!(call(&script), Ok(2), "and is not kept either");
}

#[tokio::test(start_paused = true)]
async fn f05g_values_that_are_no_results() {
    #[fallback(stale = "10m", on(None))]
    fn option(value: Option<u32>) -> Option<u32> {
        value
    }
    assert_eq!(option(None), None);
    assert_eq!((option(Some(1)), option(None)), (Some(1), Some(1)));

    #[fallback(stale = "10m", on(500..=599))]
    async fn status(status: u16) -> u16 {
        status
    }
    assert_eq!((status(503).await, status(404).await, status(500).await), (503, 404, 404));

    // Without a filter every value is a success, and only a rejection a failure.
    #[fallback(None)]
    #[fallback(stale = "10m")]
    #[timeout("1s")]
    async fn late(seconds: u64) -> Option<u64> {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        seconds.checked_sub(1).map(|_| seconds)
    }
    assert_eq!(late(2).await, None);
    let (mut quick, mut slow) = (pin!(late(0)), pin!(late(2)));
    assert_eq!((quick.as_mut().await, slow.as_mut().await), (None, None));
}

#[tokio::test(start_paused = true)]
async fn f05i_types_of_a_generic_function_are_apart() {
    #[fallback(stale = "10m")]
    async fn echo<T: Clone + Send + Sync + 'static>(value: Option<T>) -> Result<T, Error> {
        value.ok_or(Error::Failed)
    }
    assert_eq!(echo(Some(1_u32)).await, Ok(1));
    assert_eq!(echo(Some("text")).await, Ok("text"));
    assert_eq!(echo(None::<u32>).await, Ok(1));
    assert_eq!(echo(None::<&str>).await, Ok("text"));
    assert_eq!(echo(None::<u64>).await, Err(Error::Failed));
}

#[tokio::test(start_paused = true)]
async fn f05n_the_hook() {
    type Told = RefCell<Vec<(Duration, char, &'static str)>>;
    fn told(failure: Failure<&Answer>) -> char {
        match failure {
            Failure::Returned(answer) => letter(answer),
            Failure::Rejected(rejection) => letter(&Err(rejection.into())),
        }
    }
    #[fallback(stale = "10m", key = id, on_stale = |event| {
        events.borrow_mut().push((event.age, told(event.failure), event.policy));
    })]
    #[timeout("1s")]
    async fn call(id: u32, script: &Script, events: &Told) -> Answer {
        let _ = id;
        script.run().await
    }
    #[fallback(stale = "10m", name = "given", on_stale = |event| {
        events.borrow_mut().push((event.age, told(event.failure), event.policy));
    })]
    fn call_blocking(script: &Script, events: &Told) -> Answer {
        script.run_blocking()
    }
    let events = Told::default();
    let (script, blocking) = (Script::new("SFTPF"), Script::new("SI"));
    for expected in [Ok(1), Ok(1), Ok(1), Err(Error::Permanent)] {
        assert_eq!(call(1, &script, &events).await, expected);
        assert!(call_blocking(&blocking, &events).is_ok());
    }
    assert_eq!(call(2, &script, &events).await, Err(Error::Failed));
    let (name, second) = ("conformance::stale::f05n_the_hook::{{closure}}::call", Duration::from_secs(1));
    let zero = Duration::ZERO;
    assert_eq!(
        events.take(),
        [(zero, 'F', name), (zero, 'I', "given"), (second, 'T', name), (second, 'I', "given"), (second, 'I', "given")]
    );
}

#[tokio::test(start_paused = true)]
async fn f05n2_the_hook_may_name_what_the_body_uses() {
    #[fallback(stale = "10m", on_stale = |_| told.borrow_mut().push(label.clone()))]
    async fn call(label: String, told: &RefCell<Vec<String>>, script: &Script) -> Answer {
        let _ = label.len();
        script.run().await
    }
    let (told, script) = (RefCell::default(), Script::new("SF"));
    for label in ["one", "two", "three"] {
        assert_eq!(call(label.to_owned(), &told, &script).await, Ok(1));
    }
    assert_eq!(told.take(), ["two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn f05o_a_hook_that_panics_does_no_harm() {
    #[fallback(stale = "10m", on_stale = |_| panic!("a hook"))]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("SF");
    assert_eq!([call(&script), call(&script), call(&script)], [Ok(1), Ok(1), Ok(1)]);
}
