//! What becomes of a rejection at the outer end, what it says, and that it is understood further out.

use std::io;
use std::time::Duration;

use steadfast::{
    CircuitBreaker, Class, Classify, Rejection, RejectionKind, State, circuit_breaker, fallback, outcome, retry,
    timeout,
};
use steadfast_tests::{Answer, Error, Script, letter};

const SECOND: Duration = Duration::from_secs(1);

/// Hangs, or fails, beneath the attributes; what comes out of the second call, when a breaker of one failure is open.
macro_rules! second {
    ($(#[$($attribute:tt)*])* -> $result:ty) => {{
        $(#[$($attribute)*])*
        async fn call() -> $result {
            std::future::pending().await
        }
        let _first: $result = call().await;
        call().await
    }};
}

#[tokio::test(start_paused = true)]
async fn e01_error_converts_the_rejections_of_its_policy() {
    assert_eq!(second!(#[timeout("1s", error = |_| Error::Mapped("mine"))] -> Answer), Err(Error::Mapped("mine")));
    assert_eq!(
        second!(
            #[circuit_breaker(failure_threshold = 1, error = |r: Rejection| Error::Mapped(r.policy()), name = "b")]
            #[timeout("1s")]
            -> Answer
        ),
        Err(Error::Mapped("b"))
    );
    // The other policy's go by `From`.
    let other = second!(
        #[circuit_breaker(failure_threshold = 9, error = |_| Error::Mapped("breaker"))]
        #[timeout("1s")]
        -> Answer
    );
    assert_eq!(letter(&other), 'T');
}

#[tokio::test(start_paused = true)]
async fn e01b_each_policy_its_own() {
    macro_rules! both {
        ($threshold:literal) => {
            second!(
                #[circuit_breaker(failure_threshold = $threshold, error = |_| "breaker")]
                #[timeout("1s", error = |_| "timeout")]
                -> Result<u32, &'static str>
            )
        };
    }
    assert_eq!(both!(1), Err("breaker"));
    assert_eq!(both!(9), Err("timeout"));
    assert_eq!(
        second!(
            #[timeout("3s", error = |_| "total")]
            #[retry(attempts = 2, backoff = none)]
            #[timeout("2s", error = |_| "attempt")]
            -> Result<u32, &'static str>
        ),
        Err("total")
    );
    assert_eq!(
        second!(
            #[timeout("5s", error = |_| "total")]
            #[retry(attempts = 2, backoff = none)]
            #[timeout("2s", error = |_| "attempt")]
            -> Result<u32, &'static str>
        ),
        Err("attempt")
    );
}

#[tokio::test(start_paused = true)]
async fn e01c_of_the_outcome_for_all_and_a_policys_own_before_it() {
    assert_eq!(
        second!(#[outcome(error = |r| r.kind())] #[timeout("1s")] -> Result<u32, RejectionKind>),
        Err(RejectionKind::Timeout)
    );
    assert_eq!(
        second!(
            #[circuit_breaker(failure_threshold = 1)]
            #[timeout("1s")]
            #[outcome(error = |r| r.http_status())]
            -> Result<u32, u16>
        ),
        Err(503)
    );
    macro_rules! own {
        ($threshold:literal) => {
            second!(
                #[outcome(error = |r| r.http_status())]
                #[circuit_breaker(failure_threshold = $threshold, error = |_| 1)]
                #[timeout("1s")]
                -> Result<u32, u16>
            )
        };
    }
    assert_eq!(own!(1), Err(1));
    assert_eq!(own!(9), Err(504));
}

#[tokio::test(start_paused = true)]
async fn e01d_it_is_applied_at_the_outer_end_only() {
    static CONVERTED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    fn convert(_: Rejection) -> Error {
        CONVERTED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Error::Permanent
    }
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(3);
    // Retry and breaker see the timeouts as such, and no permanent errors.
    #[retry(attempts = 5, backoff = none)]
    #[circuit_breaker(BREAKER)]
    #[timeout("1s", error = convert)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("TTST");
    assert_eq!(call(&script).await, Ok(3));
    assert_eq!(letter(&call(&script).await), 'R');
    assert_eq!((script.runs(), BREAKER.state()), (6, State::Open));
    assert_eq!(CONVERTED.load(std::sync::atomic::Ordering::Relaxed), 0);

    #[fallback(|error| Err(if error == Error::Permanent { Error::Io } else { error }))]
    #[timeout("1s", error = convert)]
    async fn under_a_fallback() -> Answer {
        std::future::pending().await
    }
    assert_eq!(under_a_fallback().await, Err(Error::Io));
    assert_eq!(CONVERTED.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn e01e_options() {
    assert_eq!(second!(#[timeout("1s", error = |_| None)] -> Option<u32>), None);
    assert_eq!(second!(#[timeout("1s", error = |r| Some(r.http_status()))] -> Option<u16>), Some(504));
    assert_eq!(second!(#[timeout("1s", error = |_| ())] -> Option<u16>), None);
    assert_eq!(second!(#[outcome(error = |_| Some(3))] #[circuit_breaker] #[timeout("1s")] -> Option<u16>), Some(3));
}

#[tokio::test(start_paused = true)]
async fn e01f_error_may_name_arguments() {
    struct Client(&'static str);
    impl Client {
        #[timeout("1s", error = |r: Rejection| format!("{}{suffix}: {r}", self.0))]
        async fn call(&self, suffix: &str) -> Result<u32, String> {
            std::future::pending().await
        }
    }
    let error = Client("here").call("!").await.unwrap_err();
    assert!(error.starts_with("here!: timed out at `"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn e02_errors_that_take_it_in() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    let boxed = second!(#[timeout("1s")] -> Result<u32, Boxed>).unwrap_err();
    assert!(boxed.downcast_ref::<Rejection>().is_some_and(Rejection::is_timeout));
    let io = second!(#[timeout("1s")] -> io::Result<u32>).unwrap_err();
    assert_eq!(io.kind(), io::ErrorKind::TimedOut);
    let own = second!(#[timeout("1s")] -> Result<u32, Rejection>).unwrap_err();
    assert!(own.is_timeout());
}

mod paths {
    use super::Rejection;

    pub(super) struct Client;
    pub(super) struct Other<T>(pub(super) T);

    impl Client {
        #[steadfast::timeout("1s")]
        pub(super) async fn get(&self) -> Result<u32, Rejection> {
            std::future::pending().await
        }
    }
    impl<T: Sync> Other<T> {
        #[steadfast::timeout(std::time::Duration::from_secs(1))]
        pub(super) async fn get(&self) -> Result<u32, Rejection> {
            std::future::pending().await
        }
    }
    pub(super) trait Get {
        async fn fetch(&self) -> Result<u32, Rejection>;
    }
    impl Get for Client {
        #[steadfast::timeout("1s")]
        async fn fetch(&self) -> Result<u32, Rejection> {
            std::future::pending().await
        }
    }
    #[steadfast::timeout("1s")]
    pub(super) async fn free() -> Result<u32, Rejection> {
        std::future::pending().await
    }
    #[steadfast::rate_limit(permits = 1, per = "1h")]
    pub(super) fn limited() -> Result<u32, Rejection> {
        Ok(1)
    }
    #[steadfast::bulkhead(max_concurrent = 1)]
    pub(super) fn nested(levels: u32) -> Result<u32, Rejection> {
        if levels == 0 { Ok(1) } else { nested(levels - 1) }
    }
    #[steadfast::timeout("1s", name = "given")]
    pub(super) async fn named() -> Result<u32, Rejection> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn e03_a_rejection_names_its_policy() {
    use paths::{Client, Get, Other, free, limited, named, nested};
    limited().unwrap();
    assert_eq!(limited().unwrap_err().policy(), "conformance::rejections::paths::limited");
    assert_eq!(nested(1).unwrap_err().policy(), "conformance::rejections::paths::nested");
    assert_eq!(free().await.unwrap_err().policy(), "conformance::rejections::paths::free");
    assert_eq!(named().await.unwrap_err().policy(), "given");
    assert_eq!(Client.get().await.unwrap_err().policy(), "conformance::rejections::paths::Client::get");
    let generic = Other(1_u8).get().await.unwrap_err().policy();
    assert!(generic.starts_with("conformance::rejections::paths::Other<"), "{generic}");
    assert!(generic.ends_with(">::get"), "{generic}");
    let in_trait = Client.fetch().await.unwrap_err().policy();
    assert!(in_trait.starts_with("<conformance::rejections::paths::Client as "), "{in_trait}");
    assert!(in_trait.ends_with("::Get>::fetch"), "{in_trait}");
}

#[tokio::test(start_paused = true)]
async fn e03b_and_says_what_it_is() {
    let timeout = paths::named().await.unwrap_err();
    assert_eq!((timeout.kind(), timeout.retry_after()), (RejectionKind::Timeout, None));
    assert_eq!((timeout.http_status(), timeout.grpc_code()), (504, 4));
    assert_eq!(timeout.to_string(), "timed out at `given`");
    assert_eq!(timeout.class(), Class::Transient { retry_after: None });

    let open = second!(
        #[circuit_breaker(failure_threshold = 1, reset_timeout = "30s", name = "open")]
        #[timeout("1s")]
        -> Result<u32, Rejection>
    )
    .unwrap_err();
    assert_eq!((open.kind(), open.retry_after()), (RejectionKind::CircuitOpen, Some(30 * SECOND)));
    assert_eq!((open.http_status(), open.grpc_code()), (503, 14));
    assert_eq!(open.class(), Class::Neutral);
    assert!(size_of::<Rejection>() <= 32);
}

#[tokio::test(start_paused = true)]
async fn e04_it_is_understood_in_another_functions_error() {
    static INNER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    static OUTER: CircuitBreaker = CircuitBreaker::new().failure_threshold(2);
    macro_rules! nested {
        ($error:ty) => {{
            #[circuit_breaker(INNER)]
            #[timeout("1s")]
            async fn inner(script: &Script) -> Result<u32, $error> {
                script.run().await.map_err(|_| unreachable!("it only hangs"))
            }
            #[retry(attempts = 3, backoff = none)]
            #[circuit_breaker(OUTER)]
            async fn outer(script: &Script, calls: &mut u32) -> Result<u32, $error> {
                *calls += 1;
                inner(script).await
            }
            INNER.reset();
            OUTER.reset();
            let (script, mut calls) = (Script::new("T"), 0);
            assert!(outer(&script, &mut calls).await.is_err());
            // The timeout is transient: a failure, and retried. The open circuit is neutral: neither.
            assert_eq!((calls, script.runs()), (2, 1), stringify!($error));
            assert_eq!((OUTER.state(), OUTER.counts().consecutive_failures), (State::Closed, 1), stringify!($error));
        }};
    }
    nested!(Error);
    nested!(Rejection);
    nested!(io::Error);
    nested!(Box<dyn std::error::Error>);
    nested!(Box<dyn std::error::Error + Send + Sync>);
}

#[tokio::test(start_paused = true)]
async fn e04b_it_is_not_taken_for_the_outer_stacks_own() {
    // The inner function's rejection is a returned error to the outer stack: no filter on rejections meets it, and
    // `error` does not convert it.
    #[timeout("1s", name = "inner")]
    async fn inner() -> Answer {
        std::future::pending().await
    }
    #[retry(attempts = 3, backoff = none, rejections(timeout), ignore(Err(Error::Rejected(_))))]
    #[timeout("5s", error = |_| Error::Mapped("outer"))]
    async fn outer(calls: &mut u32) -> Answer {
        *calls += 1;
        inner().await
    }
    let mut calls = 0;
    assert_eq!(outer(&mut calls).await.unwrap_err().rejection().policy(), "inner");
    assert_eq!(calls, 1);
}
