//! A hedge: alone, by expressions, and with others around it and beneath.

use expect_test::expect;

use super::check;

#[test]
fn of_the_function() {
    check(
        r#"
        #[hedge(after = "50ms")]
        async fn fetch(&self, key: &str) -> Result<Row, Error> {
            self.query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(&self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let calls = || {
                    ::steadfast::__private::site!(Result < Row, Error >)
                        .call(async {
                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                Result<Row, Error>,
                            > {
                                return ret;
                            }
                            self.query(key).await
                        })
                };
                let call = ::steadfast::__private::hedge({
                        static HEDGE: ::steadfast::Hedge = ::steadfast::Hedge::new(
                                ::core::time::Duration::from_millis(50),
                            )
                            .inside(&|| {});
                        &HEDGE
                    })
                    .around(
                        calls,
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                    );
                ::steadfast::__private::returned(call.await)
            }
        "#]],
    );
}

#[test]
fn by_expressions_within_a_budget() {
    check(
        r#"
        /// Asks.
        #[hedge(after = self.late, attempts = CALLS, budget = self.budget, on(Ok(row) if row.is_stale()), clone(key))]
        async fn fetch(&self, key: String) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[r#"
            /// Asks.
            ///
            /// # Resilience
            /// Policies of this function, the outermost first; their state is shared by all callers:
            ///
            /// 1. **hedge**: at most `CALLS` calls, the next after `self.late`, within the budget `self.budget`
            async fn fetch(&self, key: String) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let hedge = ::steadfast::Hedge::new(self.late).attempts(CALLS).inside(&|| {});
                let hedge_budget = ::steadfast::__private::handle::<
                    ::steadfast::RetryBudget,
                    _,
                    _,
                >(&self.budget);
                let calls = || {
                    ::steadfast::__private::site!(Result < Row, Error >)
                        .call(async {
                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                Result<Row, Error>,
                            > {
                                return ret;
                            }
                            let key = ::core::clone::Clone::clone(&key);
                            query(key).await
                        })
                };
                let call = ::steadfast::__private::hedge(&hedge)
                    .within(&hedge_budget)
                    .around(
                        calls,
                        |outcome: &Result<Row, Error>| match outcome {
                            Ok(row) if row.is_stale() => {
                                ::core::option::Option::Some(::steadfast::Class::TRANSIENT)
                            }
                            outcome => (&&&::steadfast::__private::Outcome(outcome)).class(),
                        },
                    );
                ::steadfast::__private::returned(call.await)
            }
        "#]],
    );
}

#[test]
fn after_a_percentile() {
    check(
        r#"
        /// Asks.
        #[hedge(after = percentile(0.95, min = "10ms"), name = "rows")]
        async fn fetch(&self, key: &str) -> Result<Row, Error> {
            self.query(key).await
        }
        "#,
        &expect![[r#"
            /// Asks.
            ///
            /// # Resilience
            /// Policies of this function, the outermost first; their state is shared by all callers:
            ///
            /// 1. **hedge**: at most 2 calls, the next after percentile 0.95 of recent latencies, at least 10ms
            async fn fetch(&self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let calls = || {
                    ::steadfast::__private::site!(Result < Row, Error >, "rows")
                        .call(async {
                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                Result<Row, Error>,
                            > {
                                return ret;
                            }
                            self.query(key).await
                        })
                };
                let call = ::steadfast::__private::hedge({
                        static HEDGE: ::steadfast::Hedge = ::steadfast::Hedge::percentile({
                                static PERCENTILE: ::steadfast::Percentile = ::steadfast::Percentile::new(
                                        0.95,
                                    )
                                    .min(::core::time::Duration::from_millis(10));
                                &PERCENTILE
                            })
                            .name("rows");
                        &HEDGE
                    })
                    .around(
                        calls,
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                    );
                ::steadfast::__private::returned(call.await)
            }
        "#]],
    );
}

#[test]
fn in_a_stack() {
    check(
        r#"
        #[retry(attempts = 2)]
        #[hedge(after = "50ms", attempts = 3)]
        #[circuit_breaker(self.breaker)]
        #[timeout("1s")]
        async fn fetch(&self, key: &str) -> Result<Row, Error> {
            self.query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(&self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let circuit_breaker = ::steadfast::__private::stateful_handle::<
                    ::steadfast::CircuitBreaker,
                    _,
                    _,
                >(&self.breaker);
                let mut retry = ::steadfast::__private::retry({
                    static RETRY: ::steadfast::Retry = ::steadfast::Retry::new()
                        .attempts(2)
                        .inside(&|| {});
                    &RETRY
                });
                let outcome = loop {
                    let calls = || {
                        let call = ::steadfast::__private::site!(Result < Row, Error >)
                            .call(async {
                                if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                    Result<Row, Error>,
                                > {
                                    return ret;
                                }
                                self.query(key).await
                            });
                        let call = ::steadfast::__private::timeout({
                                static TIMEOUT: ::steadfast::Timeout = ::steadfast::Timeout::new(
                                        ::core::time::Duration::from_secs(1),
                                    )
                                    .inside(&|| {});
                                &TIMEOUT
                            })
                            .around(call);
                        ::steadfast::__private::circuit_breaker(&circuit_breaker)
                            .around(
                                call,
                                |outcome: &Result<Row, Error>| {
                                    (&&&::steadfast::__private::Outcome(outcome)).class()
                                },
                            )
                    };
                    let call = ::steadfast::__private::hedge({
                            static HEDGE: ::steadfast::Hedge = ::steadfast::Hedge::new(
                                    ::core::time::Duration::from_millis(50),
                                )
                                .attempts(3)
                                .inside(&|| {});
                            &HEDGE
                        })
                        .around(
                            calls,
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
                };
                ::steadfast::__private::absorb::<Result<Row, Error>>(outcome)
            }
        "#]],
    );
}

#[test]
fn over_a_loop_and_over_another() {
    check(
        r#"
        #[hedge(after = LATE)]
        #[hedge(after = "50ms")]
        #[retry]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let hedge_1 = ::steadfast::Hedge::new(LATE).inside(&|| {});
                let calls = || {
                    let calls = || {
                        async {
                            let mut retry = ::steadfast::__private::retry({
                                static RETRY: ::steadfast::Retry = ::steadfast::Retry::new()
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
                            }
                        }
                    };
                    ::steadfast::__private::hedge({
                            static HEDGE: ::steadfast::Hedge = ::steadfast::Hedge::new(
                                    ::core::time::Duration::from_millis(50),
                                )
                                .inside(&|| {});
                            &HEDGE
                        })
                        .around(
                            calls,
                            |outcome: &Result<Row, Error>| {
                                (&&&::steadfast::__private::Outcome(outcome)).class()
                            },
                        )
                };
                let call = ::steadfast::__private::hedge(&hedge_1)
                    .around(
                        calls,
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                    );
                ::steadfast::__private::returned(call.await)
            }
        "#]],
    );
}

#[test]
fn between_fallbacks() {
    check(
        r#"
        #[fallback(|error| Err(error.into()))]
        #[hedge(after = "50ms")]
        #[fallback(self.replica.query(key).await)]
        async fn fetch(&self, key: &str) -> Result<Row, Error> {
            self.query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(&self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let outcome = {
                    let calls = || {
                        async {
                            'handled_3: {
                                let outcome = {
                                    let call = ::steadfast::__private::site!(Result < Row, Error >)
                                        .call(async {
                                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                                Result<Row, Error>,
                                            > {
                                                return ret;
                                            }
                                            self.query(key).await
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
                                    break 'handled_3 ::steadfast::__private::answered(value);
                                }
                                ::steadfast::__private::call(async {
                                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                            Result<Row, Error>,
                                        > {
                                            return ret;
                                        }
                                        self.replica.query(key).await
                                    })
                                    .await
                            }
                        }
                    };
                    let call = ::steadfast::__private::hedge({
                            static HEDGE: ::steadfast::Hedge = ::steadfast::Hedge::new(
                                    ::core::time::Duration::from_millis(50),
                                )
                                .inside(&|| {});
                            &HEDGE
                        })
                        .around(
                            calls,
                            |outcome: &Result<Row, Error>| {
                                (&&&::steadfast::__private::Outcome(outcome)).class()
                            },
                        );
                    call.await
                };
                let error = match ::steadfast::__private::fallback_returned_error::<
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
                Err(error.into())
            }
        "#]],
    );
}
