use std::io;
use steadfast::{hedge, retry, CircuitBreaker, RetryBudget};

static BUDGET: RetryBudget = RetryBudget::new();

fn made() -> RetryBudget {
    RetryBudget::new()
}

fn of_another_type() -> &'static CircuitBreaker {
    static BREAKER: CircuitBreaker = CircuitBreaker::new();
    &BREAKER
}

fn shared() -> &'static RetryBudget {
    &BUDGET
}

#[retry(budget = RetryBudget::new().ratio(0.1))]
fn retried() -> io::Result<u32> {
    Ok(1)
}

#[hedge(after = "1s", budget = RetryBudget::new())]
async fn hedged() -> io::Result<u32> {
    Ok(1)
}

#[retry(budget = made())]
fn by_a_function() -> io::Result<u32> {
    Ok(1)
}

#[retry(budget = of_another_type())]
fn no_budget() -> io::Result<u32> {
    Ok(1)
}

// This one works.
#[retry(budget = shared())]
fn by_reference() -> io::Result<u32> {
    Ok(1)
}

fn main() {
    let _ = (retried(), hedged(), by_a_function(), no_budget(), by_reference());
}
