//! What `#[fallback(stale = ..)]` takes.

#![deny(warnings)]

use std::io;
use std::sync::Arc;
use std::time::Duration;
use steadfast::{StaleEvent, StaleFallback, fallback, outcome, retry, timeout};

const AGE: Duration = Duration::from_secs(600);
const KEYS: usize = 5;

static PRICES: StaleFallback = StaleFallback::new(AGE).max_keys(KEYS).name("prices").on_stale(|_| ());

#[fallback(stale = "10m")]
fn least(fails: bool) -> io::Result<u32> {
    if fails { Err(io::Error::other("down")) } else { Ok(1) }
}

#[fallback(stale = "1h30m", key = host, max_keys = 100, on_stale = |event| { let _ = event.age; }, name = "hosts", docs = false)]
async fn literals(host: String, fails: bool) -> io::Result<String> {
    if fails { Err(io::Error::other("down")) } else { Ok(host) }
}

#[fallback(stale = 2 * AGE, key = (id, "x"), max_keys = KEYS * 2, on_stale = log, on(Ok(0)), when = |_| true)]
async fn expressions(id: u32, fails: bool) -> io::Result<u32> {
    if fails { Err(io::Error::other("down")) } else { Ok(id) }
}

fn log(event: &StaleEvent<'_, io::Result<u32>>) {
    drop(event.policy.to_owned());
}

#[fallback(stale(PRICES), key = ())]
fn shared(fails: bool) -> io::Result<u32> {
    if fails { Err(io::Error::other("down")) } else { Ok(1) }
}

struct Client {
    prices: Arc<StaleFallback>,
    max_age: Duration,
    calls: u32,
}

impl Client {
    #[fallback(stale(self.prices), on_stale = |event: &StaleEvent<'_, _>| assert!(event.failure.rejection().is_none()))]
    async fn shared(&mut self, fails: bool) -> io::Result<u32> {
        self.calls += 1;
        if fails { Err(io::Error::other("down")) } else { Ok(1) }
    }

    #[fallback(stale = self.max_age, key = self.calls > 100)]
    fn own_age(&self, fails: bool) -> io::Result<u32> {
        if fails { Err(io::Error::other("down")) } else { Ok(1) }
    }
}

// A function of the user that has the answer, in parentheses or not.
#[fallback((stale(id)))]
fn called_so(id: u32) -> io::Result<u32> {
    Err(io::Error::other(format!("{id}")))
}

#[fallback(stale(id).map_err(Into::into))]
fn called_so_with_more(id: u32) -> Result<u32, Box<dyn std::error::Error>> {
    Err("down".into())
}

fn stale(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[fallback(Ok(0))]
#[fallback(stale = "10m", key = id)]
#[timeout("10s")]
#[retry(attempts = 2, backoff = none)]
#[fallback(other(id).await)]
#[outcome(ignore(Err(_)), error = io::Error::other)]
async fn stack(id: u32) -> io::Result<u32> {
    Err(io::Error::other(format!("{id}")))
}

async fn other(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut client = Client { prices: Arc::new(StaleFallback::new(AGE)), max_age: AGE, calls: 0 };
    for fails in [false, true] {
        assert_eq!(least(fails).unwrap(), 1);
        assert_eq!(literals("a".to_owned(), fails).await.unwrap(), "a");
        assert_eq!(expressions(7, fails).await.unwrap(), 7);
        assert_eq!(shared(fails).unwrap(), 1);
        assert_eq!(client.shared(fails).await.unwrap(), 1);
        assert_eq!(client.own_age(fails).unwrap(), 1);
    }
    assert_eq!(called_so(3).unwrap(), 3);
    assert_eq!(called_so_with_more(3).unwrap(), 3);
    assert!(stack(3).await.is_err());
}
