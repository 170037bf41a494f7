//! A server that is quick but for one request in fifty, and how long its callers wait: with one request for each call,
//! and with a second one where the first is late.
//!
//! ```sh
//! cargo run --example hedge
//! ```

use std::io;
use std::time::Duration;

use reqwest::Client;
use steadfast::{RetryBudget, hedge};
use steadfast_examples::timeline::{Tone, code, heading, say};
use steadfast_examples::{Error, Reply, Upstream, client, get};
use tokio::time::Instant;

const CALLS: usize = 200;
const USUAL: Duration = Duration::from_millis(4);
const SLOW: Duration = Duration::from_millis(600);

// Whatever the server does, there is at most one second request for ten calls, besides ten that are granted anyway.
static REPLICAS: RetryBudget = RetryBudget::new().ratio(0.1);

async fn plain(shop: &Shop) -> Result<String, Error> {
    shop.price().await
}

// Late is what takes longer than 95 of 100 requests did lately, and 100 ms while too few have been made to say.
#[hedge(after = percentile(0.95, max = "100ms"), budget = REPLICAS)]
async fn hedged(shop: &Shop) -> Result<String, Error> {
    shop.price().await
}

#[tokio::main]
async fn main() -> io::Result<()> {
    heading("1. Two of a hundred requests meet a replica that is busy. That is the 99th percentile of the callers.");
    code(include_str!("hedge.rs"), "plain");
    let shop = Shop::open().await?;
    let waits = wait(async || plain(&shop).await).await;
    waits.say("plain", &shop);

    heading("2. A second request meets another replica. Whichever answers first wins, and the other is dropped.");
    code(include_str!("hedge.rs"), "hedged");
    let shop = Shop::open().await?;
    let waits = wait(async || hedged(&shop).await).await;
    waits.say("hedged", &shop);
    let budget = REPLICAS.counts();
    say(Tone::Plain, "budget", format_args!("{} calls, {} requests added", budget.calls, budget.retries));
    Ok(())
}

struct Shop {
    client: Client,
    server: Upstream,
}

impl Shop {
    /// One request in fifty is slow, whoever makes it.
    async fn open() -> io::Result<Self> {
        let usual = Reply::ok("2.50 a pound").after(USUAL);
        let slow = Reply::ok("2.50 a pound, at last").after(SLOW);
        let replies = (1..=2 * CALLS).map(|request| if request % 50 == 0 { slow.clone() } else { usual.clone() });
        Ok(Self { client: client(), server: Upstream::start(replies).await? })
    }

    async fn price(&self) -> Result<String, Error> {
        get(&self.client, &self.server.url("/price")).await
    }
}

/// How long each call took, the shortest first.
struct Waits(Vec<Duration>);

async fn wait(call: impl AsyncFn() -> Result<String, Error>) -> Waits {
    say(Tone::Plain, "caller", format_args!("makes {CALLS} calls, one after the other"));
    let mut waits = Vec::new();
    for _ in 0..CALLS {
        let start = Instant::now();
        if let Err(error) = call().await {
            say(Tone::Bad, "call", error);
        }
        waits.push(start.elapsed());
    }
    waits.sort_unstable();
    Waits(waits)
}

impl Waits {
    fn say(&self, who: &str, shop: &Shop) {
        let [p50, p99, max] = [50, 99, 100].map(|percent| self.percentile(percent).as_millis());
        let tone = if self.percentile(99) < SLOW { Tone::Good } else { Tone::Bad };
        let requests = shop.server.requests().len();
        say(tone, who, format_args!("p50 {p50:>3} ms   p99 {p99:>3} ms   max {max:>3} ms   {requests} requests"));
    }

    /// No longer than this took so many of a hundred calls.
    fn percentile(&self, percent: usize) -> Duration {
        self.0[(self.0.len() * percent).div_ceil(100) - 1]
    }
}
