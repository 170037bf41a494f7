//! What the shop asks of others, and customers who ask all the time.

use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use steadfast::{bulkhead, circuit_breaker, fallback, hedge, rate_limit, retry, timeout};
use tokio::time::{interval, sleep};

/// Does well, but for one call in fifty.
#[timeout("500ms", name = "search")]
#[circuit_breaker(failure_rate = 0.5, window = 100, min_calls = 50, name = "search", critical = true)]
async fn search(turn: u64) -> io::Result<u64> {
    sleep(Duration::from_millis(2 + turn % 7)).await;
    if turn % 50 == 49 { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(turn) }
}

/// Is down.
#[retry(attempts = 3, backoff = fixed("20ms"), name = "payments")]
#[circuit_breaker(failure_threshold = 5, reset_timeout = "10m", name = "payments", critical = true)]
async fn pay(_turn: u64) -> io::Result<u64> {
    Err(io::ErrorKind::ConnectionRefused.into())
}

/// Takes for ever, and more come.
#[bulkhead(max_concurrent = 4, name = "reports")]
async fn report(_turn: u64) -> io::Result<u64> {
    std::future::pending().await
}

/// Allows less than is asked for.
#[rate_limit(permits = 5, per = "10m", burst = 5, name = "geocoder")]
async fn locate(turn: u64) -> io::Result<u64> {
    Ok(turn)
}

/// Half of the answers are lost, and asked for again.
#[retry(attempts = 5, backoff = fixed("30ms"), name = "catalogue")]
async fn article(turn: u64) -> io::Result<u64> {
    if (turn + u64::from(steadfast::attempt())).is_multiple_of(2) {
        Ok(turn)
    } else {
        Err(io::ErrorKind::TimedOut.into())
    }
}

/// Is slow now and then; for some there is an answer from before, for the others none at all.
#[fallback(Ok(0), name = "recommendations")]
#[hedge(after = "20ms", name = "recommendations")]
#[timeout(percentile(0.9, factor = 2.0, min = "30ms", max = "1s"), name = "recommendations")]
async fn recommend(turn: u64) -> io::Result<u64> {
    sleep(Duration::from_millis(if turn.is_multiple_of(10) { 200 } else { 8 })).await;
    Ok(turn)
}

/// Customers come until the program ends.
pub(crate) async fn open() {
    tokio::join!(
        customers(Duration::from_millis(25), search),
        customers(Duration::from_millis(200), pay),
        customers(Duration::from_millis(300), report),
        customers(Duration::from_millis(500), locate),
        customers(Duration::from_millis(60), article),
        customers(Duration::from_millis(80), recommend),
    );
}

async fn customers<F>(every: Duration, ask: impl Fn(u64) -> F)
where
    F: Future<Output = io::Result<u64>> + Send + 'static,
{
    let (mut every, turns) = (interval(every), AtomicU64::new(0));
    loop {
        every.tick().await;
        // They do not wait for each other, and who gets nothing goes away.
        tokio::spawn(ask(turns.fetch_add(1, Ordering::Relaxed)));
    }
}
