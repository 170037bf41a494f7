//! After a mistake the function is there as it was written, beside every error.

use expect_test::expect;

use super::check;

#[test]
fn in_an_argument() {
    check(
        r"
        /// Reads a row.
        #[retry(attemps = 3)]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        ",
        &expect![[r#"
            ::core::compile_error! {
                "unknown argument `attemps`; did you mean `attempts`? expected one of: `attempts`, `backoff`, `jitter`, `max_delay`, `max_duration`, `retry_after`, `rejections`, `budget`, `nested`, `clone`, `on_retry`, `on_give_up`, `on`, `ignore`, `when`, `name`, `enabled`, `critical`, `docs`, `crate`"
            }
            /// Reads a row.
            async fn fetch(key: &str) -> Result<Row, Error> {
                query(key).await
            }
        "#]],
    );
}

#[test]
fn in_several_attributes() {
    check(
        r#"
        #[retry(attempts = 0)]
        #[timeout("5")]
        fn fetch(key: &str) -> Result<Row, Error> {
            query(key)
        }
        "#,
        &expect![[r#"
            ::core::compile_error! {
                "`attempts` is at least 1"
            }
            ::core::compile_error! {
                "`#[timeout]` cannot stop a function that blocks; make it an `async fn`, or set the time limit of what it calls"
            }
            ::core::compile_error! {
                "a duration needs a unit, e.g. `\"5s\"` or `\"5ms\"`"
            }
            fn fetch(key: &str) -> Result<Row, Error> {
                query(key)
            }
        "#]],
    );
}
