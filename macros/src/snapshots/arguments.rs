//! What single arguments add.

use expect_test::expect;

use super::check;

#[test]
fn shared_policies() {
    check(
        r"
        #[retry(POLICY, on(Err(Error::Io(_))))]
        #[circuit_breaker(self.breaker, abandoned = failure)]
        async fn fetch(&mut self, key: &str) -> Result<Row, Error> {
            self.query(key).await
        }
        ",
        &expect![[r#"
            async fn fetch(&mut self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let policy = (*::steadfast::__private::handle::<::steadfast::Retry, _, _>(&POLICY))
                    .narrowed();
                let circuit_breaker = ::steadfast::__private::detached_handle::<
                    ::steadfast::CircuitBreaker,
                    _,
                    _,
                >(&self.breaker);
                let mut retry = ::steadfast::__private::retry(&policy);
                let outcome = loop {
                    let call = ::steadfast::__private::call(async {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Row, Error>,
                        > {
                            return ret;
                        }
                        self.query(key).await
                    });
                    let call = ::steadfast::__private::circuit_breaker(&circuit_breaker)
                        .abandoned(::steadfast::Abandoned::Failure)
                        .around(
                            call,
                            |outcome: &Result<Row, Error>| {
                                (&&&::steadfast::__private::Outcome(outcome)).class()
                            },
                        );
                    let outcome = retry.attempt(call).await;
                    let delay = match retry
                        .next(
                            outcome,
                            |outcome: &Result<Row, Error>| match outcome {
                                Err(Error::Io(_)) => {
                                    ::core::option::Option::Some(::steadfast::Class::TRANSIENT)
                                }
                                outcome => (&&&::steadfast::__private::Outcome(outcome)).narrowed(),
                            },
                        )
                    {
                        ::steadfast::__private::Next::Done(outcome) => break outcome,
                        ::steadfast::__private::Next::Again(delay) => delay,
                    };
                    delay.await;
                };
                ::steadfast::__private::absorb::<Result<Row, Error>>(outcome)
            }
        "#]],
    );
}

#[test]
fn key() {
    check(
        r"
        #[circuit_breaker(key = (host, port), max_keys = 64)]
        fn fetch(host: String, port: u16) -> Result<Row, Error> {
            query(host, port)
        }
        ",
        &expect![[r#"
            fn fetch(host: String, port: u16) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let circuit_breaker = {
                    static CIRCUIT_BREAKER: ::steadfast::Keyed<::steadfast::CircuitBreaker> = ::steadfast::CircuitBreaker::new()
                        .inside(&|| {})
                        .keyed()
                        .max_keys(64);
                    &CIRCUIT_BREAKER
                }
                    .get(&(&host, &port));
                let call = ::steadfast::__private::once(move || -> Result<Row, Error> {
                    query(host, port)
                });
                let call = || {
                    ::steadfast::__private::circuit_breaker(&circuit_breaker)
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
fn shared_by_key() {
    check(
        r"
        #[circuit_breaker(HOSTS, key = url.host())]
        fn fetch(url: &Url) -> Result<Row, Error> {
            query(url)
        }
        ",
        &expect![[r#"
            fn fetch(url: &Url) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let circuit_breaker = ::steadfast::__private::handle::<
                    ::steadfast::Keyed<::steadfast::CircuitBreaker>,
                    _,
                    _,
                >(&HOSTS)
                    .get(&url.host());
                let call = ::steadfast::__private::once(move || -> Result<Row, Error> {
                    query(url)
                });
                let call = || {
                    ::steadfast::__private::circuit_breaker(&circuit_breaker)
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
fn filters() {
    check(
        r"
        #[retry(on(Err(Error::Io(_)), Ok(Row { age: 100.., .. })), ignore(Err(Error::Missing)), when = Error::is_transient)]
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
                    let call = ::steadfast::__private::call(async {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Row, Error>,
                        > {
                            return ret;
                        }
                        query(key).await
                    });
                    let outcome = retry.attempt(call).await;
                    let delay = match retry
                        .next(
                            outcome,
                            |outcome: &Result<Row, Error>| match outcome {
                                Err(Error::Missing) => {
                                    ::core::option::Option::Some(::steadfast::Class::Neutral)
                                }
                                Err(Error::Io(_)) => {
                                    ::core::option::Option::Some(::steadfast::Class::TRANSIENT)
                                }
                                Ok(Row { age: 100.., .. }) => {
                                    ::core::option::Option::Some(::steadfast::Class::TRANSIENT)
                                }
                                ::core::result::Result::Err(error) => {
                                    ::steadfast::__private::when(error, Error::is_transient)
                                }
                                outcome => (&&&::steadfast::__private::Outcome(outcome)).class(),
                            },
                        )
                    {
                        ::steadfast::__private::Next::Done(outcome) => break outcome,
                        ::steadfast::__private::Next::Again(delay) => delay,
                    };
                    delay.await;
                };
                ::steadfast::__private::returned(outcome)
            }
        "#]],
    );
}

#[test]
fn hints() {
    check(
        r#"
        #[retry(retry_after(Ok(response) if response.status == 429 => response.retry_after(), Err(Error::Busy) => "5s"))]
        async fn fetch(url: &str) -> Result<Response, Error> {
            get(url).await
        }
        "#,
        &expect![[r#"
            async fn fetch(url: &str) -> Result<Response, Error> {
                use ::steadfast::__private::by_class::*;
                let mut retry = ::steadfast::__private::retry({
                    static RETRY: ::steadfast::Retry = ::steadfast::Retry::new().inside(&|| {});
                    &RETRY
                });
                let outcome = loop {
                    let call = ::steadfast::__private::call(async {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Response, Error>,
                        > {
                            return ret;
                        }
                        get(url).await
                    });
                    let outcome = retry.attempt(call).await;
                    let delay = match retry
                        .next(
                            outcome,
                            |outcome: &Result<Response, Error>| ::steadfast::__private::hinted(
                                (&&&::steadfast::__private::Outcome(outcome)).class(),
                                || match outcome {
                                    Ok(response) if response.status == 429 => {
                                        ::steadfast::__private::hint(response.retry_after())
                                    }
                                    Err(Error::Busy) => {
                                        ::steadfast::__private::hint(
                                            ::core::time::Duration::from_secs(5),
                                        )
                                    }
                                    _ => ::core::option::Option::None,
                                },
                            ),
                        )
                    {
                        ::steadfast::__private::Next::Done(outcome) => break outcome,
                        ::steadfast::__private::Next::Again(delay) => delay,
                    };
                    delay.await;
                };
                ::steadfast::__private::returned(outcome)
            }
        "#]],
    );
}

#[test]
fn clones() {
    check(
        r"
        #[retry(clone(order))]
        async fn submit(client: &Client, mut order: Order) -> Result<Receipt, Error> {
            order.stamp();
            client.submit(order).await
        }
        ",
        &expect![[r#"
            async fn submit(client: &Client, order: Order) -> Result<Receipt, Error> {
                use ::steadfast::__private::by_class::*;
                let mut retry = ::steadfast::__private::retry({
                    static RETRY: ::steadfast::Retry = ::steadfast::Retry::new().inside(&|| {});
                    &RETRY
                });
                let outcome = loop {
                    let call = ::steadfast::__private::call(async {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Receipt, Error>,
                        > {
                            return ret;
                        }
                        let mut order = ::core::clone::Clone::clone(&order);
                        order.stamp();
                        client.submit(order).await
                    });
                    let outcome = retry.attempt(call).await;
                    let delay = match retry
                        .next(
                            outcome,
                            |outcome: &Result<Receipt, Error>| {
                                (&&&::steadfast::__private::Outcome(outcome)).class()
                            },
                        )
                    {
                        ::steadfast::__private::Next::Done(outcome) => break outcome,
                        ::steadfast::__private::Next::Again(delay) => delay,
                    };
                    delay.await;
                };
                ::steadfast::__private::returned(outcome)
            }
        "#]],
    );
}

#[test]
fn clones_blocking() {
    check(
        r"
        #[retry(clone)]
        fn submit(client: &Client, mut order: Order) -> Result<Receipt, Error> {
            order.stamp();
            client.submit(order)
        }
        ",
        &expect![[r#"
            fn submit(client: &Client, order: Order) -> Result<Receipt, Error> {
                use ::steadfast::__private::by_class::*;
                let order = order;
                let mut retry = ::steadfast::__private::retry({
                    static RETRY: ::steadfast::Retry = ::steadfast::Retry::new().inside(&|| {});
                    &RETRY
                });
                let mut body = ::steadfast::__private::repeatable(|| -> Result<Receipt, Error> {
                    let mut order = ::core::clone::Clone::clone(&order);
                    order.stamp();
                    client.submit(order)
                });
                let outcome = loop {
                    let call = &mut body;
                    let outcome = retry.run(call);
                    let delay = match retry
                        .next(
                            outcome,
                            |outcome: &Result<Receipt, Error>| {
                                (&&&::steadfast::__private::Outcome(outcome)).class()
                            },
                        )
                    {
                        ::steadfast::__private::Next::Done(outcome) => break outcome,
                        ::steadfast::__private::Next::Again(delay) => delay,
                    };
                    delay.block();
                };
                ::steadfast::__private::returned(outcome)
            }
        "#]],
    );
}

#[test]
fn hooks() {
    check(
        r"
        #[retry(backoff = |attempt| seconds(attempt), on_retry = |event| log(event.attempt, event.delay), on_give_up = page)]
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
                    })
                    .backoff_fn(|attempt| seconds(attempt))
                    .observed();
                let outcome = loop {
                    let call = ::steadfast::__private::call(async {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Row, Error>,
                        > {
                            return ret;
                        }
                        query(key).await
                    });
                    let outcome = retry.attempt(call).await;
                    let delay = match retry
                        .next_observed(
                            outcome,
                            |outcome: &Result<Row, Error>| {
                                (&&&::steadfast::__private::Outcome(outcome)).class()
                            },
                            |event| log(event.attempt, event.delay),
                            page,
                        )
                    {
                        ::steadfast::__private::Next::Done(outcome) => break outcome,
                        ::steadfast::__private::Next::Again(delay) => delay,
                    };
                    delay.await;
                };
                ::steadfast::__private::returned(outcome)
            }
        "#]],
    );
}

#[test]
fn settings_by_expression() {
    check(
        r"
        #[timeout(self.limit)]
        #[retry(attempts = self.attempts, max_delay = MAX_DELAY, jitter = none)]
        async fn fetch(&self, key: &str) -> Result<Row, Error> {
            self.query(key).await
        }
        ",
        &expect![[r#"
            async fn fetch(&self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let timeout = ::steadfast::__private::limit(self.limit).inside(&|| {});
                let policy = ::steadfast::Retry::new()
                    .attempts(self.attempts)
                    .jitter(::steadfast::Jitter::None)
                    .max_delay(MAX_DELAY)
                    .inside(&|| {});
                let call = async {
                    let mut retry = ::steadfast::__private::retry(&policy);
                    loop {
                        let call = ::steadfast::__private::call(async {
                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                Result<Row, Error>,
                            > {
                                return ret;
                            }
                            self.query(key).await
                        });
                        let outcome = retry.attempt(call).await;
                        let delay = match retry
                            .next(
                                outcome,
                                |outcome: &Result<Row, Error>| {
                                    (&&&::steadfast::__private::Outcome(outcome)).class()
                                },
                            )
                        {
                            ::steadfast::__private::Next::Done(outcome) => break outcome,
                            ::steadfast::__private::Next::Again(delay) => delay,
                        };
                        delay.await;
                    }
                };
                let call = ::steadfast::__private::timeout(&timeout).around(call);
                ::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
            }
        "#]],
    );
}

#[test]
fn error_of_one() {
    check(
        r#"
        #[timeout("1s", error = |_| Error::Late)]
        #[circuit_breaker]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let call = ::steadfast::__private::call(async move {
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
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                    );
                let call = ::steadfast::__private::timeout({
                        static TIMEOUT: ::steadfast::Timeout = ::steadfast::Timeout::new(
                                ::core::time::Duration::from_secs(1),
                            )
                            .inside(&|| {});
                        &TIMEOUT
                    })
                    .tag(1)
                    .around(call);
                ::steadfast::__private::absorb_with::<
                    Result<Row, Error>,
                    _,
                >(
                    call.await,
                    |rejection: ::steadfast::Rejection| match ::steadfast::__private::tag(
                        &rejection,
                    ) {
                        1 => ::steadfast::__private::convert(rejection, |_| Error::Late),
                        _ => ::steadfast::__private::error::<Result<Row, Error>, _>(rejection),
                    },
                )
            }
        "#]],
    );
}

#[test]
fn named_failure() {
    check(
        r#"
        #[fallback(|failure: Failure<Option<Row>>| recover(failure), on(None))]
        #[timeout("1s", error = |_| ())]
        async fn fetch(key: &str) -> Option<Row> {
            query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(key: &str) -> Option<Row> {
                use ::steadfast::__private::by_class::*;
                let outcome = {
                    let call = ::steadfast::__private::call(async move {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Option<Row>,
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
                    call.await
                };
                let failure: Failure<Option<Row>> = match ::steadfast::__private::fallback(
                    outcome,
                    |outcome: &Option<Row>| match outcome {
                        None => true,
                        outcome => (&&&::steadfast::__private::Outcome(outcome)).failed(),
                    },
                ) {
                    ::core::result::Result::Ok(value) => return value,
                    ::core::result::Result::Err(failure) => failure,
                };
                recover(failure)
            }
        "#]],
    );
}

#[test]
fn another_crate() {
    check(
        r#"
        #[timeout("1s", crate = crate::reexports::steadfast)]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(key: &str) -> Result<Row, Error> {
                let call = crate::reexports::steadfast::__private::call(async move {
                    if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                        Result<Row, Error>,
                    > {
                        return ret;
                    }
                    query(key).await
                });
                let call = crate::reexports::steadfast::__private::timeout({
                        static TIMEOUT: crate::reexports::steadfast::Timeout = crate::reexports::steadfast::Timeout::new(
                                ::core::time::Duration::from_secs(1),
                            )
                            .inside(&|| {});
                        &TIMEOUT
                    })
                    .around(call);
                crate::reexports::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
            }
        "#]],
    );
}

#[test]
fn docs() {
    check(
        r#"
        /// Reads a row.
        ///
        /// It may be stale.
        #[fallback(cached(key).await)]
        #[timeout("10s")]
        #[retry(attempts = unlimited, max_duration = "1m", backoff = linear("20ms"))]
        #[circuit_breaker(self.breaker)]
        #[timeout(self.limit * 2)]
        async fn fetch(&self, key: &str) -> Result<Row, Error> {
            self.query(key).await
        }
        "#,
        &expect![[r#"
            /// Reads a row.
            ///
            /// It may be stale.
            ///
            /// # Resilience
            /// Policies of this function, the outermost first; their state is shared by all callers:
            ///
            /// 1. **fallback**: `cached(key).await`
            /// 2. **timeout**: 10s
            /// 3. **retry**: any number of attempts, linear backoff from 20ms, within 60s
            /// 4. **circuit breaker**: `self.breaker`, shared
            /// 5. **timeout**: `self.limit * 2`
            async fn fetch(&self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let circuit_breaker = ::steadfast::__private::handle::<
                    ::steadfast::CircuitBreaker,
                    _,
                    _,
                >(&self.breaker);
                let timeout_5 = ::steadfast::__private::limit(self.limit * 2).inside(&|| {});
                let outcome = {
                    let call = async {
                        let mut retry = ::steadfast::__private::retry({
                            static RETRY: ::steadfast::Retry = ::steadfast::Retry::new()
                                .unlimited()
                                .backoff(
                                    ::steadfast::Backoff::linear(
                                        ::core::time::Duration::from_millis(20),
                                    ),
                                )
                                .max_duration(::core::time::Duration::from_secs(60))
                                .inside(&|| {});
                            &RETRY
                        });
                        loop {
                            let call = ::steadfast::__private::call(async {
                                if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                    Result<Row, Error>,
                                > {
                                    return ret;
                                }
                                self.query(key).await
                            });
                            let call = ::steadfast::__private::timeout(&timeout_5).around(call);
                            let call = ::steadfast::__private::circuit_breaker(&circuit_breaker)
                                .around(
                                    call,
                                    |outcome: &Result<Row, Error>| {
                                        (&&&::steadfast::__private::Outcome(outcome)).class()
                                    },
                                );
                            let outcome = retry.attempt(call).await;
                            let delay = match retry
                                .next(
                                    outcome,
                                    |outcome: &Result<Row, Error>| {
                                        (&&&::steadfast::__private::Outcome(outcome)).class()
                                    },
                                )
                            {
                                ::steadfast::__private::Next::Done(outcome) => break outcome,
                                ::steadfast::__private::Next::Again(delay) => delay,
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
                    call.await
                };
                if let ::core::result::Result::Ok(value) = ::steadfast::__private::fallback(
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
