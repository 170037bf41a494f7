use std::io;
use steadfast::{retry, timeout, CircuitBreaker, RetryBudget};

static BREAKER: CircuitBreaker = CircuitBreaker::new();
static BUDGET: RetryBudget = RetryBudget::new();

#[retry(budget = 0.1)]
fn share() -> io::Result<u32> {
    Ok(1)
}

#[retry(budget(BUDGET))]
fn parentheses() -> io::Result<u32> {
    Ok(1)
}

#[timeout("1s", budget = BUDGET)]
async fn elsewhere() -> io::Result<u32> {
    Ok(1)
}

#[retry(budget = BREAKER)]
async fn another_type() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (share(), parentheses(), elsewhere(), another_type());
}
