//! Four levels of an answer: the service for it, what it said last, a cache that others share, and what everybody buys.
//!
//! ```sh
//! cargo run --example recommendations
//! ```

use std::io;

use reqwest::Client;
use steadfast::{Failure, StaleEvent, fallback, retry, timeout};
use steadfast_examples::timeline::{Tone, code, heading, say};
use steadfast_examples::{Error, Reply, Upstream, ask, client};

// The last resort is the outermost: each fallback answers for all that stands beneath it. A timeout for each source
// keeps a hanging one from using up the patience of the caller.
#[fallback(|error| Ok(popular(&error)))]
#[fallback(|error| shop.cached(user, &error).await)]
#[fallback(stale = "10m", key = user, on_stale = remembered)]
#[retry(attempts = 2, backoff = fixed("50ms"))]
#[timeout("500ms")]
async fn recommended(shop: &Shop, user: u32) -> Result<Items, Error> {
    let names = ask("service", &shop.client, &shop.service.url(&format!("/users/{user}"))).await?;
    Ok(Items { from: "service", names })
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let service = Upstream::start([]).await?;
    let cache = Upstream::start([Reply::ok("cider, perry")]).await?;
    let shop = Shop { client: client(), service, cache };

    heading("The service is well: it answers.");
    code(include_str!("recommendations.rs"), "recommended");
    shop.service.set([Reply::ok("quinces, medlars")]);
    answered(recommended(&shop, 7).await);

    heading("It fails once: the retry is enough.");
    shop.service.set([Reply::Reset, Reply::ok("quinces, medlars")]);
    answered(recommended(&shop, 7).await);

    heading("It hangs: its last answer for this user, which is young enough.");
    shop.service.set([Reply::Hang]);
    answered(recommended(&shop, 7).await);

    heading("It has answered nothing for another user: the cache does.");
    answered(recommended(&shop, 8).await);

    heading("It is down, and the cache has nothing for a third: what everybody buys.");
    shop.service.set([Reply::status(503)]);
    shop.cache.set([Reply::status(404)]);
    answered(recommended(&shop, 9).await);
    Ok(())
}

#[derive(Clone)]
struct Items {
    from: &'static str,
    names: String,
}

struct Shop {
    client: Client,
    service: Upstream,
    cache: Upstream,
}

impl Shop {
    // What comes between a call and its answer had better be quick. No retry: the next level is there for that.
    #[timeout("500ms")]
    async fn cached(&self, user: u32, error: &Error) -> Result<Items, Error> {
        say(Tone::Held, "fallback", format_args!("the cache, because: {error}"));
        let names = ask("cache", &self.client, &self.cache.url(&format!("/users/{user}"))).await?;
        Ok(Items { from: "cache", names })
    }
}

/// The answer itself does not say that it is stale.
fn remembered(event: &StaleEvent<'_, Result<Items, Error>>) {
    let error = match event.failure {
        Failure::Returned(Err(error)) => error,
        Failure::Returned(Ok(_)) => return,
        Failure::Rejected(rejection) => &Error::Rejected(rejection),
    };
    say(Tone::Held, "fallback", format_args!("what it said {}ms ago, because: {error}", event.age.as_millis()));
}

/// Needs nobody, so it can't fail.
fn popular(error: &Error) -> Items {
    say(Tone::Held, "fallback", format_args!("popular items, because: {error}"));
    Items { from: "popular items", names: "apples, pears".to_owned() }
}

fn answered(answer: Result<Items, Error>) {
    match answer {
        Ok(Items { from, names }) => say(Tone::Good, "answer", format_args!("{from}: {names}")),
        Err(error) => say(Tone::Bad, "error", error),
    }
}
