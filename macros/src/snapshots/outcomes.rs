//! What counts as a failure, and what becomes of a rejection.

use expect_test::expect;

use super::check;

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
                    let call = ::steadfast::__private::site!(Result < Response, Error >)
                        .call(async {
                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                Result<Response, Error>,
                            > {
                                return ret;
                            }
                            get(url).await
                        });
                    let delay = {
                        let outcome = retry.attempt(call).await;
                        match retry
                            .next(
                                &outcome,
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
                        _ => ::steadfast::__private::error::<_>(rejection),
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
                    let call = ::steadfast::__private::site!(Option < Row > [Row;])
                        .call(async move {
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
                    {
                        static FALLBACK: ::steadfast::__private::Fallback = ::steadfast::__private::Fallback::new()
                            .inside(&|| {});
                        &FALLBACK
                    },
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
