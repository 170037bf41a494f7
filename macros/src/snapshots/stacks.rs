//! Several policies: a flat column, read upwards.

use expect_test::expect;

use super::check;

#[test]
fn all_four() {
    check(
        r#"
        #[fallback(Ok(Row::default()))]
        #[retry]
        #[circuit_breaker]
        #[timeout("1s")]
        async fn fetch(&self, key: &str) -> Result<Row, Error> {
            let connection = self.pool.get().await?;
            connection.query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(&self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let outcome = {
                    let mut retry = ::steadfast::__private::retry({
                        static RETRY: ::steadfast::Retry = ::steadfast::Retry::new().inside(&|| {});
                        &RETRY
                    });
                    loop {
                        let call = ::steadfast::__private::site!(Result < Row, Error >)
                            .call(async {
                                if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                    Result<Row, Error>,
                                > {
                                    return ret;
                                }
                                let connection = self.pool.get().await?;
                                connection.query(key).await
                            });
                        let call = ::steadfast::__private::timeout({
                                static TIMEOUT: ::steadfast::Timeout = ::steadfast::Timeout::new(
                                        ::core::time::Duration::from_secs(1),
                                    )
                                    .inside(&|| {});
                                &TIMEOUT
                            })
                            .around(call);
                        let call = ::steadfast::__private::circuit_breaker({
                                static CIRCUIT_BREAKER: ::steadfast::CircuitBreaker = ::steadfast::CircuitBreaker::new()
                                    .inside(&|| {});
                                &CIRCUIT_BREAKER
                            })
                            .around(
                                call,
                                |outcome: &Result<Row, Error>| {
                                    (&&&::steadfast::__private::Outcome(outcome)).class()
                                },
                            );
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
                    }
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
fn all_four_blocking() {
    check(
        r"
        #[fallback(|error| recover(error))]
        #[retry]
        #[circuit_breaker]
        #[fallback(replica(key), when = |error| error.is_timeout())]
        fn fetch(&self, key: &str) -> Result<Row, Error> {
            let connection = self.pool.get()?;
            connection.query(key)
        }
        ",
        &expect![[r#"
            fn fetch(&self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let outcome = {
                    let mut retry = ::steadfast::__private::retry({
                        static RETRY: ::steadfast::Retry = ::steadfast::Retry::new().inside(&|| {});
                        &RETRY
                    });
                    let mut body = ::steadfast::__private::site!(Result < Row, Error >)
                        .repeatable(|| -> Result<Row, Error> {
                            let connection = self.pool.get()?;
                            connection.query(key)
                        });
                    loop {
                        let call = || {
                            'handled_4: {
                                let outcome = {
                                    let call = &mut body;
                                    call()
                                };
                                if let ::core::result::Result::Ok(value) = ::steadfast::__private::fallback(
                                    {
                                        static FALLBACK: ::steadfast::__private::Fallback = ::steadfast::__private::Fallback::new()
                                            .inside(&|| {});
                                        &FALLBACK
                                    },
                                    outcome,
                                    |outcome: &Result<Row, Error>| match outcome {
                                        ::core::result::Result::Err(error) => {
                                            ::steadfast::__private::holds(
                                                error,
                                                |error| error.is_timeout(),
                                            )
                                        }
                                        outcome => {
                                            (&&&::steadfast::__private::Outcome(outcome)).failed()
                                        }
                                    },
                                ) {
                                    break 'handled_4 ::steadfast::__private::answered(value);
                                }
                                ::steadfast::__private::answer(|| -> Result<Row, Error> {
                                    replica(key)
                                })
                            }
                        };
                        let call = || {
                            ::steadfast::__private::circuit_breaker({
                                    static CIRCUIT_BREAKER: ::steadfast::CircuitBreaker = ::steadfast::CircuitBreaker::new()
                                        .inside(&|| {});
                                    &CIRCUIT_BREAKER
                                })
                                .run(
                                    call,
                                    |outcome: &Result<Row, Error>| {
                                        (&&&::steadfast::__private::Outcome(outcome)).class()
                                    },
                                )
                        };
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
                    }
                };
                let error = match ::steadfast::__private::fallback_error::<
                    Result<Row, Error>,
                    _,
                >(
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
                    ::core::result::Result::Ok(value) => return value,
                    ::core::result::Result::Err(error) => error,
                };
                recover(error)
            }
        "#]],
    );
}

#[test]
fn total_timeout() {
    check(
        r#"
        #[timeout("10s")]
        #[retry]
        #[timeout("1s")]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let call = async {
                    let mut retry = ::steadfast::__private::retry({
                        static RETRY: ::steadfast::Retry = ::steadfast::Retry::new().inside(&|| {});
                        &RETRY
                    });
                    loop {
                        let call = ::steadfast::__private::site!(Result < Row, Error >)
                            .call(async {
                                if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                    Result<Row, Error>,
                                > {
                                    return ret;
                                }
                                query(key).await
                            });
                        let call = ::steadfast::__private::timeout({
                                static TIMEOUT: ::steadfast::Timeout = ::steadfast::Timeout::new(
                                        ::core::time::Duration::from_secs(1),
                                    )
                                    .inside(&|| {});
                                &TIMEOUT
                            })
                            .around(call);
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
                    }
                };
                let call = ::steadfast::__private::timeout({
                        static TIMEOUT: ::steadfast::Timeout = ::steadfast::Timeout::new(
                                ::core::time::Duration::from_secs(10),
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
fn retry_of_retries() {
    check(
        r#"
        #[retry(attempts = 2, backoff = fixed("1m"))]
        #[retry]
        fn fetch(key: &str) -> Result<Row, Error> {
            query(key)
        }
        "#,
        &expect![[r#"
            fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let mut retry = ::steadfast::__private::retry({
                    static RETRY: ::steadfast::Retry = ::steadfast::Retry::new()
                        .attempts(2)
                        .backoff(::steadfast::Backoff::fixed(::core::time::Duration::from_secs(60)))
                        .inside(&|| {});
                    &RETRY
                });
                let mut body = ::steadfast::__private::site!(Result < Row, Error >)
                    .repeatable(|| -> Result<Row, Error> { query(key) });
                let outcome = loop {
                    let call = || {
                        let mut retry = ::steadfast::__private::retry({
                            static RETRY: ::steadfast::Retry = ::steadfast::Retry::new()
                                .inside(&|| {});
                            &RETRY
                        });
                        loop {
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
                        }
                    };
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
fn outcome_for_all() {
    check(
        r"
        #[outcome(on(Err(Error::Io(_)), Ok(row) if row.is_stale()), ignore(Err(Error::Missing)), error = Error::from_policy)]
        #[retry(retry_after(Ok(row) => row.refreshed_in))]
        #[circuit_breaker]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        ",
        &expect![[r#"
            async fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let mut retry = ::steadfast::__private::retry({
                    static RETRY: ::steadfast::Retry = ::steadfast::Retry::new()
                        .rejections(::steadfast::Rejections::NONE)
                        .inside(&|| {});
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
                    let call = ::steadfast::__private::circuit_breaker({
                            static CIRCUIT_BREAKER: ::steadfast::CircuitBreaker = ::steadfast::CircuitBreaker::new()
                                .inside(&|| {});
                            &CIRCUIT_BREAKER
                        })
                        .around(
                            call,
                            |outcome: &Result<Row, Error>| match outcome {
                                Err(Error::Missing) => {
                                    ::core::option::Option::Some(::steadfast::Class::Neutral)
                                }
                                Err(Error::Io(_)) => {
                                    ::core::option::Option::Some(::steadfast::Class::TRANSIENT)
                                }
                                Ok(row) if row.is_stale() => {
                                    ::core::option::Option::Some(::steadfast::Class::TRANSIENT)
                                }
                                outcome => (&&&::steadfast::__private::Outcome(outcome)).narrowed(),
                            },
                        );
                    let delay = {
                        let outcome = retry.attempt(call).await;
                        match retry
                            .next(
                                &outcome,
                                |outcome: &Result<Row, Error>| ::steadfast::__private::hinted(
                                    match outcome {
                                        Err(Error::Missing) => {
                                            ::core::option::Option::Some(::steadfast::Class::Neutral)
                                        }
                                        Err(Error::Io(_)) => {
                                            ::core::option::Option::Some(::steadfast::Class::TRANSIENT)
                                        }
                                        Ok(row) if row.is_stale() => {
                                            ::core::option::Option::Some(::steadfast::Class::TRANSIENT)
                                        }
                                        outcome => {
                                            (&&&::steadfast::__private::Outcome(outcome)).narrowed()
                                        }
                                    },
                                    || match outcome {
                                        Ok(row) => ::steadfast::__private::hint(row.refreshed_in),
                                        _ => ::core::option::Option::None,
                                    },
                                ),
                            )
                        {
                            ::core::option::Option::Some(delay) => delay,
                            ::core::option::Option::None => break outcome,
                        }
                    };
                    delay.await;
                };
                ::steadfast::__private::absorb_with::<
                    Result<Row, Error>,
                    _,
                >(outcome, Error::from_policy)
            }
        "#]],
    );
}
