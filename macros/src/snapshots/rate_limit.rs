//! A rate limit: of the function, async and blocking, one per key, and shared.

use expect_test::expect;

use super::check;

#[test]
fn of_the_function() {
    check(
        r#"
        #[rate_limit(permits = 100, burst = 5, max_wait = "30ms")]
        async fn fetch(key: &str) -> Result<Row, Error> {
            query(key).await
        }
        "#,
        &expect![[""]],
    );
}

#[test]
fn one_per_key_blocking() {
    check(
        r#"
        #[rate_limit(permits = PERMITS, per = "1m", key = (host, port), name = "dns")]
        fn resolve(host: &str, port: u16) -> Result<Row, Error> {
            query(host, port)
        }
        "#,
        &expect![[""]],
    );
}

#[test]
fn shared_beneath_a_retry() {
    check(
        r"
        #[retry]
        #[rate_limit(self.limit, error = Error::limited)]
        async fn fetch(&mut self) -> Result<Row, Error> {
            self.query().await
        }
        ",
        &expect![[""]],
    );
}
