//! What every policy has, and the macros of the runtime that keep it.

use expect_test::expect;

use super::{check, expand};

#[test]
fn constant() {
    check(
        r#"
        /// Reads a row.
        #[fallback(Ok(Row::default()), enabled = ANSWERS)]
        #[circuit_breaker(shadow = true, critical = cfg!(production))]
        #[timeout("1s", enabled = true)]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[r#"
            /// Reads a row.
            ///
            /// # Resilience
            /// Policies of this function, the outermost first; their state is shared by all callers:
            ///
            /// 1. **fallback**: `Ok(Row::default())`; enabled if `ANSWERS`
            /// 2. **circuit breaker**: opens at 5 consecutive failures for 30s; in shadow: rejects nothing; critical if `cfg!(production)`
            /// 3. **timeout**: 1s
            async fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let outcome = {
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
                                    ::core::time::Duration::from_secs(1),
                                )
                                .enabled(true)
                                .inside(&|| {});
                            &TIMEOUT
                        })
                        .around(call);
                    let call = ::steadfast::__private::circuit_breaker({
                            static CIRCUIT_BREAKER: ::steadfast::CircuitBreaker = ::steadfast::CircuitBreaker::new()
                                .shadow(true)
                                .critical(cfg!(production))
                                .inside(&|| {});
                            &CIRCUIT_BREAKER
                        })
                        .around(
                            call,
                            |outcome: &Result<Row, Error>| {
                                (&&&::steadfast::__private::Outcome(outcome)).class()
                            },
                        );
                    call.await
                };
                if let ::core::result::Result::Ok(value) = ::steadfast::__private::fallback(
                    {
                        static FALLBACK: ::steadfast::__private::Fallback = ::steadfast::__private::Fallback::new()
                            .enabled(ANSWERS)
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
fn of_the_call() {
    check(
        r#"
        #[retry(enabled = self.retries, critical = true)]
        #[timeout("1s", enabled = limited)]
        async fn fetch(&self, limited: bool) -> Result<Row, Error> {
            self.query().await
        }
        "#,
        &expect![[r#"
            async fn fetch(&self, limited: bool) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let policy = ::steadfast::Retry::new()
                    .enabled(self.retries)
                    .critical(true)
                    .inside(&|| {});
                let timeout = ::steadfast::Timeout::new(::core::time::Duration::from_secs(1))
                    .enabled(limited)
                    .inside(&|| {});
                let mut retry = ::steadfast::__private::retry(&policy);
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
                    let call = ::steadfast::__private::timeout(&timeout).around(call);
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

/// `cargo expand` does not show it so.
#[test]
fn as_it_is_written() {
    let expanded = expand(
        r#"
        #[retry(attempts = limit, max_delay = "5s", name = "rows", enabled = limit > 1)]
        #[circuit_breaker(BREAKER)]
        #[timeout("1s")]
        #[bulkhead(max_concurrent = 9)]
        async fn fetch(limit: u32) -> Result<Row, Error> {
            query().await
        }
        "#,
    );
    let file = syn::parse2(expanded).expect("it is a function");
    expect![[r#"
        async fn fetch(limit: u32) -> Result<Row, Error> {
            #[circuit_breaker(BREAKER)]
            fn __absorbed_1() {
                #[must_use = "the attributes of steadfast take all beneath them that are called `circuit_breaker`; import this one under another name"]
                struct NotOfSteadfast;
                #[deny(unused_must_use)] [NotOfSteadfast];
            }
            #[timeout("1s")]
            fn __absorbed_2() {
                #[must_use = "the attributes of steadfast take all beneath them that are called `timeout`; import this one under another name"]
                struct NotOfSteadfast;
                #[deny(unused_must_use)] [NotOfSteadfast];
            }
            #[bulkhead(max_concurrent = 9)]
            fn __absorbed_3() {
                #[must_use = "the attributes of steadfast take all beneath them that are called `bulkhead`; import this one under another name"]
                struct NotOfSteadfast;
                #[deny(unused_must_use)] [NotOfSteadfast];
            }
            use ::steadfast::__private::by_class::*;
            let policy = ::steadfast::__private::controlled!(
                RETRY : ::steadfast::Retry = ::steadfast::Retry::new().attempts(limit)
                .max_delay(::core::time::Duration::from_secs(5)).enabled(limit > 1).name("rows");
                ::steadfast::Retry::new().max_delay(::core::time::Duration::from_secs(5))
                .name("rows"); "attempts", "enabled"
            );
            ::steadfast::__private::listed!(BREAKER);
            let circuit_breaker = ::steadfast::__private::stateful_handle::<
                ::steadfast::CircuitBreaker,
                _,
                _,
            >(&BREAKER);
            let mut retry = ::steadfast::__private::retry(&policy);
            let outcome = loop {
                let call = ::steadfast::__private::site!(Result < Row, Error >, "rows")
                    .call(async {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Row, Error>,
                        > {
                            return ret;
                        }
                        query().await
                    });
                let call = ::steadfast::__private::bulkhead(
                        ::steadfast::__private::policy!(
                            static BULKHEAD : ::steadfast::Bulkhead =
                            ::steadfast::Bulkhead::new(9).inside(& || {})
                        ),
                    )
                    .around(call);
                let call = ::steadfast::__private::timeout(
                        ::steadfast::__private::controlled!(
                            static TIMEOUT : ::steadfast::Timeout =
                            ::steadfast::Timeout::new(::core::time::Duration::from_secs(1))
                            .inside(& || {})
                        ),
                    )
                    .around(call);
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
            };
            ::steadfast::__private::absorb::<Result<Row, Error>>(outcome)
        }
    "#]].assert_eq(&prettyplease::unparse(&file));
}
