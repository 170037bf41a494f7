//! Policies that were made elsewhere, and one per key.

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
                    let call = ::steadfast::__private::site!(Result < Row, Error >)
                        .call(async {
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
                    let delay = {
                        let outcome = retry.attempt(call).await;
                        match retry
                            .next(
                                &outcome,
                                |outcome: &Result<Row, Error>| match outcome {
                                    Err(Error::Io(_)) => {
                                        ::core::option::Option::Some(::steadfast::Class::TRANSIENT)
                                    }
                                    outcome => {
                                        (&&&::steadfast::__private::Outcome(outcome)).narrowed()
                                    }
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
                let call = ::steadfast::__private::site!(Result < Row, Error >)
                    .once(move || -> Result<Row, Error> { query(host, port) });
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
                let circuit_breaker = ::steadfast::__private::stateful_handle::<
                    ::steadfast::Keyed<::steadfast::CircuitBreaker>,
                    _,
                    _,
                >(&HOSTS)
                    .get(&url.host());
                let call = ::steadfast::__private::site!(Result < Row, Error >)
                    .once(move || -> Result<Row, Error> { query(url) });
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
fn retry_with_a_budget() {
    check(
        r#"
        #[retry(attempts = 5, budget = self.budget, nested = once)]
        async fn fetch(&self, key: &str) -> Result<Row, Error> {
            self.query(key).await
        }
        "#,
        &expect![[r#"
            async fn fetch(&self, key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let budget = ::steadfast::__private::handle::<
                    ::steadfast::RetryBudget,
                    _,
                    _,
                >(&self.budget);
                let mut retry = ::steadfast::__private::retry_within(
                    {
                        static RETRY: ::steadfast::Retry = ::steadfast::Retry::new()
                            .attempts(5)
                            .nested(::steadfast::Nested::Once)
                            .inside(&|| {});
                        &RETRY
                    },
                    &budget,
                );
                let outcome = loop {
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
                };
                ::steadfast::__private::returned(outcome)
            }
        "#]],
    );
}

#[test]
fn shared_retry_with_a_budget_blocking() {
    check(
        r#"
        #[retry(PATIENT, budget = UPSTREAM, nested = once)]
        fn fetch(key: &str) -> Result<Row, Error> {
            query(key)
        }
        "#,
        &expect![[r#"
            fn fetch(key: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let policy = (*::steadfast::__private::handle::<::steadfast::Retry, _, _>(&PATIENT))
                    .nested(::steadfast::Nested::Once);
                let budget = ::steadfast::__private::handle::<
                    ::steadfast::RetryBudget,
                    _,
                    _,
                >(&UPSTREAM);
                let mut retry = ::steadfast::__private::retry_within(&policy, &budget);
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
