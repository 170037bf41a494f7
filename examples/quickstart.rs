//! What each policy does, seen against a real server that fails as it is told to.
//!
//! ```sh
//! cargo run --example quickstart
//! ```

use std::io;
use std::time::Duration;

use reqwest::Client;
use steadfast::{Classify as _, Failure, GiveUpEvent, RetryEvent, State, StateChange};
use steadfast::{circuit_breaker, fallback, retry, timeout};
use steadfast_examples::timeline::{Tone, code, heading, say};
use steadfast_examples::{Error, Reply, Upstream, ask, client};
use tokio::time::sleep;

// Without jitter every run tells the same story. Leave it on elsewhere: it keeps clients from coming back all at once.
#[retry(attempts = 5, backoff = exponential("50ms"), jitter = none, on_retry = again)]
#[timeout("500ms")]
async fn price(shop: &Shop) -> Result<String, Error> {
    shop.get("/price").await
}

#[circuit_breaker(failure_threshold = 3, reset_timeout = "1s", on_state_change = changed)]
async fn stock(shop: &Shop) -> Result<String, Error> {
    shop.get("/stock").await
}

// The breaker counts each attempt, because it stands beneath the retry; the first timeout is the limit for all of them.
#[fallback(Ok(bestsellers()))]
#[timeout("2s")]
#[retry(attempts = 5, backoff = exponential("50ms"), jitter = none, on_retry = again, on_give_up = gave_up)]
#[circuit_breaker(failure_threshold = 3, on_state_change = changed)]
#[timeout("500ms")]
async fn recommended(shop: &Shop) -> Result<String, Error> {
    shop.get("/recommended").await
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let shop = Shop { client: client(), server: Upstream::start([]).await? };
    let source = include_str!("quickstart.rs");

    heading("1. A call that fails is made again, later each time. One that hangs is ended, and made again.");
    code(source, "price");
    let throttled = Reply::throttled(Duration::from_secs(1));
    shop.server.set([Reply::Reset, Reply::Hang, Reply::status(503), throttled, Reply::ok("2.50 a pound")]);
    result("call 1", price(&shop).await);

    heading("2. A server that is down is left alone for a while. Then one call finds out whether it is up again.");
    code(source, "stock");
    let before = shop.asked();
    shop.server.set([Reply::status(503)]);
    for call in ["call 1", "call 2", "call 3", "call 4", "call 5"] {
        result(call, stock(&shop).await);
    }
    shop.server.set([Reply::ok("12 pounds")]);
    say(Tone::Plain, "server", "is up again, but nobody knows");
    sleep(Duration::from_secs(1)).await;
    result("call 6", stock(&shop).await);
    say(Tone::Plain, "server", format_args!("was asked {} times in 6 calls", shop.asked() - before));

    heading("3. All of it, the first attribute outermost. Whatever happens, there is an answer.");
    code(source, "recommended");
    let before = shop.asked();
    shop.server.set([Reply::status(503)]);
    result("call 1", recommended(&shop).await);
    result("call 2", recommended(&shop).await);
    say(Tone::Plain, "server", format_args!("was asked {} times in 2 calls", shop.asked() - before));
    Ok(())
}

struct Shop {
    client: Client,
    server: Upstream,
}

impl Shop {
    async fn get(&self, path: &str) -> Result<String, Error> {
        ask("server", &self.client, &self.server.url(path)).await
    }

    fn asked(&self) -> usize {
        self.server.requests().len()
    }
}

/// What the caller gets.
fn result(call: &str, answer: Result<String, Error>) {
    match answer {
        Ok(answer) => say(Tone::Good, call, format_args!("answer: {answer}")),
        Err(Error::Rejected(rejection)) => say(Tone::Bad, call, format_args!("rejected: {rejection}")),
        Err(error) => say(Tone::Bad, call, format_args!("error: {error}")),
    }
}

fn again(event: &RetryEvent<'_, Result<String, Error>>) {
    let hint = match event.outcome {
        // A server that hangs has said nothing so far.
        Failure::Rejected(rejection) => {
            say(Tone::Bad, "timeout", rejection);
            None
        }
        Failure::Returned(answer) => answer.as_ref().err().and_then(|error| error.class().retry_after()),
    };
    let hint = hint.map(|hint| format!(": {hint:?} as the server asks, and the usual delay")).unwrap_or_default();
    say(Tone::Held, "retry", format_args!("attempt {} in {:?}{hint}", event.attempt + 1, event.delay));
}

fn gave_up(event: &GiveUpEvent<'_, Result<String, Error>>) {
    match event.outcome {
        Failure::Rejected(rejection) => say(Tone::Held, "retry", format_args!("no more: {rejection}")),
        Failure::Returned(_) => say(Tone::Held, "retry", format_args!("no more after attempt {}", event.attempts)),
    }
}

fn changed(change: &StateChange) {
    let failures = change.counts.consecutive_failures;
    match change.to {
        State::Open => say(Tone::Bad, "breaker", format_args!("open: {failures} failures in a row")),
        State::HalfOpen => say(Tone::Held, "breaker", "half-open: this call is a probe"),
        _ => say(Tone::Good, "breaker", "closed: the probe succeeded"),
    }
}

fn bestsellers() -> String {
    say(Tone::Held, "fallback", "the bestsellers will do");
    "apples, pears".to_owned()
}
