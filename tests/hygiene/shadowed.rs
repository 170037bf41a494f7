//! The names of the prelude mean something else where the function stands.

use steadfast::Rejection;

#[derive(Debug, PartialEq)]
pub(super) enum Failed {
    Body,
    Handled,
    Rejected,
}

impl From<Rejection> for Failed {
    fn from(_: Rejection) -> Self {
        Self::Rejected
    }
}

pub(super) type Answer = std::result::Result<u32, Failed>;

#[allow(clippy::unnecessary_wraps, reason = "`Ok` has another meaning where it is called")]
pub(super) fn good(n: u32) -> Answer {
    Ok(n)
}

pub(super) fn bad(failed: Failed) -> Answer {
    Err(failed)
}

/// Other items under the names, crates among them.
#[allow(dead_code, non_snake_case, non_upper_case_globals, reason = "what is tried")]
mod by_items {
    use super::{Answer, Failed, bad, good};

    struct Option;
    struct Result;
    struct Box;
    struct Pin;
    struct Duration;
    struct Rejection;
    struct Retry;
    struct CircuitBreaker;
    struct Timeout;
    trait Clone {}
    trait Copy {}
    trait From {}
    trait Fn {}
    trait FnOnce {}
    trait Send {}
    trait Future {}
    trait Iterator {}
    const Ok: u32 = 1;
    const Err: u32 = 2;
    const Some: u32 = 3;
    const None: u32 = 4;
    fn drop() {}
    #[allow(non_camel_case_types, reason = "what is tried")]
    struct u64;
    #[allow(non_camel_case_types, reason = "what is tried")]
    struct bool;
    mod core {}
    mod std {}
    mod alloc {}
    mod tokio {}
    mod steadfast {}
    mod __private {}

    #[::steadfast::fallback(bad(Failed::Handled))]
    #[::steadfast::timeout("10s")]
    #[::steadfast::retry(
        backoff = none,
        attempts = 3,
        jitter = none,
        max_delay = "1s",
        max_duration = "1m",
        when = |_| true,
        clone(text)
    )]
    #[::steadfast::circuit_breaker(key = n, failure_rate = 0.5, window = 8, ignore(_ if n == 77), reset_timeout = "1s")]
    #[::steadfast::timeout("1s")]
    pub(super) async fn full(n: u32, text: ::std::string::String) -> Answer {
        let length = text.len();
        ::std::mem::drop(text);
        if n < 2 { bad(Failed::Body) } else { good(u32::try_from(length).unwrap()) }
    }

    #[::steadfast::fallback(|failure: ::steadfast::Failure<Answer>| { let _: ::steadfast::Failure<Answer> = failure; bad(Failed::Handled) })]
    #[::steadfast::retry(backoff = linear("1ms"), jitter = 0.5, clone(text))]
    #[::steadfast::circuit_breaker]
    pub(super) fn blocking(n: u32, text: ::std::string::String) -> Answer {
        let length = text.len();
        ::std::mem::drop(text);
        if n < 2 { bad(Failed::Body) } else { good(u32::try_from(length).unwrap()) }
    }

    #[::steadfast::timeout("1s")]
    pub(super) fn boxed<'a>(
        n: &'a u32,
    ) -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = Answer> + ::std::marker::Send + 'a>> {
        ::std::boxed::Box::pin(async move { good(*n) })
    }
}

/// Other macros under the names that an expansion might use.
mod by_macros {
    use super::{Answer, Failed, bad, good};

    #[allow(unused_macros, reason = "never to be called")]
    macro_rules! compile_error {
        ($($tokens:tt)*) => {
            const _: () = panic!("the user's own");
        };
    }

    #[steadfast::fallback(bad(Failed::Handled))]
    #[steadfast::retry]
    #[steadfast::circuit_breaker]
    pub(super) async fn full(fails: bool) -> Answer {
        if fails { bad(Failed::Body) } else { good(1) }
    }
}

#[tokio::test(start_paused = true)]
async fn prelude_and_crates() {
    let _sleeps = steadfast::testing::record_sleeps();
    let text = || "seven!!".to_owned();
    assert_eq!(by_items::full(2, text()).await, Ok(7));
    assert_eq!(by_items::full(1, text()).await, Err(Failed::Handled));
    assert_eq!(by_items::blocking(2, text()), Ok(7));
    assert_eq!(by_items::blocking(1, text()), Err(Failed::Handled));
    assert_eq!(by_items::boxed(&7).await, Ok(7));
    assert_eq!(by_macros::full(false).await, Ok(1));
    assert_eq!(by_macros::full(true).await, Err(Failed::Handled));
}
