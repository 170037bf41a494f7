//! Each policy alone, in an async and in a blocking function.

use expect_test::expect;

use super::check;

#[test]
fn retry() {
    check(
        r"
        #[retry]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        ",
        &expect![[r#"
            async fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
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
                            query(key).await
                        });
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
                ::steadfast::__private::returned(outcome)
            }
        "#]],
    );
}

#[test]
fn retry_blocking() {
    check(
        r#"
        #[retry(attempts = 5, backoff = fixed("1s"))]
        fn fetch(key: &str) -> Result<Row, Error> {
            query(key)
        }
        "#,
        &expect![[r#"
            fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let mut retry = ::steadfast::__private::retry({
                    static RETRY: ::steadfast::Retry = ::steadfast::Retry::new()
                        .attempts(5)
                        .backoff(::steadfast::Backoff::fixed(::core::time::Duration::from_secs(1)))
                        .inside(&|| {});
                    &RETRY
                });
                let mut body = ::steadfast::__private::site!(Result < Row, Error >)
                    .repeatable(|| -> Result<Row, Error> { query(key) });
                let outcome = loop {
                    let call = &mut body;
                    let delay = {
                        let outcome = retry.run(call);
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
                    delay.block();
                };
                ::steadfast::__private::returned(outcome)
            }
        "#]],
    );
}

#[test]
fn circuit_breaker() {
    check(
        r#"
        #[circuit_breaker(failure_threshold = 3, reset_timeout = "1m")]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let call = ::steadfast::__private::site!(Result < Row, Error >)
                    .call(async move {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Row, Error>,
                        > {
                            return ret;
                        }
                        query(key).await
                    });
                let call = ::steadfast::__private::circuit_breaker({
                        static CIRCUIT_BREAKER: ::steadfast::CircuitBreaker = ::steadfast::CircuitBreaker::new()
                            .failure_threshold(3)
                            .reset_timeout(::core::time::Duration::from_secs(60))
                            .inside(&|| {});
                        &CIRCUIT_BREAKER
                    })
                    .around(
                        call,
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                    );
                ::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
            }
        "#]],
    );
}

#[test]
fn circuit_breaker_blocking() {
    check(
        r#"
        #[circuit_breaker(failure_rate = 0.5, window = "30s", name = "rows")]
        fn fetch(key: &str) -> Result<Row, Error> {
            query(key)
        }
        "#,
        &expect![[r#"
            fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let call = ::steadfast::__private::site!(Result < Row, Error >, "rows")
                    .once(move || -> Result<Row, Error> { query(key) });
                let call = || {
                    ::steadfast::__private::circuit_breaker({
                            static CIRCUIT_BREAKER: ::steadfast::CircuitBreaker = ::steadfast::CircuitBreaker::new()
                                .failure_rate(0.5)
                                .window_duration(::core::time::Duration::from_secs(30))
                                .name("rows");
                            &CIRCUIT_BREAKER
                        })
                        .run(
                            call,
                            |outcome: &Result<Row, Error>| {
                                (&&&::steadfast::__private::Outcome(outcome)).class()
                            },
                        )
                };
                ::steadfast::__private::absorb::<Result<Row, Error>>(call())
            }
        "#]],
    );
}

#[test]
fn timeout() {
    check(
        r#"
        #[timeout("2s")]
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
                let call = ::steadfast::__private::timeout({
                        static TIMEOUT: ::steadfast::Timeout = ::steadfast::Timeout::new(
                                ::core::time::Duration::from_secs(2),
                            )
                            .inside(&|| {});
                        &TIMEOUT
                    })
                    .around(call);
                ::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
            }
        "#]],
    );
}

#[test]
fn fallback() {
    check(
        r"
        #[fallback(cached(key).await)]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        ",
        &expect![[r#"
            async fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let outcome = {
                    let call = ::steadfast::__private::site!(Result < Row, Error >)
                        .call(async {
                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                Result<Row, Error>,
                            > {
                                return ret;
                            }
                            query(key).await
                        });
                    call.await
                };
                if let ::core::result::Result::Ok(value) = ::steadfast::__private::fallback(
                    {
                        static FALLBACK: ::steadfast::__private::Fallback = ::steadfast::__private::Fallback::new()
                            .inside(&|| {});
                        &FALLBACK
                    },
                    outcome,
                    |outcome: &Result<Row, Error>| {
                        (&&&::steadfast::__private::Outcome(outcome)).is_error()
                    },
                ) {
                    return value;
                }
                cached(key).await
            }
        "#]],
    );
}

#[test]
fn fallback_blocking() {
    check(
        r"
        #[fallback(Ok(Row::default()))]
        fn fetch(key: &str) -> Result<Row, Error> {
            query(key)
        }
        ",
        &expect![[r#"
            fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let outcome = {
                    let call = ::steadfast::__private::site!(Result < Row, Error >)
                        .once(move || -> Result<Row, Error> { query(key) });
                    call()
                };
                if let ::core::result::Result::Ok(value) = ::steadfast::__private::fallback(
                    {
                        static FALLBACK: ::steadfast::__private::Fallback = ::steadfast::__private::Fallback::new()
                            .inside(&|| {});
                        &FALLBACK
                    },
                    outcome,
                    |outcome: &Result<Row, Error>| {
                        (&&&::steadfast::__private::Outcome(outcome)).is_error()
                    },
                ) {
                    return value;
                }
                Ok(Row::default())
            }
        "#]],
    );
}

#[test]
fn bulkhead() {
    check(
        r#"
        #[bulkhead(max_concurrent = 10, max_wait = "1s", max_queue = 50)]
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
                let call = ::steadfast::__private::bulkhead({
                        static BULKHEAD: ::steadfast::Bulkhead = ::steadfast::Bulkhead::new(10)
                            .max_wait(::core::time::Duration::from_secs(1))
                            .max_queue(50)
                            .inside(&|| {});
                        &BULKHEAD
                    })
                    .around(call);
                ::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
            }
        "#]],
    );
}

#[test]
fn bulkhead_blocking() {
    check(
        r"
        #[bulkhead(max_concurrent = PLACES, key = key)]
        fn fetch(key: &str) -> Result<Row, Error> {
            query(key)
        }
        ",
        &expect![[r#"
            fn fetch(key: &str) -> Result<Row, Error> {
                let bulkhead = {
                    static BULKHEAD: ::steadfast::Keyed<::steadfast::Bulkhead> = ::steadfast::Bulkhead::new(
                            PLACES,
                        )
                        .inside(&|| {})
                        .keyed();
                    &BULKHEAD
                }
                    .get(&key);
                let call = ::steadfast::__private::site!(Result < Row, Error >)
                    .once(move || -> Result<Row, Error> { query(key) });
                let call = || ::steadfast::__private::bulkhead(&bulkhead).run(call);
                ::steadfast::__private::absorb::<Result<Row, Error>>(call())
            }
        "#]],
    );
}

#[test]
fn bulkhead_adaptive() {
    check(
        r#"
        #[bulkhead(adaptive(max = 50, initial = START), max_wait = "1s")]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let call = ::steadfast::__private::site!(Result < Row, Error >)
                    .call(async move {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Row, Error>,
                        > {
                            return ret;
                        }
                        query(key).await
                    });
                let call = ::steadfast::__private::bulkhead({
                        static BULKHEAD: ::steadfast::Bulkhead = ::steadfast::Bulkhead::adaptive(
                                1,
                                50,
                            )
                            .initial(START)
                            .max_wait(::core::time::Duration::from_secs(1))
                            .inside(&|| {});
                        &BULKHEAD
                    })
                    .watching()
                    .around(
                        call,
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                    );
                ::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
            }
        "#]],
    );
}

#[test]
fn bulkhead_adaptive_blocking() {
    check(
        r"
        #[outcome(on(Ok(row) if row.is_empty()))]
        #[bulkhead(adaptive, key = key)]
        fn fetch(key: &str) -> Result<Row, Error> {
            query(key)
        }
        ",
        &expect![[r#"
            fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let bulkhead = {
                    static BULKHEAD: ::steadfast::Keyed<::steadfast::Bulkhead> = ::steadfast::Bulkhead::adaptive(
                            1,
                            200,
                        )
                        .inside(&|| {})
                        .keyed();
                    &BULKHEAD
                }
                    .get(&key);
                let call = ::steadfast::__private::site!(Result < Row, Error >)
                    .once(move || -> Result<Row, Error> { query(key) });
                let call = || {
                    ::steadfast::__private::bulkhead(&bulkhead)
                        .watching()
                        .run(
                            call,
                            |outcome: &Result<Row, Error>| match outcome {
                                Ok(row) if row.is_empty() => {
                                    ::core::option::Option::Some(::steadfast::Class::TRANSIENT)
                                }
                                outcome => (&&&::steadfast::__private::Outcome(outcome)).class(),
                            },
                        )
                };
                ::steadfast::__private::absorb::<Result<Row, Error>>(call())
            }
        "#]],
    );
}

#[test]
fn bulkhead_shared() {
    check(
        r"
        #[bulkhead(self.places)]
        async fn fetch(&self, key: &str) -> Result<Row, Error> {
            self.query(key).await
        }
        ",
        &expect![[r#"
            async fn fetch(&self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let bulkhead = ::steadfast::__private::stateful_handle::<
                    ::steadfast::Bulkhead,
                    _,
                    _,
                >(&self.places);
                let call = ::steadfast::__private::site!(Result < Row, Error >)
                    .call(async move {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Row, Error>,
                        > {
                            return ret;
                        }
                        self.query(key).await
                    });
                let call = ::steadfast::__private::bulkhead(&bulkhead)
                    .watching()
                    .around(
                        call,
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                    );
                ::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
            }
        "#]],
    );
}
