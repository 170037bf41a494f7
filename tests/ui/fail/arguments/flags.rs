use std::io;
use steadfast::{bulkhead, circuit_breaker, fallback, hedge, outcome, rate_limit, retry, timeout, CircuitBreaker, Retry};

#[retry(enabled = "yes", critical = 1)]
fn words() -> io::Result<u32> {
    Ok(7)
}

#[retry(shadow = true)]
#[timeout("1s", shadow = true)]
async fn no_shadow() -> io::Result<u32> {
    Ok(7)
}

#[outcome(critical = true, on(Err(_)))]
#[hedge(after = "50ms", enabled, shadow = false)]
async fn of_no_policy() -> io::Result<u32> {
    Ok(7)
}

static BREAKER: CircuitBreaker = CircuitBreaker::new();
static RETRY: Retry = Retry::new();

#[retry(RETRY, enabled = false)]
#[circuit_breaker(BREAKER, shadow = true, critical = true)]
fn beside_a_handle() -> io::Result<u32> {
    Ok(7)
}

#[fallback(Ok(1), enabled = on)]
#[bulkhead(max_concurrent = 3, shadow = on)]
#[rate_limit(permits = 3, critical = !on)]
fn of_the_call(on: bool) -> io::Result<u32> {
    Ok(u32::from(on))
}

#[circuit_breaker(enabeld = false)]
fn misspelt() -> io::Result<u32> {
    Ok(7)
}

fn main() {
    let _ = (words(), no_shadow(), of_no_policy(), beside_a_handle(), of_the_call(true), misspelt());
}
