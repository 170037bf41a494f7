use std::io;
use steadfast::{rate_limit, CircuitBreaker, Keyed, RateLimit};

static LIMIT: RateLimit = RateLimit::new(10);
static HOSTS: Keyed<RateLimit> = RateLimit::new(10).keyed();
static BREAKER: CircuitBreaker = CircuitBreaker::new();

#[rate_limit(LIMIT, permits = 3, per = "1s", burst = 3, max_wait = "1s", name = "maps")]
fn settings_beside() -> io::Result<u32> {
    Ok(1)
}

#[rate_limit(LIMIT, key = host)]
fn key_of_one(host: &str) -> io::Result<usize> {
    Ok(host.len())
}

#[rate_limit(HOSTS)]
fn no_key(host: &str) -> io::Result<usize> {
    Ok(host.len())
}

#[rate_limit(BREAKER)]
async fn another_policy() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (settings_beside(), key_of_one(""), no_key(""), another_policy());
}
