//! Sets of policies: what `policies!` declares, and what stands in place of `#[resilient]`.

use expect_test::{Expect, expect};

use super::{check, shown};
use crate::policies;

#[track_caller]
fn check_set(written: &str, expected: &Expect) {
    expected.assert_eq(&shown(policies::expand(written.parse().expect("tokens"))));
}

#[test]
fn a_set() {
    check_set(
        r#"
        /// How we call the upstream service.
        pub(crate) upstream: [
            fallback(Ok(Row::of(id))),
            retry(attempts = 4),
            own bulkhead(max_concurrent = 10),
            circuit_breaker(failure_threshold = 3, key = host, ignore(Err(Error::NotFound)), name = "upstream"),
            timeout("1s"),
        ]
        "#,
        &expect![[r#"
            /// How we call the upstream service.
            ///
            /// # Resilience
            /// Policies of this set, the outermost first:
            ///
            /// 1. **fallback**: `Ok(Row::of(id))`
            /// 2. **retry**: at most 4 attempts, exponential backoff from 100ms
            /// 3. **bulkhead**: at most 10 at once
            /// 4. **circuit breaker**: opens at 3 consecutive failures for 30s, one per `host`
            /// 5. **timeout**: 1s
            #[allow(non_camel_case_types, dead_code)]
            pub(crate) enum upstream {}
            impl upstream {
                /// The circuit breaker that the functions of this set share.
                #[allow(dead_code)]
                #[must_use]
                #[inline]
                pub(crate) fn circuit_breaker() -> &'static ::steadfast::Keyed<
                    ::steadfast::CircuitBreaker,
                > {
                    {
                        static CIRCUIT_BREAKER: ::steadfast::Keyed<::steadfast::CircuitBreaker> = ::steadfast::CircuitBreaker::new()
                            .failure_threshold(3)
                            .name("upstream")
                            .keyed();
                        &CIRCUIT_BREAKER
                    }
                }
            }
            #[doc(hidden)]
            #[allow(unused_macros, non_local_definitions)]
            macro_rules! __steadfast_upstream {
                (($($set:tt)*) ($($above:tt)*) $($item:tt)*) => {
                    $($above)* #[::steadfast::fallback(@ Ok(Row::of(id)))] #[::steadfast::retry(@
                    attempts = 4)] #[::steadfast::bulkhead(@ max_concurrent = 10)]
                    #[::steadfast::circuit_breaker(@ $($set)* ::circuit_breaker(), key = host,
                    ignore(Err(Error::NotFound)),)] #[::steadfast::timeout(@ "1s")] $($item)*
                };
            }
            #[doc(hidden)]
            #[allow(unused_imports, unreachable_pub)]
            pub(crate) use __steadfast_upstream as upstream;
        "#]],
    );
}

#[test]
fn a_set_of_a_public_crate_that_is_called_otherwise() {
    check_set(
        "crate = $crate::steadfast; pub upstream: [retry(when = $crate::is_busy), rate_limit(permits = 3)]",
        &expect![[r#"
            #[allow(non_camel_case_types, dead_code)]
            pub enum upstream {}
            impl upstream {
                /// The rate limit that the functions of this set share.
                #[allow(dead_code)]
                #[must_use]
                #[inline]
                pub fn rate_limit() -> &'static crate::steadfast::RateLimit {
                    {
                        static RATE_LIMIT: crate::steadfast::RateLimit = crate::steadfast::RateLimit::new(
                                3,
                            )
                            .inside(&|| {});
                        &RATE_LIMIT
                    }
                }
            }
            #[doc(hidden)]
            #[allow(unused_macros, non_local_definitions)]
            #[macro_export]
            macro_rules! __steadfast_upstream_fe91975d2ab876b7 {
                (($($set:tt)*) ($($above:tt)*) $($item:tt)*) => {
                    $($above)* #[$crate::steadfast::retry(@ when = $crate::is_busy)]
                    #[$crate::steadfast::rate_limit(@ $($set)* ::rate_limit(), crate =
                    $crate::steadfast)] $($item)*
                };
            }
            #[doc(hidden)]
            #[allow(unused_imports, unreachable_pub)]
            pub use __steadfast_upstream_fe91975d2ab876b7 as upstream;
        "#]],
    );
}

#[test]
fn a_set_with_a_mistake_leaves_functions_alone() {
    check_set(
        "upstream: [retry(attempts = 0)]",
        &expect![[r#"
            ::core::compile_error! {
                "`attempts` is at least 1"
            }
            #[allow(non_camel_case_types, dead_code)]
            enum upstream {}
            #[doc(hidden)]
            #[allow(unused_macros, non_local_definitions)]
            macro_rules! __steadfast_upstream {
                (($($set:tt)*) ($($above:tt)*) $($item:tt)*) => {
                    $($above)* $($item)*
                };
            }
            #[doc(hidden)]
            #[allow(unused_imports, unreachable_pub)]
            use __steadfast_upstream as upstream;
        "#]],
    );
}

#[test]
fn a_use() {
    check(
        r#"
        #[timeout("5s")]
        #[instrument]
        #[resilient(crate::upstream)]
        #[retry]
        async fn fetch(id: u32) -> Result<Row, Error> {
            query(id).await
        }
        "#,
        &expect![[r#"
            crate::upstream! {
                (crate ::upstream) (#[::steadfast::timeout("5s")] #[resilient(@)]) #[instrument]
                #[retry] async fn fetch(id : u32) -> Result < Row, Error > { query(id). await }
            }
        "#]],
    );
}

/// As the macro of the set leaves it.
#[test]
fn the_attributes_of_a_set() {
    check(
        r#"
        #[retry(@ attempts = 4)]
        #[circuit_breaker(@ crate::upstream::circuit_breaker(), key = host)]
        async fn fetch(host: &str) -> Result<Row, Error> {
            query(host).await
        }
        "#,
        &expect![[r#"
            async fn fetch(host: &str) -> Result<Row, Error> {
                use ::steadfast::__private::by_class::*;
                let circuit_breaker = ::steadfast::__private::called_stateful_handle::<
                    ::steadfast::Keyed<::steadfast::CircuitBreaker>,
                    _,
                    _,
                >(&crate::upstream::circuit_breaker())
                    .get(&host);
                let mut retry = ::steadfast::__private::retry({
                    static RETRY: ::steadfast::Retry = ::steadfast::Retry::new()
                        .attempts(4)
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
                            query(host).await
                        });
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
        "#]],
    );
}

#[test]
fn a_set_with_the_name_of_a_keyword_under_a_condition() {
    check_set(
        "#[cfg(unix)] r#type: [rate_limit(permits = 5)]",
        &expect![[r#"
            #[cfg(unix)]
            #[allow(non_camel_case_types, dead_code)]
            enum r#type {}
            #[cfg(unix)]
            impl r#type {
                /// The rate limit that the functions of this set share.
                #[allow(dead_code)]
                #[must_use]
                #[inline]
                fn rate_limit() -> &'static ::steadfast::RateLimit {
                    {
                        static RATE_LIMIT: ::steadfast::RateLimit = ::steadfast::RateLimit::new(5)
                            .inside(&|| {});
                        &RATE_LIMIT
                    }
                }
            }
            #[cfg(unix)]
            #[doc(hidden)]
            #[allow(unused_macros, non_local_definitions)]
            macro_rules! __steadfast_type {
                (($($set:tt)*) ($($above:tt)*) $($item:tt)*) => {
                    $($above)* #[::steadfast::rate_limit(@ $($set)* ::rate_limit(),)] $($item)*
                };
            }
            #[cfg(unix)]
            #[doc(hidden)]
            #[allow(unused_imports, unreachable_pub)]
            use __steadfast_type as r#type;
        "#]],
    );
}
