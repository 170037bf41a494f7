use std::io;
use steadfast::{circuit_breaker, fallback, retry, timeout};

#[fallback(Ok(()))]
#[timeout("10s")]
#[retry]
#[circuit_breaker]
#[timeout("1s")]
async fn consumed(order: String) -> io::Result<()> {
    send(order).await
}

async fn send(_: String) -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = consumed(String::new());
}
