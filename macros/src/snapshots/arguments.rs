//! What single arguments add.

use expect_test::expect;

use super::check;

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
                    let call = ::steadfast::__private::site!(Result < Receipt, Error >)
                        .call(async {
                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                Result<Receipt, Error>,
                            > {
                                return ret;
                            }
                            let mut order = ::core::clone::Clone::clone(&order);
                            order.stamp();
                            client.submit(order).await
                        });
                    let delay = {
                        let outcome = retry.attempt(call).await;
                        match retry
                            .next(
                                &outcome,
                                |outcome: &Result<Receipt, Error>| {
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
                let mut body = ::steadfast::__private::site!(Result < Receipt, Error >)
                    .repeatable(|| -> Result<Receipt, Error> {
                        let mut order = ::core::clone::Clone::clone(&order);
                        order.stamp();
                        client.submit(order)
                    });
                let outcome = loop {
                    let call = &mut body;
                    let delay = {
                        let outcome = retry.run(call);
                        match retry
                            .next(
                                &outcome,
                                |outcome: &Result<Receipt, Error>| {
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
                            .next_observed(
                                &outcome,
                                |outcome: &Result<Row, Error>| {
                                    (&&&::steadfast::__private::Outcome(outcome)).class()
                                },
                                |event| log(event.attempt, event.delay),
                                page,
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
                        let call = ::steadfast::__private::site!(Result < Row, Error >)
                            .call(async {
                                if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                    Result<Row, Error>,
                                > {
                                    return ret;
                                }
                                self.query(key).await
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
                    }
                };
                let call = ::steadfast::__private::timeout(&timeout).around(call);
                ::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
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
                let call = crate::reexports::steadfast::__private::site!(Result < Row, Error >)
                    .call(async move {
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
                let circuit_breaker = ::steadfast::__private::stateful_handle::<
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
                            let call = ::steadfast::__private::site!(Result < Row, Error >)
                                .call(async {
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
