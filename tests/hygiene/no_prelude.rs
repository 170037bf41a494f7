//! Functions where nothing is in scope.

/// What `#![no_implicit_prelude]` of the whole crate would do, for a module.
#[no_implicit_prelude]
mod bare {
    // For `#[async_trait]`, which writes it without a path.
    use ::std::boxed::Box;

    pub(super) struct Error;

    impl ::core::convert::From<::steadfast::Rejection> for Error {
        fn from(_: ::steadfast::Rejection) -> Self {
            Error
        }
    }

    type Answer = ::core::result::Result<u32, Error>;

    pub(super) struct Service(pub(super) ::steadfast::CircuitBreaker);

    #[::steadfast::outcome(
        on(::core::result::Result::Err(_), ::core::result::Result::Ok(n) if *n > 100),
        ignore(::core::result::Result::Ok(77))
    )]
    #[::steadfast::fallback(::core::result::Result::Ok(n))]
    #[::steadfast::timeout(percentile(0.99, factor = 2.0, min = "2s", max = "10s", window = "5m", min_calls = 50))]
    #[::steadfast::retry(
        attempts = 3,
        backoff = exponential("1ms", factor = 3.0),
        jitter = 0.5,
        rejections(timeout, circuit_open),
        retry_after(::core::result::Result::Err(_) => ::core::time::Duration::ZERO),
        on_retry = |_| (),
        on_give_up = |_| (),
        clone
    )]
    #[::steadfast::circuit_breaker(window = "10s", failure_rate = 0.5, slow_call = "1s", key = n, max_keys = 2)]
    #[::steadfast::timeout("1s", error = |_| Error)]
    pub(super) async fn full(n: u32) -> Answer {
        if n < 2 { ::core::result::Result::Err(Error) } else { ::core::result::Result::Ok(n) }
    }

    #[::steadfast::fallback(|error| { let Error = error; ::core::result::Result::Ok(n) })]
    #[::steadfast::retry(attempts = 3, backoff = none)]
    #[::steadfast::circuit_breaker(on_state_change = |_| ())]
    pub(super) fn blocking(n: u32) -> Answer {
        if n < 2 { ::core::result::Result::Err(Error) } else { ::core::result::Result::Ok(n) }
    }

    #[::steadfast::fallback(stale = "10m", key = n, max_keys = 5, on_stale = |_| ())]
    #[::steadfast::retry(backoff = none)]
    #[::steadfast::fallback(::core::result::Result::Ok(n), on(::core::result::Result::Err(_)))]
    pub(super) async fn stale(n: u32) -> Answer {
        if n < 2 { ::core::result::Result::Err(Error) } else { ::core::result::Result::Ok(n) }
    }

    #[::steadfast::fallback(stale = ::core::time::Duration::MAX, on(::core::option::Option::None))]
    pub(super) fn stale_blocking(n: u32) -> ::core::option::Option<u32> {
        ::core::option::Option::Some(n)
    }

    #[::steadfast::hedge(after = "50ms", on(::core::result::Result::Err(_)), clone)]
    #[::steadfast::hedge(after = ::core::time::Duration::from_millis(50), attempts = n)]
    #[::steadfast::timeout("1s")]
    pub(super) async fn hedged(n: u32) -> Answer {
        ::core::result::Result::Ok(n)
    }

    #[::steadfast::retry]
    #[::steadfast::timeout("1s")]
    pub(super) fn future(n: u32) -> impl ::core::future::Future<Output = Answer> + ::core::marker::Send {
        let early = n;
        async move { ::core::result::Result::Ok(early) }
    }

    impl Service {
        /// Docs.
        #[::steadfast::retry]
        #[::steadfast::circuit_breaker(self.0, abandoned = failure)]
        #[::steadfast::timeout("1s")]
        pub(super) async fn method(&self, n: u32) -> Answer {
            ::core::result::Result::Ok(n)
        }
    }

    #[::async_trait::async_trait]
    pub(super) trait Ask {
        #[::steadfast::fallback(::core::result::Result::Ok(n))]
        #[::steadfast::timeout("1s")]
        #[::steadfast::retry(backoff = none)]
        async fn ask(&self, n: u32) -> Answer
        where
            Self: ::core::marker::Sync,
        {
            if n < 2 { ::core::result::Result::Err(Error) } else { ::core::result::Result::Ok(n) }
        }
    }

    impl Ask for Service {}
}

#[tokio::test(start_paused = true)]
async fn without_a_prelude() {
    use bare::Ask as _;

    let service = bare::Service(steadfast::CircuitBreaker::new());
    for n in [1, 2, 77, 101] {
        assert_eq!(bare::full(n).await.ok(), Some(n));
        assert_eq!(bare::blocking(n).ok(), Some(n));
        assert_eq!(bare::hedged(n).await.ok(), Some(n));
        assert_eq!(bare::future(n).await.ok(), Some(n));
        assert_eq!(bare::stale(n).await.ok(), Some(n));
        assert_eq!(bare::stale_blocking(n), Some(n));
        assert_eq!(service.method(n).await.ok(), Some(n));
        assert_eq!(service.ask(n).await.ok(), Some(n));
    }
}
