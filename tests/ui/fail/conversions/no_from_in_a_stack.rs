use std::future::Future;
use std::pin::Pin;
use steadfast::{circuit_breaker, retry, timeout};

type Reply<T> = Result<T, String>;

#[timeout("10s")]
#[retry]
#[circuit_breaker]
#[timeout("1s")]
async fn aliased() -> Reply<u32> {
    Ok(1)
}

#[retry]
#[timeout("1s")]
fn opaque() -> impl Future<Output = Result<impl Sized, String>> {
    async { Ok(1) }
}

#[timeout("1s")]
fn boxed<'a>(name: &'a str) -> Pin<Box<dyn Future<Output = Result<&'a str, String>> + 'a>> {
    Box::pin(async move { Ok(name) })
}

fn main() {
    let _ = aliased();
    let _ = opaque();
    let _ = boxed("");
}
