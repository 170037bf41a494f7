//! Each shape of function.

use expect_test::expect;

use super::check;

#[test]
fn method_with_mut_self() {
    check(
        r#"
        #[timeout("1s")]
        #[retry]
        pub async fn fetch<'a, K: Key + ?Sized>(&mut self, key: &'a K) -> Result<impl Iterator<Item = Row>, Error>
        where
            Self: Sync,
        {
            self.calls += 1;
            self.query(key).await
        }
        "#,
        &expect![[r#"
            pub async fn fetch<'a, K: Key + ?Sized>(
                &mut self,
                key: &'a K,
            ) -> Result<impl Iterator<Item = Row>, Error>
            where
                Self: Sync,
            {
                use ::steadfast::__private::by_class::*;
                let call = async {
                    let mut retry = ::steadfast::__private::retry({
                        static RETRY: ::steadfast::Retry = ::steadfast::Retry::new().inside(&|| {});
                        &RETRY
                    });
                    loop {
                        let call = ::steadfast::__private::site!(errors : Result < _, Error >)
                            .call(async {
                                if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                    Result<_, Error>,
                                > {
                                    return ret;
                                }
                                self.calls += 1;
                                self.query(key).await
                            });
                        let delay = {
                            let outcome = retry.attempt(call).await;
                            match retry
                                .next(
                                    &outcome,
                                    |outcome: &Result<_, Error>| {
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
                                ::core::time::Duration::from_secs(1),
                            )
                            .inside(&|| {});
                        &TIMEOUT
                    })
                    .around(call);
                ::steadfast::__private::absorb::<Result<_, Error>>(call.await)
            }
        "#]],
    );
}

#[test]
fn impl_future() {
    check(
        r"
        #[retry]
        fn fetch(key: String) -> impl Future<Output = Result<Row, Error>> + Send {
            let key = key.to_lowercase();
            async move { query(&key).await }
        }
        ",
        &expect![[r#"
            fn fetch(key: String) -> impl Future<Output = Result<Row, Error>> + Send {
                let key = key.to_lowercase();
                async move {
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
                                query(&key).await
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
            }
        "#]],
    );
}

#[test]
fn pinned_box() {
    check(
        r#"
        #[timeout("1s")]
        fn fetch<'a>(key: &'a str) -> Pin<Box<dyn Future<Output = Result<Row, Error>> + Send + 'a>> {
            Box::pin(async move { query(key).await })
        }
        "#,
        &expect![[r#"
            fn fetch<'a>(
                key: &'a str,
            ) -> Pin<Box<dyn Future<Output = Result<Row, Error>> + Send + 'a>> {
                Box::pin(async move {
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
                                .inside(&|| {});
                            &TIMEOUT
                        })
                        .around(call);
                    ::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
                })
            }
        "#]],
    );
}

#[test]
fn async_trait() {
    check(
        r"
        #[circuit_breaker(self.breaker)]
        fn fetch<'life0, 'async_trait>(
            &'life0 self,
            key: String,
        ) -> ::core::pin::Pin<Box<dyn ::core::future::Future<Output = Result<Row, Error>> + ::core::marker::Send + 'async_trait>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async move {
                if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<Result<Row, Error>> {
                    #[allow(unreachable_code)]
                    return __ret;
                }
                let __self = self;
                let key = key;
                let __ret: Result<Row, Error> = { __self.query(key).await };
                #[allow(unreachable_code)]
                __ret
            })
        }
        ",
        &expect![[r#"
            fn fetch<'life0, 'async_trait>(
                &'life0 self,
                key: String,
            ) -> ::core::pin::Pin<
                Box<
                    dyn ::core::future::Future<
                        Output = Result<Row, Error>,
                    > + ::core::marker::Send + 'async_trait,
                >,
            >
            where
                'life0: 'async_trait,
                Self: 'async_trait,
            {
                Box::pin(async move {
                    if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<
                        Result<Row, Error>,
                    > {
                        #[allow(unreachable_code)] return __ret;
                    }
                    let __self = self;
                    let key = key;
                    let __ret: Result<Row, Error> = {
                        use ::steadfast::__private::by_class::*;
                        let circuit_breaker = ::steadfast::__private::stateful_handle::<
                            ::steadfast::CircuitBreaker,
                            _,
                            _,
                        >(&__self.breaker);
                        let call = ::steadfast::__private::site!(Result < Row, Error >)
                            .call(async move {
                                if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                    Result<Row, Error>,
                                > {
                                    return ret;
                                }
                                __self.query(key).await
                            });
                        let call = ::steadfast::__private::circuit_breaker(&circuit_breaker)
                            .around(
                                call,
                                |outcome: &Result<Row, Error>| {
                                    (&&&::steadfast::__private::Outcome(outcome)).class()
                                },
                            );
                        ::steadfast::__private::absorb::<Result<Row, Error>>(call.await)
                    };
                    #[allow(unreachable_code)] __ret
                })
            }
        "#]],
    );
}

#[test]
fn plain_value() {
    check(
        r#"
        #[fallback(0)]
        #[timeout("50ms")]
        async fn count() -> u64 {
            count_rows().await
        }
        "#,
        &expect![[r#"
            async fn count() -> u64 {
                use ::steadfast::__private::by_class::*;
                let outcome = {
                    let call = ::steadfast::__private::site!(u64)
                        .call(async move {
                            if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                u64,
                            > {
                                return ret;
                            }
                            count_rows().await
                        });
                    let call = ::steadfast::__private::timeout({
                            static TIMEOUT: ::steadfast::Timeout = ::steadfast::Timeout::new(
                                    ::core::time::Duration::from_millis(50),
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
                    |outcome: &u64| (&&&::steadfast::__private::Outcome(outcome)).is_error(),
                ) {
                    return value;
                }
                0
            }
        "#]],
    );
}

#[test]
fn nothing_returned() {
    check(
        r"
        #[retry]
        fn ping() {
            send_ping();
        }
        ",
        &expect![[r#"
            fn ping() {
                use ::steadfast::__private::by_class::*;
                let mut retry = ::steadfast::__private::retry({
                    static RETRY: ::steadfast::Retry = ::steadfast::Retry::new().inside(&|| {});
                    &RETRY
                });
                let mut body = ::steadfast::__private::site!(())
                    .repeatable(|| -> () {
                        send_ping();
                    });
                let outcome = loop {
                    let call = &mut body;
                    let delay = {
                        let outcome = retry.run(call);
                        match retry
                            .next(
                                &outcome,
                                |outcome: &()| (&&&::steadfast::__private::Outcome(outcome)).class(),
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
fn inner_attributes() {
    check(
        r"
        #[circuit_breaker]
        fn fetch(#[cfg(unix)] fd: i32) -> Result<Row, Error> {
            #![allow(unused_variables)]
            query()
        }
        ",
        &expect![[r#"
            #[allow(unused_variables)]
            fn fetch(#[cfg(unix)] fd: i32) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let call = ::steadfast::__private::site!(Result < Row, Error >)
                    .once(move || -> Result<Row, Error> { query() });
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
                ::steadfast::__private::absorb::<Result<Row, Error>>(call())
            }
        "#]],
    );
}
