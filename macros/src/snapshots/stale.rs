//! A fallback with the last success: of the function, shared, in a stack.

use expect_test::expect;

use super::check;

#[test]
fn of_the_function() {
    check(
        r#"
        #[fallback(stale = "10m", key = id)]
        async fn fetch(id: u32) -> Result<Row, Error> {
            query(id).await
        }
        "#,
        &expect![[r#"
            async fn fetch(id: u32) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let key = ::steadfast::__private::key(&id);
                let call = ::steadfast::__private::site!(Result < Row, Error >)
                    .call(async move {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<Row, Error>,
                        > {
                            return ret;
                        }
                        query(id).await
                    });
                let call = ::steadfast::__private::stale(
                        {
                            static FALLBACK: ::steadfast::StaleFallback = ::steadfast::StaleFallback::new(
                                    ::core::time::Duration::from_secs(600),
                                )
                                .inside(&|| {});
                            &FALLBACK
                        },
                        &key,
                    )
                    .around(
                        call,
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                        |keeps| ::steadfast::__private::keeper::<
                            Result<Row, Error>,
                            _,
                        >((&&keeps).part()),
                        |_| (),
                    );
                ::steadfast::__private::returned(call.await)
            }
        "#]],
    );
}

#[test]
fn blocking_with_an_age_of_the_call() {
    check(
        r#"
        #[fallback(stale = self.max_age, key = (host, &port), max_keys = KEYS, name = "dns", on_stale = log)]
        fn resolve(&self, host: &str, port: Port) -> Option<Row> {
            query(host, port)
        }
        "#,
        &expect![[r#"
            fn resolve(&self, host: &str, port: Port) -> Option<Row> {
                use ::steadfast::__private::by_class::*;
                let max_age: ::core::time::Duration = self.max_age;
                let key = ::steadfast::__private::key(&(&host, &(&port)));
                let call = ::steadfast::__private::site!(Option < Row > [Row;], "dns")
                    .once(move || -> Option<Row> { query(host, port) });
                let call = || {
                    ::steadfast::__private::stale(
                            {
                                static FALLBACK: ::steadfast::StaleFallback = ::steadfast::StaleFallback::new(
                                        ::core::time::Duration::MAX,
                                    )
                                    .max_keys(KEYS)
                                    .name("dns");
                                &FALLBACK
                            },
                            &key,
                        )
                        .max_age(max_age)
                        .run(
                            call,
                            |outcome: &Option<Row>| {
                                (&&&::steadfast::__private::Outcome(outcome)).class()
                            },
                            |keeps| ::steadfast::__private::keeper::<
                                Option<Row>,
                                _,
                            >((&&keeps).part()),
                            |event| ::steadfast::__private::told(event, log),
                        )
                };
                ::steadfast::__private::returned(call())
            }
        "#]],
    );
}

#[test]
fn shared_with_filters() {
    check(
        r"
        #[fallback(stale(PRICES), key = item, on(Ok(0)), ignore(Err(Error::Sold)))]
        async fn price(item: &str) -> Result<u32, Error> {
            ask(item).await
        }
        ",
        &expect![[r#"
            async fn price(item: &str) -> Result<u32, Error> {
                use ::steadfast::__private::by_class::*;
                let stale = ::steadfast::__private::handle::<
                    ::steadfast::StaleFallback,
                    _,
                    _,
                >(&PRICES);
                let key = ::steadfast::__private::key(&item);
                let call = ::steadfast::__private::site!(Result < u32, Error >)
                    .call(async move {
                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                            Result<u32, Error>,
                        > {
                            return ret;
                        }
                        ask(item).await
                    });
                let call = ::steadfast::__private::stale(&stale, &key)
                    .around(
                        call,
                        |outcome: &Result<u32, Error>| match outcome {
                            Err(Error::Sold) => {
                                ::core::option::Option::Some(::steadfast::Class::Permanent)
                            }
                            Ok(0) => ::core::option::Option::Some(::steadfast::Class::TRANSIENT),
                            outcome => (&&&::steadfast::__private::Outcome(outcome)).class(),
                        },
                        |keeps| ::steadfast::__private::keeper::<
                            Result<u32, Error>,
                            _,
                        >((&&keeps).part()),
                        |_| (),
                    );
                ::steadfast::__private::returned(call.await)
            }
        "#]],
    );
}

#[test]
fn above_another_fallback() {
    check(
        r#"
        #[fallback(stale = "1h", key = id)]
        #[retry]
        #[fallback(replica(id).await)]
        async fn fetch(id: u32) -> Result<Row, Error> {
            query(id).await
        }
        "#,
        &expect![[r#"
            async fn fetch(id: u32) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let key_1 = ::steadfast::__private::key(&id);
                let answered = &::steadfast::__private::Mark::new();
                let call = async {
                    let mut retry = ::steadfast::__private::retry({
                        static RETRY: ::steadfast::Retry = ::steadfast::Retry::new().inside(&|| {});
                        &RETRY
                    });
                    loop {
                        let call = async {
                            'handled_3: {
                                answered.begin();
                                let outcome = {
                                    let call = ::steadfast::__private::site!(Result < Row, Error >)
                                        .call(async {
                                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                                Result<Row, Error>,
                                            > {
                                                return ret;
                                            }
                                            query(id).await
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
                                answered.answers();
                                ::steadfast::__private::call(async {
                                        if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                            Result<Row, Error>,
                                        > {
                                            return ret;
                                        }
                                        replica(id).await
                                    })
                                    .await
                            }
                        };
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
                let call = ::steadfast::__private::stale(
                        {
                            static FALLBACK: ::steadfast::StaleFallback = ::steadfast::StaleFallback::new(
                                    ::core::time::Duration::from_secs(3600),
                                )
                                .inside(&|| {});
                            &FALLBACK
                        },
                        &key_1,
                    )
                    .mark(answered)
                    .around(
                        call,
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                        |keeps| ::steadfast::__private::keeper::<
                            Result<Row, Error>,
                            _,
                        >((&&keeps).part()),
                        |_| (),
                    );
                ::steadfast::__private::returned(call.await)
            }
        "#]],
    );
}

#[test]
fn above_a_hedge() {
    check(
        r#"
        #[fallback(stale = "1h")]
        #[hedge(after = "50ms")]
        #[fallback(replica(id).await)]
        async fn fetch(id: u32) -> Result<Row, Error> {
            query(id).await
        }
        "#,
        &expect![[r#"
            async fn fetch(id: u32) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let answered = &::steadfast::__private::Mark::new();
                let calls = || async {
                    let answered = &::steadfast::__private::Mark::new();
                    let outcome = 'handled_3: {
                        answered.begin();
                        let outcome = {
                            let call = ::steadfast::__private::site!(Result < Row, Error >)
                                .call(async {
                                    if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                        Result<Row, Error>,
                                    > {
                                        return ret;
                                    }
                                    query(id).await
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
                        answered.answers();
                        ::steadfast::__private::call(async {
                                if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                    Result<Row, Error>,
                                > {
                                    return ret;
                                }
                                replica(id).await
                            })
                            .await
                    };
                    answered.give(outcome)
                };
                let call = ::steadfast::__private::hedge({
                        static HEDGE: ::steadfast::Hedge = ::steadfast::Hedge::new(
                                ::core::time::Duration::from_millis(50),
                            )
                            .inside(&|| {});
                        &HEDGE
                    })
                    .around_marked(
                        answered,
                        calls,
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                    );
                let call = ::steadfast::__private::stale(
                        {
                            static FALLBACK: ::steadfast::StaleFallback = ::steadfast::StaleFallback::new(
                                    ::core::time::Duration::from_secs(3600),
                                )
                                .inside(&|| {});
                            &FALLBACK
                        },
                        ::steadfast::__private::NO_KEY,
                    )
                    .mark(answered)
                    .around(
                        call,
                        |outcome: &Result<Row, Error>| {
                            (&&&::steadfast::__private::Outcome(outcome)).class()
                        },
                        |keeps| ::steadfast::__private::keeper::<
                            Result<Row, Error>,
                            _,
                        >((&&keeps).part()),
                        |_| (),
                    );
                ::steadfast::__private::returned(call.await)
            }
        "#]],
    );
}
