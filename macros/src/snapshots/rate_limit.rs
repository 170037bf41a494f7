//! A rate limit: of the function, async and sync, and one per key.

use expect_test::expect;
use quote::quote;

use super::expanded;
use crate::policy::Kind;

#[test]
fn of_the_function() {
    let code = expanded(
        Kind::RateLimit,
        quote!(permits = 100, burst = 5, max_wait = "30ms"),
        quote!(
            async fn f(x: u32) -> Result<u32, Error> {
                g(x).await
            }
        ),
    );
    expect![[""]].assert_eq(&code);
}

#[test]
fn blocking_and_one_per_key() {
    let code = expanded(
        Kind::RateLimit,
        quote!(permits = PERMITS, per = "1m", key = (host, port), name = "dns"),
        quote!(
            fn f(host: &str, port: u16) -> Result<u32, Error> {
                g(host, port)
            }
        ),
    );
    expect![[""]].assert_eq(&code);
}
