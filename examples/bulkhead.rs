//! A slow payment service does not slow the user service: each has places of its own among those of one server.
//!
//! ```sh
//! cargo run --example bulkhead
//! ```

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use steadfast::{Bulkhead, bulkhead};
use steadfast_examples::timeline::{Tone, code, heading, say};
use steadfast_examples::{Error, Reply, Upstream, client, get};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

// What the shop has in all: connections, memory, threads of a pool. Everything it does takes one of these.
static CONNECTIONS: Bulkhead = Bulkhead::new(8).max_wait(Duration::from_secs(10)).max_queue(100).name("connections");

// Payments never have more than half of it. Two may wait for their turn, but not for long.
#[bulkhead(max_concurrent = 4, max_wait = "100ms", max_queue = 2, name = "payments")]
async fn pay(shop: &Shop) -> Result<String, Error> {
    shop.ask(&shop.payments).await
}

async fn pay_without_limit(shop: &Shop) -> Result<String, Error> {
    shop.ask(&shop.payments).await
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let shop = Shop::open(Reply::ok("paid").after(Duration::from_millis(700))).await?;

    heading("1. Payments take 700 ms today, and twenty customers pay. They take every connection there is.");
    day(&shop, false).await;

    heading("2. The same with a bulkhead: payments have four places, and the user does not notice.");
    code(include_str!("bulkhead.rs"), "pay");
    day(&shop, true).await;
    Ok(())
}

/// Twenty customers pay, and somebody looks at the own page meanwhile.
async fn day(shop: &Shop, limited: bool) {
    let mut customers = JoinSet::new();
    for _ in 0..20 {
        let shop = shop.clone();
        customers.spawn(async move { if limited { pay(&shop).await } else { pay_without_limit(&shop).await } });
    }
    // Until each of them has its place, or none.
    sleep(Duration::from_millis(200)).await;
    user(shop).await;
    let (mut paid, mut turned_away, mut why) = (0, 0, None);
    while let Some(Ok(payment)) = customers.join_next().await {
        match payment {
            Ok(_) => paid += 1,
            Err(error) => {
                turned_away += 1;
                why.get_or_insert(error);
            }
        }
    }
    say(Tone::Good, "customers", format_args!("{paid} paid"));
    if let Some(error) = why {
        say(Tone::Held, "customers", format_args!("{turned_away} turned away: {error}"));
    }
}

#[derive(Clone)]
struct Shop {
    client: Client,
    users: String,
    payments: String,
    // Kept, or they would be gone.
    _servers: Arc<[Upstream; 2]>,
}

impl Shop {
    async fn open(payment: Reply) -> io::Result<Self> {
        let servers = [Upstream::start([Reply::ok("Ada")]).await?, Upstream::start([payment]).await?];
        let [users, payments] = &servers;
        Ok(Self {
            client: client(),
            users: users.url("/users/7"),
            payments: payments.url("/payments"),
            _servers: servers.into(),
        })
    }

    #[bulkhead(CONNECTIONS)]
    async fn ask(&self, url: &str) -> Result<String, Error> {
        get(&self.client, url).await
    }
}

/// A user looks at the own page while the others pay.
async fn user(shop: &Shop) {
    let start = Instant::now();
    let page = shop.ask(&shop.users).await;
    // Loopback answers within milliseconds; whoever waits for the payments waits for hundreds.
    let (tone, how) = if start.elapsed() < Duration::from_millis(300) {
        (Tone::Good, "at once")
    } else {
        (Tone::Bad, "after the payments")
    };
    match page {
        Ok(name) => say(tone, "user", format_args!("{name}, {how}")),
        Err(error) => say(Tone::Bad, "user", error),
    }
}
