//! Arguments, locals and items with the names that an expansion uses itself.

#![allow(clippy::too_many_arguments, reason = "one argument for each name")]

use steadfast::Rejection;

#[derive(Debug, PartialEq)]
pub(super) enum Error {
    Body(u32),
    Rejected(Rejection),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

static BUDGET: steadfast::RetryBudget = steadfast::RetryBudget::new();

/// Every name that an expansion binds, as an argument and as a local of the body.
macro_rules! all_names {
    ($call:ident!($($before:tt)*)) => {
        $call!($($before)*
            attempt, outcome, retry, call, delay, body, value, error, ret, policy, failure, timeout, circuit_breaker,
            handled, rejection, state, next, class, answered, breaker, fallback, policy_1, timeout_2, circuit_breaker_4,
            handle, result, flow, hint, name, __self, __ret, calls, hedge, hedge_budget, hedge_2, stale, key, max_age, keeps,
            event, key_2, max_age_2
        );
    };
}

macro_rules! functions {
    ($($name:ident),* $(,)?) => {
        #[steadfast::fallback(if 0 $(+ $name)* == 0 { Ok(0) } else { Err(Error::Body(0 $(+ $name)*)) })]
        #[steadfast::fallback(
            stale = std::time::Duration::from_secs(u64::from(10 $(+ $name)*)),
            key = 0 $(+ $name)*,
            on_stale = |_| { let _ = 0 $(+ $name)*; },
            ignore(Err(_) if 0 $(+ $name)* == 0),
        )]
        #[steadfast::fallback({ let _ = 0 $(+ $name)*; Err(Error::Body(7)) }, on(Err(_) if 0 $(+ $name)* > 0))]
        #[steadfast::timeout(std::time::Duration::from_secs(u64::from(10 $(+ $name)*)))]
        #[steadfast::retry(
            attempts = 3 $(+ $name - $name)*,
            backoff = |n| std::time::Duration::from_secs(u64::from(n $(+ $name - $name)*)),
            on(Err(Error::Body(_)) if 0 $(+ $name)* > 0),
            retry_after(Err(Error::Body(_)) => std::time::Duration::from_secs(u64::from(0 $(* $name)*))),
            on_retry = |event| { let _ = event.attempt $(+ $name)*; },
            on_give_up = |event| { let _ = event.attempts $(+ $name)*; },
        )]
        #[steadfast::circuit_breaker(key = (0 $(+ $name)*), when = |_| 0 $(+ $name)* > 0, error = |r| {
            let _ = 0 $(+ $name)*;
            Error::Rejected(r)
        })]
        #[steadfast::timeout("1s")]
        async fn arguments(runs: &mut u32, $($name: u32),*) -> Result<u32, Error> {
            *runs += 1;
            $(let $name = $name + 1;)*
            if *runs < 3 { Err(Error::Body(*runs)) } else { Ok(0 $(+ $name)*) }
        }

        #[steadfast::fallback(|error| { let _ = (0 $(+ $name)*, error); Ok(0) })]
        #[steadfast::fallback(stale = std::time::Duration::from_secs(u64::from(0 $(+ $name)*)), key = (0 $(+ $name)*))]
        #[steadfast::retry(attempts = 3 $(+ $name - $name)*, backoff = none, on(Err(_) if 0 $(+ $name)* > 0))]
        #[steadfast::circuit_breaker(key = (0 $(+ $name)*))]
        fn blocking(runs: &mut u32, $($name: u32),*) -> Result<u32, Error> {
            *runs += 1;
            $(let $name = $name + 1;)*
            if *runs < 3 { Err(Error::Body(*runs)) } else { Ok(0 $(+ $name)*) }
        }

        #[steadfast::fallback(Err(Error::Body(0 $(+ $name)*)))]
        #[steadfast::hedge(
            after = std::time::Duration::from_secs(u64::from(10 $(+ $name)*)),
            attempts = 3 $(+ $name - $name)*,
            budget = if 0 $(+ $name)* > 0 { &BUDGET } else { unreachable!() },
            on(Err(_) if 0 $(+ $name)* > 0),
            clone($($name),*),
        )]
        #[steadfast::hedge(after = "1s", attempts = 2 $(+ $name - $name)*)]
        async fn hedged(runs: &std::cell::Cell<u32>, $(mut $name: u32),*) -> Result<u32, Error> {
            runs.set(runs.get() + 1);
            $($name += 1;)*
            if runs.get() < 5 { Err(Error::Body(0)) } else { Ok(0 $(+ $name)*) }
        }

        /// By value, each attempt with its own.
        #[steadfast::retry(backoff = none, clone($($name),*))]
        #[steadfast::timeout("1s")]
        async fn cloned($($name: String),*) -> Result<usize, Error> {
            let length = 0 $(+ { let length = $name.len(); drop($name); length })*;
            if steadfast::attempt() < 3 { Err(Error::Body(0)) } else { Ok(length) }
        }

        #[steadfast::retry(backoff = none, clone)]
        fn cloned_blocking($($name: String),*) -> Result<usize, Error> {
            let length = 0 $(+ { let length = $name.len(); drop($name); length })*;
            if steadfast::attempt() < 3 { Err(Error::Body(0)) } else { Ok(length) }
        }

        /// One for each name and one.
        const COUNT: u32 = 0 $(+ { let $name = 1; $name })*;

        #[tokio::test(start_paused = true)]
        async fn arguments_and_locals() {
            let mut runs = 0;
            assert_eq!(arguments(&mut runs, $({ let $name = 1; $name }),*).await, Ok(2 * COUNT));
            assert_eq!(runs, 3);
            let mut runs = 0;
            assert_eq!(blocking(&mut runs, $({ let $name = 1; $name }),*), Ok(2 * COUNT));
            assert_eq!(runs, 3);
            let runs = std::cell::Cell::default();
            assert_eq!(hedged(&runs, $({ let $name = 1; $name }),*).await, Ok(2 * COUNT));
            assert_eq!(runs.get(), 5);
            assert_eq!(cloned($({ let $name = "1"; $name.to_owned() }),*).await, Ok(COUNT as usize));
            assert_eq!(cloned_blocking($({ let $name = "1"; $name.to_owned() }),*), Ok(COUNT as usize));
        }
    };
}

all_names!(functions!());

/// Functions with those names around the annotated ones.
mod items {
    use super::Error;

    macro_rules! items {
        ($($name:ident),* $(,)?) => {
            $(fn $name() -> u32 { 1 })*

            #[steadfast::fallback(Err(Error::Body(0 $(+ $name())*)))]
            #[steadfast::timeout(percentile(0.99, factor = 2.0, min = "2s", max = "10s", window = "5m", min_calls = 50))]
            #[steadfast::retry(attempts = 3, backoff = none)]
            #[steadfast::circuit_breaker(failure_threshold = 100)]
            #[steadfast::timeout("1s")]
            pub(super) async fn with_items(fails: bool) -> Result<u32, Error> {
                if fails { Err(Error::Body(0)) } else { Ok(0 $(+ $name())*) }
            }

            #[steadfast::fallback(Err(Error::Body(0 $(+ $name())*)))]
            #[steadfast::retry(attempts = 3, backoff = none)]
            #[steadfast::circuit_breaker(failure_threshold = 100)]
            pub(super) fn with_items_blocking(fails: bool) -> Result<u32, Error> {
                if fails { Err(Error::Body(0)) } else { Ok(0 $(+ $name())*) }
            }
        };
    }
    all_names!(items!());
}

#[tokio::test]
async fn items_around() {
    assert_eq!(items::with_items(false).await, Ok(COUNT));
    assert_eq!(items::with_items(true).await, Err(Error::Body(COUNT)));
    assert_eq!(items::with_items_blocking(false), Ok(COUNT));
    assert_eq!(items::with_items_blocking(true), Err(Error::Body(COUNT)));
}

/// Constants with the names of the expansion's statics.
mod constants {
    use super::Error;

    pub(super) const RETRY: u32 = 1;
    pub(super) const TIMEOUT: u32 = 2;
    pub(super) const CIRCUIT_BREAKER: u32 = 3;
    pub(super) const HEDGE: u32 = 1;

    #[steadfast::fallback(Ok(RETRY * TIMEOUT * CIRCUIT_BREAKER * HEDGE))]
    #[steadfast::timeout("10s")]
    #[steadfast::retry(backoff = none)]
    #[steadfast::hedge(after = "1s")]
    #[steadfast::circuit_breaker]
    pub(super) async fn statics(fails: bool) -> Result<u32, Error> {
        let inner = RETRY + TIMEOUT + CIRCUIT_BREAKER + HEDGE;
        if fails { Err(Error::Body(inner)) } else { Ok(inner) }
    }
}

#[tokio::test]
async fn constants_around() {
    assert_eq!(constants::statics(false).await, Ok(7));
    assert_eq!(constants::statics(true).await, Ok(6));
}

/// Labels and a loop of the user's stay apart from those of the expansion.
#[steadfast::retry(backoff = none)]
#[steadfast::fallback(Err(Error::Body(9)))]
async fn labels() -> Result<u32, Error> {
    'handled: {
        for n in 0..5 {
            if n == 3 {
                break 'handled;
            }
        }
    }
    if steadfast::attempt() < 3 { Err(Error::Body(0)) } else { Ok(steadfast::attempt()) }
}

#[tokio::test]
async fn labels_in_the_body() {
    assert_eq!(labels().await, Ok(3));
}

/// A trait of the user's that every type has, with names of methods that an expansion calls. (Left out are `next` and
/// `run`, and those by which an outcome finds its class: of such a trait they would be taken first.)
mod methods {
    use super::Error;

    #[allow(dead_code, reason = "never to be called")]
    pub(super) trait Everything: Sized {
        fn around<T>(self, _: T) -> u32 {
            unreachable!("the user's own")
        }
        fn get(self) -> u32 {
            unreachable!("the user's own")
        }
        fn attempt(&self) -> u32 {
            unreachable!("the user's own")
        }
        fn handle(&self) -> u32 {
            unreachable!("the user's own")
        }
        fn inside<F>(self, _: F) -> Self {
            unreachable!("the user's own")
        }
        fn name(self, _: &'static str) -> Self {
            unreachable!("the user's own")
        }
        fn backoff<F>(self, _: F) -> u32 {
            unreachable!("the user's own")
        }
        fn block(self) -> u32 {
            unreachable!("the user's own")
        }
        fn tag(self, _: u8) -> Self {
            unreachable!("the user's own")
        }
    }

    impl<T> Everything for T {}

    #[steadfast::fallback(Err(Error::Body(8)))]
    #[steadfast::timeout("10s", error = Error::Rejected)]
    #[steadfast::retry(backoff = |_| std::time::Duration::ZERO, on(Err(_)))]
    #[steadfast::circuit_breaker(key = 1)]
    #[steadfast::timeout("1s")]
    pub(super) async fn full(fails: bool) -> Result<u32, Error> {
        if fails { Err(Error::Body(0)) } else { Ok(1) }
    }

    #[steadfast::fallback(Err(Error::Body(8)))]
    #[steadfast::retry(backoff = none)]
    #[steadfast::circuit_breaker]
    pub(super) fn full_blocking(fails: bool) -> Result<u32, Error> {
        if fails { Err(Error::Body(0)) } else { Ok(1) }
    }
}

#[tokio::test]
async fn blanket_methods_in_scope() {
    assert_eq!(methods::full(false).await, Ok(1));
    assert_eq!(methods::full(true).await, Err(Error::Body(8)));
    assert_eq!(methods::full_blocking(false), Ok(1));
    assert_eq!(methods::full_blocking(true), Err(Error::Body(8)));
}
