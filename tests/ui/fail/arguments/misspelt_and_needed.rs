//! What was misspelt may have been what is needed, and is not reported as missing as well.

use std::io;
use steadfast::{bulkhead, fallback, hedge, rate_limit, timeout};

#[fallback(stail = "10m", key = id)]
async fn stale(id: u32) -> io::Result<u32> {
    Ok(id)
}

#[fallback(ttl = "10m", max_keys = 3)]
async fn as_elsewhere() -> io::Result<u32> {
    Ok(1)
}

#[bulkhead(max = 4)]
async fn places() -> io::Result<u32> {
    Ok(1)
}

#[hedge(delay = "50ms")]
async fn late() -> io::Result<u32> {
    Ok(1)
}

#[hedge(percentile = 0.95, min = "5ms")]
async fn late_by_percentile() -> io::Result<u32> {
    Ok(1)
}

#[timeout(duration = "1s")]
async fn limit() -> io::Result<u32> {
    Ok(1)
}

#[timeout(nme = "slow")]
async fn no_limit() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile = 0.99, max = "1s")]
async fn percentile() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(rate = "10/s")]
async fn rate() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(something = 10)]
async fn no_rate() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (stale(1), as_elsewhere(), places(), late(), late_by_percentile(), limit(), no_limit(), percentile());
    let _ = (rate(), no_rate());
}
