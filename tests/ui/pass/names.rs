//! Attributes by path, of others beside ours, renamed at the outer end, and in macros.

#![deny(warnings)]

use std::io;
use steadfast::timeout as deadline;

// Nothing above it has to recognise it by its name.
#[deadline("1s")]
#[steadfast::retry(attempts = 2)]
#[steadfast::timeout("500ms")]
async fn renamed_outermost() -> io::Result<u32> {
    Ok(1)
}

// In this order tokio gets an async function, and ours too.
#[steadfast::retry]
#[tokio::main(flavor = "current_thread")]
#[allow(clippy::unused_async)]
async fn tokio_beneath() -> io::Result<u32> {
    renamed_outermost().await
}

macro_rules! fetches {
    ($krate:path, $($name:ident: $attempts:expr, $delay:literal, $value:expr;)*) => {$(
        #[steadfast::retry(attempts = $attempts, backoff = fixed($delay), on(Ok(v) if *v > 5), crate = $krate)]
        #[steadfast::fallback(Ok($value))]
        #[steadfast::circuit_breaker]
        fn $name() -> io::Result<u32> {
            Ok($value)
        }
    )*};
}

fetches! {
    ::steadfast,
    one: 3, "1s", 1;
    two: 1 + 2, "1ms", 1 + 1;
}

fn main() -> io::Result<()> {
    assert_eq!(tokio_beneath()? + one()? + two()?, 4);
    Ok(())
}
