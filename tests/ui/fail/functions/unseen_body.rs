use std::future::Future;
use std::io;
use std::pin::Pin;
use steadfast::{retry, timeout};

async fn inner() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1s")]
fn passed_on() -> impl Future<Output = io::Result<u32>> {
    inner()
}

#[retry]
fn boxed() -> Pin<Box<dyn Future<Output = io::Result<u32>>>> {
    let call = inner();
    Box::pin(call)
}

#[retry]
fn returned_early(now: bool) -> Pin<Box<dyn Future<Output = io::Result<u32>>>> {
    if now {
        return Box::pin(async { Ok(2) });
    }
    Box::pin(inner())
}

fn main() {
    let _ = (passed_on(), boxed(), returned_early(true));
}
