//! What `#[rate_limit]` takes.

#![deny(warnings)]

use std::io;
use std::sync::Arc;
use std::time::Duration;
use steadfast::{rate_limit, retry, Keyed, RateLimit};

const PERMITS: u32 = 10;
const PER: Duration = Duration::from_secs(1);

static LIMIT: RateLimit = RateLimit::new(PERMITS).per(PER).burst(2).name("limit");
static HOSTS: Keyed<RateLimit> = RateLimit::new(PERMITS).keyed().max_keys(5);

#[rate_limit(permits = 10)]
fn least() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(permits = 600, per = "1m", burst = 5, max_wait = "250ms", name = "search", docs = false)]
async fn literals() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(permits = PERMITS * 2, per = PER, burst = PERMITS, max_wait = PER, key = id, max_keys = 5)]
async fn constants(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[rate_limit(LIMIT)]
fn shared() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(HOSTS, key = (host, 80_u16), error = |rejection| rejection.to_string())]
async fn keyed(host: String) -> Result<String, String> {
    Ok(host)
}

#[retry]
#[rate_limit(permits = 10, clone(host))]
async fn cloned(host: String) -> io::Result<String> {
    Ok(host)
}

struct Client {
    limit: Arc<RateLimit>,
    calls: u32,
}

impl Client {
    #[rate_limit(self.limit)]
    async fn field(&mut self) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }
}

#[rate_limit(permits = 10, error = |_| ())]
fn option() -> Option<u32> {
    Some(1)
}

// Several on one function.
#[rate_limit(permits = 100, per = "1m", burst = 10)]
#[rate_limit(permits = 5, key = host)]
#[rate_limit(LIMIT)]
async fn several(host: &str) -> io::Result<usize> {
    Ok(host.len())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(least().unwrap(), 1);
    assert_eq!(literals().await.unwrap(), 1);
    assert_eq!(constants(7).await.unwrap(), 7);
    assert_eq!(shared().unwrap(), 1);
    assert_eq!(keyed("a".to_owned()).await.unwrap(), "a");
    assert_eq!(cloned("a".to_owned()).await.unwrap(), "a");
    assert_eq!(Client { limit: Arc::new(RateLimit::new(1)), calls: 0 }.field().await.unwrap(), 1);
    assert_eq!(option(), Some(1));
    assert_eq!(several("a").await.unwrap(), 1);
}
