use std::io;
use steadfast::retry;

#[retry(backoff = exponential("2s"), max_delay = "1s")]
fn base_above_max() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = fixed, max_delay = "500ms")]
fn default_base_above_max() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (base_above_max(), default_base_above_max());
}
