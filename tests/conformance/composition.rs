//! The order that policies stand in, how they are named, and bodies that leave in every way.

use std::sync::Mutex;
use std::time::Duration;

use steadfast::{Failure, circuit_breaker, fallback, retry, timeout};
use steadfast_tests::{Answer, Error, Script, letter};

const SECOND: Duration = Duration::from_secs(1);

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

#[tokio::test(start_paused = true)]
async fn r16f_filters_and_hooks_see_the_argument_and_not_a_clone_of_it() {
    #[retry(
        attempts = 3,
        backoff = none,
        clone(order),
        on(Err(_) if order == "tea"),
        on_retry = |_| told.lock().unwrap().push(order.clone()),
    )]
    #[circuit_breaker(ignore(Err(_) if order.is_empty()))]
    async fn call(mut order: String, told: &Mutex<Vec<String>>) -> Answer {
        order.push('!');
        drop(order);
        Err(Error::Failed)
    }
    #[retry(
        attempts = 3,
        backoff = none,
        clone(order),
        on(Err(_) if order == "tea"),
        on_retry = |_| told.lock().unwrap().push(order.clone()),
    )]
    fn call_blocking(mut order: String, told: &Mutex<Vec<String>>) -> Answer {
        order.push('!');
        drop(order);
        Err(Error::Failed)
    }
    // No retry: the clone is for the filter alone.
    #[circuit_breaker(clone(order), failure_threshold = 1, ignore(Err(_) if order == "tea"))]
    async fn once(order: String) -> Answer {
        drop(order);
        Err(Error::Failed)
    }
    let told = Mutex::default();
    assert_eq!(call("tea".to_owned(), &told).await, Err(Error::Failed));
    assert_eq!(told.lock().unwrap().split_off(0), ["tea"; 2]);
    assert_eq!(call_blocking("tea".to_owned(), &told), Err(Error::Failed));
    assert_eq!(told.lock().unwrap().split_off(0), ["tea"; 2]);
    for _ in 0..3 {
        assert_eq!(once("tea".to_owned()).await, Err(Error::Failed));
    }
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
    #[expect(clippy::needless_return, reason = "a `return` that is not the function's last word")]
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
