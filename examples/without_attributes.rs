//! The policies as values, for code that no attribute can stand above: settings from a file, a closure, a library's
//! callback. They have the names and defaults of the attributes.
//!
//! ```sh
//! cargo run --example without_attributes
//! ```

use std::io;
use std::time::Duration;

use reqwest::Client;
use steadfast::{Backoff, CircuitBreaker, GiveUpEvent, Jitter, Retry, RetryEvent, StateChange, Timeout};
use steadfast_examples::timeline::{Tone, heading, say};
use steadfast_examples::{Error, Reply, Upstream, ask, client};

// All of them are `const` to make. Hooks are functions, since a `static` has nothing to capture.
static TOTAL: Timeout = Timeout::new(Duration::from_secs(2)).name("shop, in all");
static RETRY: Retry = Retry::new()
    .attempts(4)
    .backoff(Backoff::exponential(Duration::from_millis(50)))
    // For a story that is the same every time. The default spreads the delays.
    .jitter(Jitter::None)
    .on_retry(again)
    .on_give_up(gave_up);
static BREAKER: CircuitBreaker = CircuitBreaker::new().name("shop").failure_threshold(3).on_state_change(changed);
static ATTEMPT: Timeout = Timeout::new(Duration::from_millis(500)).name("shop");

/// As with attributes: the outermost policy comes first, and the fallback, which needs no policy of its own, is what
/// handles the error.
async fn price(client: &Client, url: &str) -> Result<String, Error> {
    let attempt = || BREAKER.call(ATTEMPT.call(ask("server", client, url)));
    TOTAL.call(RETRY.call(attempt)).await.or_else(yesterdays)
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let server = Upstream::start([]).await?;
    let (client, url) = (client(), server.url("/price"));

    heading("It resets, then it hangs, then it is well.");
    server.set([Reply::Reset, Reply::Hang, Reply::ok("2.50 a pound")]);
    answered(price(&client, &url).await);

    heading("It is down. The breaker opens, which ends the retries.");
    server.set([Reply::status(503)]);
    answered(price(&client, &url).await);

    heading("Nobody asks it now.");
    answered(price(&client, &url).await);

    heading("An operator closes the breaker by hand.");
    server.set([Reply::ok("2.60 a pound")]);
    BREAKER.reset();
    answered(price(&client, &url).await);
    Ok(())
}

/// The error says which answers are final: what does not exist today had no price yesterday.
fn yesterdays(error: Error) -> Result<String, Error> {
    match error {
        Error::Status { status, .. } if status.is_client_error() => Err(error),
        _ => {
            say(Tone::Bad, "fallback", error);
            Ok("2.40 a pound, yesterday".to_owned())
        }
    }
}

// A policy that is a value serves calls of any type, so its hooks are not told what came out of a call.
fn again(event: &RetryEvent<'_>) {
    say(Tone::Held, "retry", format_args!("attempt {} in {:?}", event.attempt + 1, event.delay));
}

fn gave_up(event: &GiveUpEvent<'_>) {
    say(Tone::Held, "retry", format_args!("no more after attempt {}: {:?}", event.attempts, event.reason));
}

fn changed(change: &StateChange) {
    say(Tone::Held, "breaker", format_args!("{:?} -> {:?}: {:?}", change.from, change.to, change.reason));
}

fn answered(answer: Result<String, Error>) {
    match answer {
        Ok(answer) => say(Tone::Good, "answer", answer),
        Err(error) => say(Tone::Bad, "error", error),
    }
}
