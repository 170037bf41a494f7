//! No lint fires at an annotated function that does not fire at the plain one: with `-D warnings` under clippy, the
//! modules here do not compile otherwise. The functions of a library are in `lints/public.rs`.

mod lints {
    mod async_trait;
    mod restriction;
}

use std::sync::Arc;
use std::time::Duration;

use steadfast_tests::public::{self, Ask as _, Client, Error};

/// The functions are not only linted: they do as they say.
#[tokio::test(start_paused = true)]
async fn the_library_works() {
    let text = || "text".to_owned();
    assert_eq!(public::every_retry_setting(1, text()).await, Ok(5));
    assert_eq!(public::every_retry_setting(404, text()).await, Err(Error::NotFound));
    assert_eq!(public::expressions(0, 2, Duration::from_secs(1)).await, Err(Error::Down));
    assert_eq!(public::every_breaker_setting(1).await, Ok(1));
    assert_eq!(public::breaker(1), Ok(1));
    assert_eq!(public::full(77).await, Ok(78));
    assert_eq!(public::full_blocking(77), Ok(0));
    assert_eq!(public::option(1).await, Some(1));
    public::nothing(0).await;
    public::nothing_blocking(0);
    assert_eq!(public::shared_argument(text()), Ok(4));
    assert_eq!(public::generic(&mut [0, 0, 3].into_iter(), &(), |()| 1).await, Ok(4));
    assert_eq!(public::lends(&1, "text").await, Ok("text"));
    assert_eq!(public::iterator(3).await.unwrap().count(), 3);
    assert_eq!(public::recursive(9).await, Ok(5));
    assert_eq!(public::future(9).await, Ok(9));

    let _sleeps = steadfast::testing::record_sleeps();
    assert_eq!(public::blocking(0, text()), Err(Error::Down));
    let mut client = Client::default();
    assert_eq!(client.by_ref(1).await, Ok(1));
    assert_eq!(client.by_mut(1, "host").await, Ok(1));
    assert_eq!(client.blocking(1), Ok(1));
    assert_eq!(client.by_default(0).await, Err(Error::Down));
    assert_eq!(client.required(0).await, Ok(0));
    let client = client.by_value(3).await.unwrap();
    assert_eq!(Arc::new(client).arc(1).await, Ok(6));
}
