//! What `#[timeout]` takes.

#![deny(warnings)]

use std::io;
use std::time::Duration;
use steadfast::timeout;

const LIMIT: Duration = Duration::from_secs(1);

#[timeout("1s")]
async fn literal() -> io::Result<u32> {
    Ok(1)
}

#[timeout(LIMIT * 2, name = "lookup", docs = false)]
async fn expression() -> io::Result<u32> {
    Ok(1)
}

#[timeout(limit)]
async fn argument(limit: Option<Duration>) -> io::Result<u32> {
    assert_eq!(limit, None);
    Ok(1)
}

struct Client {
    limit: Duration,
}

impl Client {
    #[timeout(self.limit, error = |rejection| rejection.to_string())]
    async fn field(&mut self) -> Result<u32, String> {
        self.limit += LIMIT;
        Ok(1)
    }
}

#[timeout("1s", error = |_| ())]
async fn option() -> Option<u32> {
    Some(1)
}

// Later than the one around it, but that is not known before.
#[timeout("1s")]
#[timeout(LIMIT * 2)]
async fn not_judged() -> io::Result<u32> {
    Ok(1)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    assert_eq!(literal().await.unwrap(), 1);
    assert_eq!(expression().await.unwrap(), 1);
    assert_eq!(argument(None).await.unwrap(), 1);
    assert_eq!(Client { limit: LIMIT }.field().await.unwrap(), 1);
    assert_eq!(option().await, Some(1));
    assert_eq!(not_judged().await.unwrap(), 1);
}
