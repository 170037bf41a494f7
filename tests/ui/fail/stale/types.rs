use std::io;
use steadfast::{CircuitBreaker, StaleEvent, StaleFallback, fallback, timeout};

static BREAKER: CircuitBreaker = CircuitBreaker::new();

#[fallback(stale = 2 * SECONDS)]
fn age() -> io::Result<u32> {
    Ok(1)
}

const SECONDS: u64 = 5;

#[fallback(stale = "10m", key = ratio)]
fn key(ratio: f64) -> io::Result<u32> {
    Ok(ratio as u32)
}

#[fallback(stale(BREAKER))]
async fn policy() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale = "10m", on_stale = |event, _| drop(event))]
fn hook() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale = "10m", on_stale = log)]
async fn hook_by_name() -> io::Result<u32> {
    Ok(1)
}

fn log(_event: &str) {}

#[fallback(stale = "10m", on_stale = |event: &StaleEvent<'_, u64>| drop(event.age))]
async fn hook_of_another_type() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale = "10m", on_stale = "log")]
async fn no_hook() -> io::Result<u32> {
    Ok(1)
}

#[fallback(stale = "10m")]
#[timeout("1s")]
async fn needs_a_conversion() -> u32 {
    1
}

struct Client {
    prices: StaleFallback,
    calls: u32,
}

impl Client {
    #[fallback(stale(self.prices))]
    fn plain_field(&mut self) -> io::Result<u32> {
        self.calls += 1;
        Ok(self.calls)
    }
}

fn main() {
    let _ = (age(), key(1.0), policy(), hook(), hook_by_name(), hook_of_another_type(), no_hook(), needs_a_conversion());
    let _ = Client::plain_field;
}
