//! Durations that follow recent latencies.

use expect_test::expect;

use super::check;

#[test]
fn of_a_timeout() {
    check(
        r#"
        /// Asks.
        #[timeout(percentile(0.99, factor = 2, min = "50ms", max = MAX, window = "5m", min_calls = 50))]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[r#"
            /// Asks.
            ///
            /// # Resilience
            /// Policies of this function, the outermost first; their state is shared by all callers:
            ///
            /// 1. **timeout**: 2 times percentile 0.99 of recent latencies, at least 50ms, at most `MAX`
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
                let call = ::steadfast::__private::percentile_timeout({
                        static TIMEOUT: ::steadfast::PercentileTimeout = ::steadfast::PercentileTimeout::new(
                                ::steadfast::Percentile::new(0.99)
                                    .factor(2.0)
                                    .min(::core::time::Duration::from_millis(50))
                                    .max(MAX)
                                    .window(::core::time::Duration::from_secs(300))
                                    .min_calls(50),
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
fn total_and_of_each_attempt() {
    check(
        r#"
        #[timeout(percentile(0.999, max = "10s"), name = "total")]
        #[retry]
        #[timeout(percentile(0.99, max = "2s"), error = |_| Error::Late)]
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
                        let call = ::steadfast::__private::site!(Result < Row, Error >, "total")
                            .call(async {
                                if let ::core::option::Option::Some(ret) = ::core::option::Option::None::<
                                    Result<Row, Error>,
                                > {
                                    return ret;
                                }
                                query(key).await
                            });
                        let call = ::steadfast::__private::percentile_timeout({
                                static TIMEOUT: ::steadfast::PercentileTimeout = ::steadfast::PercentileTimeout::new(
                                        ::steadfast::Percentile::new(0.99)
                                            .max(::core::time::Duration::from_secs(2)),
                                    )
                                    .inside(&|| {});
                                &TIMEOUT
                            })
                            .tag(3)
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
                let call = ::steadfast::__private::percentile_timeout({
                        static TIMEOUT: ::steadfast::PercentileTimeout = ::steadfast::PercentileTimeout::new(
                                ::steadfast::Percentile::new(0.999)
                                    .max(::core::time::Duration::from_secs(10)),
                            )
                            .name("total");
                        &TIMEOUT
                    })
                    .around(call);
                ::steadfast::__private::absorb_with::<
                    Result<Row, Error>,
                    _,
                >(
                    call.await,
                    |rejection: ::steadfast::Rejection| match ::steadfast::__private::tag(
                        &rejection,
                    ) {
                        3 => ::steadfast::__private::convert(rejection, |_| Error::Late),
                        _ => ::steadfast::__private::error::<_>(rejection),
                    },
                )
            }
        "#]],
    );
}
