//! A rate limit: of the function, async and blocking, one per key, and shared.

use expect_test::expect;

use super::check;

#[test]
fn of_the_function() {
    check(
        r#"
        #[rate_limit(permits = 100, burst = 5, max_wait = "30ms")]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(key: &str) -> Result<Row, Error> {
                let call = ::steadfast::__private::site!(Result < Row, Error >)
                    .call(async move {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Row, Error>,
                        > {
                            return ret;
                        }
                        query(key).await
                    });
                let call = ::steadfast::__private::rate_limit({
                        static RATE_LIMIT: ::steadfast::RateLimit = ::steadfast::RateLimit::new(100)
                            .burst(5)
                            .max_wait(::core::time::Duration::from_millis(30))
                            .inside(&|| {});
                        &RATE_LIMIT
                    })
                    .around(call);
                ::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
            }
        "#]],
    );
}

#[test]
fn one_per_key_blocking() {
    check(
        r#"
        #[rate_limit(permits = PERMITS, per = "1m", key = (host, port), name = "dns")]
        fn resolve(host: &str, port: u16) -> Result<Row, Error> {
            query(host, port)
        }
        "#,
        &expect![[r#"
            fn resolve(host: &str, port: u16) -> Result<Row, Error> {
                let rate_limit = {
                    static RATE_LIMIT: ::steadfast::Keyed<::steadfast::RateLimit> = ::steadfast::RateLimit::new(
                            PERMITS,
                        )
                        .per(::core::time::Duration::from_secs(60))
                        .name("dns")
                        .keyed();
                    &RATE_LIMIT
                }
                    .get(&(&host, &port));
                let call = ::steadfast::__private::site!(Result < Row, Error >, "dns")
                    .once(move || -> Result<Row, Error> { query(host, port) });
                let call = || ::steadfast::__private::rate_limit(&rate_limit).run(call);
                ::steadfast::__private::absorb::<Result<Row, Error>>(call())
            }
        "#]],
    );
}

#[test]
fn shared_beneath_a_retry() {
    check(
        r"
        #[retry]
        #[rate_limit(self.limit, error = Error::limited)]
        async fn fetch(&mut self) -> Result<Row, Error> {
            self.query().await
        }
        ",
        &expect![[r#"
            async fn fetch(&mut self) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let rate_limit = ::steadfast::__private::detached_handle::<
                    ::steadfast::RateLimit,
                    _,
                    _,
                >(&self.limit);
                let mut retry = ::steadfast::__private::retry({
                    static RETRY: ::steadfast::Retry = ::steadfast::Retry::new().inside(&|| {});
                    &RETRY
                });
                let outcome = loop {
                    let call = ::steadfast::__private::site!(Result < Row, Error >)
                        .call(async {
                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                Result<Row, Error>,
                            > {
                                return ret;
                            }
                            self.query().await
                        });
                    let call = ::steadfast::__private::rate_limit(&rate_limit).around(call);
                    let delay = {
                        let outcome = retry.attempt(call).await;
                        match retry
                            .next(
                                &outcome,
                                |outcome: &Result<Row, Error>| {
                                    (&&&::steadfast::__private::Outcome(outcome)).class()
                                },
                            )
                        {
                            ::core::option::Option::Some(delay) => delay,
                            ::core::option::Option::None => break outcome,
                        }
                    };
                    delay.await;
                };
                ::steadfast::__private::absorb_with::<Result<Row, Error>, _>(outcome, Error::limited)
            }
        "#]],
    );
}
