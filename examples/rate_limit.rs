//! A server that answers 429 to whoever asks more than 20 times a second, asked by three workers: as fast as they can,
//! and under a rate limit that they share.
//!
//! ```sh
//! cargo run --example rate_limit
//! ```

use std::io;
use std::time::Duration;

use reqwest::Client;
use steadfast::{RateLimit, rate_limit, retry};
use steadfast_examples::timeline::{Tone, code, heading, say};
use steadfast_examples::{Error, Metered, client, get};

const WORKERS: usize = 3;
const QUERIES: usize = 10;

/// What the server bears: so many requests in any second.
const SERVER: usize = 20;

/// Shared by all that ask the server. Far below what it bears, with so small a burst that no second has more: 10 of
/// the rate, 2 of the burst, and for each worker a request that was under way and one that passed late.
static GEOCODER: RateLimit = RateLimit::new(10).burst(2).max_wait(Duration::from_secs(5)).name("geocoder");

async fn unlimited(client: &Client, url: &str) -> Result<String, Error> {
    get(client, url).await
}

#[rate_limit(GEOCODER)]
async fn limited(client: &Client, url: &str) -> Result<String, Error> {
    get(client, url).await
}

// Who may not wait in line is told when to come again, and the retry keeps to that.
#[retry(attempts = 3, backoff = none, on_retry = |event| say(Tone::Held, "retry", format_args!("in {:.1?}", event.delay)))]
#[rate_limit(permits = 2, burst = 1)]
async fn impatient(client: &Client, url: &str) -> Result<String, Error> {
    get(client, url).await
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let client = client();

    heading("1. As fast as they can");
    code(include_str!("rate_limit.rs"), "unlimited");
    let server = Metered::start(SERVER).await?;
    let (answered, throttled) = work(async || unlimited(&client, &server.url("/")).await).await;
    say(Tone::Bad, "workers", format_args!("{answered} answers, {throttled} times 429"));

    heading("2. Under a limit that they share");
    code(include_str!("rate_limit.rs"), "limited");
    let server = Metered::start(SERVER).await?;
    let (answered, throttled) = work(async || limited(&client, &server.url("/")).await).await;
    say(Tone::Good, "workers", format_args!("{answered} answers, {throttled} times 429"));
    say(Tone::Good, "server", format_args!("above its rate {} times", server.exceeded()));

    heading("3. Not in line, but again when there is a permit");
    code(include_str!("rate_limit.rs"), "impatient");
    for call in 1..=2 {
        match impatient(&client, &server.url("/")).await {
            Ok(_) => say(Tone::Good, format_args!("call {call}"), "answer"),
            Err(error) => say(Tone::Bad, format_args!("call {call}"), error),
        }
    }
    Ok(())
}

/// Every worker asks one question after the other. How many were answered, and how many throttled.
async fn work(ask: impl AsyncFn() -> Result<String, Error>) -> (usize, usize) {
    let worker = async || {
        let mut answered = 0;
        for _ in 0..QUERIES {
            match ask().await {
                Ok(_) => answered += 1,
                Err(Error::Status { .. }) => {}
                Err(error) => say(Tone::Bad, "worker", error),
            }
        }
        answered
    };
    let (first, second, third) = tokio::join!(worker(), worker(), worker());
    let answered = first + second + third;
    (answered, WORKERS * QUERIES - answered)
}
