//! A drill: does a shop still answer, and in time, while its price service loses requests, hangs, and is gone?
//!
//! The server is healthy all the time. The faults are put in front of it, by the name of the function that asks, and end
//! when their guards are dropped.
//!
//! ```sh
//! cargo run --example chaos_drill
//! ```

use std::io;
use std::time::Duration;

use reqwest::{Client, StatusCode};
use steadfast::testing::{self, Fault, Injection};
use steadfast::{circuit_breaker, fallback, retry, timeout};
use steadfast_examples::timeline::{Tone, code, heading, say};
use steadfast_examples::{Error, Reply, Upstream, client, get};
use tokio::time::{Instant, sleep};

const VISITORS: usize = 60;
const IN_TIME: Duration = Duration::from_millis(800);

#[fallback(Ok("2.40 a pound, yesterday".to_owned()))]
#[timeout("600ms")]
#[retry(attempts = 3, backoff = exponential("5ms"))]
#[circuit_breaker(failure_threshold = 6, reset_timeout = "1s", name = "prices")]
#[timeout("150ms")]
async fn price(shop: &Shop) -> Result<String, Error> {
    get(&shop.client, &shop.server.url("/price")).await
}

// One thread, so that the seed decides which requests are lost.
#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let server = Upstream::start([Reply::ok("2.50 a pound").after(Duration::from_millis(1))]).await?;
    let shop = Shop { client: client(), server };
    let _seed = testing::seed(21);
    code(include_str!("chaos_drill.rs"), "price");

    drill("1. Nothing is wrong.", &shop, vec![]).await;
    let lost = || Error::Status { status: StatusCode::SERVICE_UNAVAILABLE, retry_after: None };
    drill(
        "2. A fifth of the requests is lost, and some are late.",
        &shop,
        vec![
            testing::chaos("price", Fault::error(lost).share(0.2)),
            testing::chaos("price", Fault::latency(Duration::from_millis(40)).share(0.2)),
        ],
    )
    .await;
    drill("3. One request in ten hangs.", &shop, vec![testing::chaos("price", Fault::hang().share(0.1))]).await;
    drill("4. The price service is gone.", &shop, vec![testing::chaos("price", Fault::error(lost))]).await;

    sleep(Duration::from_millis(1100)).await;
    drill("5. The drill is over, and the breaker lets a request through to see.", &shop, vec![]).await;
    Ok(())
}

/// Visitors come one after the other while the faults are in force.
async fn drill(question: &str, shop: &Shop, faults: Vec<Injection>) {
    heading(question);
    let recorded = testing::record();
    let requests = shop.server.requests().len();
    let (mut late, mut slowest) = (0, Duration::ZERO);
    for _ in 0..VISITORS {
        let start = Instant::now();
        let answer = price(shop).await;
        let took = start.elapsed();
        slowest = slowest.max(took);
        late += usize::from(answer.is_err() || took > IN_TIME);
    }
    let injected: u64 = faults.iter().map(Injection::injected).sum();
    let requests = shop.server.requests().len() - requests;
    let (retries, rejected, old) = (recorded.retries(), recorded.rejections().len(), recorded.fallbacks());
    say(Tone::Plain, "drill", format_args!("{injected} faults, {requests} requests reached the server"));
    say(Tone::Held, "policies", format_args!("{retries} retries, {rejected} rejected, {old} answers of yesterday"));
    let tone = if late == 0 { Tone::Good } else { Tone::Bad };
    let in_time = VISITORS - late;
    say(
        tone,
        "visitors",
        format_args!("{in_time} of {VISITORS} in time, the slowest after {} ms", slowest.as_millis()),
    );
}

struct Shop {
    client: Client,
    server: Upstream,
}
