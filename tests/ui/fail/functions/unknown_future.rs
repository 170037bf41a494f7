use std::future::Future;
use std::io;
use std::pin::Pin;
use steadfast::retry;

type Reply = Pin<Box<dyn Future<Output = io::Result<u32>> + Send>>;

#[retry]
fn aliased() -> Reply {
    Box::pin(async move { Ok(1) })
}

#[retry]
fn in_a_trait() -> impl IntoFuture<Output = io::Result<u32>> {
    async { Ok(1) }
}

fn main() {
    let _ = aliased();
    let _ = in_a_trait();
}
