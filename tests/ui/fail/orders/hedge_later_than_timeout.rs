use std::io;
use steadfast::{bulkhead, hedge, retry, timeout};

#[timeout("1s")]
#[bulkhead(max_concurrent = 9)]
#[hedge(after = "2s")]
async fn later() -> io::Result<u32> {
    Ok(1)
}

#[timeout(percentile(0.99, max = "1s"))]
#[hedge(after = percentile(0.95, min = "1s"))]
async fn by_latencies() -> io::Result<u32> {
    Ok(1)
}

// These work: the retry starts a hedge anew, and the timeout beneath ends a call, after which the next one starts.
#[timeout("1s")]
#[retry(max_delay = "1s")]
#[hedge(after = "2s")]
#[timeout("500ms")]
async fn anew() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (later(), by_latencies(), anew());
}
