use std::future::{Future, Ready, ready};
use std::io;
use std::pin::Pin;
use steadfast::retry;

type Answer = Pin<Box<dyn Future<Output = io::Result<()>>>>;

#[retry]
fn alias() -> Answer {
    let answer = async { Ok(()) };
    Box::pin(answer)
}

#[retry]
fn named() -> Ready<io::Result<()>> {
    ready(Ok(()))
}

fn main() {
    let _ = (alias(), named());
}
