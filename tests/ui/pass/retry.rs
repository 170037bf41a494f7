//! Each argument of `#[retry]`, in each of its forms.

#![deny(warnings)]

use std::io;
use std::sync::Arc;
use std::time::Duration;
use steadfast::{Backoff, GiveUpEvent, Nested, Retry, RetryBudget, RetryEvent, retry};

const ATTEMPTS: u32 = 4;
const DELAY: Duration = Duration::from_millis(1);
static POLICY: Retry = Retry::new().attempts(2);
static BUDGET: RetryBudget = RetryBudget::new().ratio(0.2).min_per_second(3).window(Duration::from_secs(5)).name("all");
static BUDGETED: Retry = POLICY.budget(&BUDGET).nested(Nested::Once);

fn delay(attempt: u32) -> Duration {
    DELAY * attempt
}

fn is_reset(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionReset
}

fn told(_: &RetryEvent<'_, io::Result<u32>>) {}

#[retry()]
fn defaults() -> io::Result<u32> {
    Ok(1)
}

#[retry(
    attempts = ATTEMPTS,
    backoff = exponential(DELAY, factor = 1.5),
    jitter = 0.5,
    max_delay = "1m",
    max_duration = DELAY * 1000,
    rejections(timeout, rate_limited, bulkhead_full, circuit_open,),
    budget = BUDGET,
    nested = once,
    on(Err(e) if is_reset(e), Ok(0 | 7)),
    ignore(Err(e) if e.kind() == io::ErrorKind::NotFound),
    on_retry = told,
    on_give_up = |event: &GiveUpEvent<'_, _>| assert!(event.attempts > 0),
    name = "everything",
    docs = false,
    crate = steadfast,
)]
fn everything() -> io::Result<u32> {
    Ok(1)
}

#[retry(attempts = unlimited, max_duration = "1h30m", backoff = none, jitter = none)]
fn unlimited() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = fixed, jitter = full, when = is_reset, retry_after = |_| None)]
fn bare_curve() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = delay, retry_after(Err(_) => "5s", Ok(n) => Some(DELAY * *n)))]
fn function_as_curve() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = Backoff::linear(DELAY), when = |error| error.kind() == io::ErrorKind::TimedOut)]
fn value_as_curve() -> io::Result<u32> {
    Ok(1)
}

#[retry(backoff = |attempt| DELAY * attempt)]
fn closure_as_curve() -> io::Result<u32> {
    Ok(1)
}

#[retry(POLICY, on(Err(_)), rejections(), on_retry = |event| assert_eq!(event.attempt, 1))]
fn shared() -> io::Result<u32> {
    Ok(1)
}

// Parentheses make an expression of what would be an argument.
#[retry((on(POLICY)))]
fn parenthesised() -> io::Result<u32> {
    Ok(1)
}

#[retry(crate::on(self::POLICY))]
fn path_into_the_crate() -> io::Result<u32> {
    Ok(1)
}

#[retry(BUDGETED, nested = multiply)]
fn shared_with_budget() -> io::Result<u32> {
    Ok(1)
}

#[retry(POLICY, budget = &BUDGET, on(Err(_)))]
fn shared_beside_budget() -> io::Result<u32> {
    Ok(1)
}

struct Client {
    plain: RetryBudget,
    shared: Arc<RetryBudget>,
}

impl Client {
    #[retry(budget = self.plain)]
    async fn by_field(&self) -> io::Result<u32> {
        Ok(1)
    }

    #[retry(budget = self.shared)]
    #[retry(POLICY, budget = self.shared, nested = once)]
    async fn by_arc(&mut self) -> io::Result<u32> {
        self.plain.reset();
        Ok(1)
    }

    #[retry(budget = budget, clone(budget))]
    async fn by_argument(&self, budget: Arc<RetryBudget>) -> io::Result<u32> {
        drop(budget);
        Ok(1)
    }
}

fn on(policy: Retry) -> &'static Retry {
    assert_eq!(policy.name("x").attempts(2).name("x").limit(), 2);
    &POLICY
}

trait Limit {
    fn limit(&self) -> u32;
}

impl Limit for Retry {
    fn limit(&self) -> u32 {
        2
    }
}

fn main() -> io::Result<()> {
    let all = [defaults, everything, unlimited, bare_curve, function_as_curve, value_as_curve];
    let more = [closure_as_curve, shared, parenthesised, path_into_the_crate];
    let budgets = [shared_with_budget, shared_beside_budget];
    for fetch in all.iter().chain(&more).chain(&budgets) {
        assert_eq!(fetch()?, 1);
    }
    fn sent<T: Send>(_: T) {}
    let mut client = Client { plain: RetryBudget::new(), shared: Arc::default() };
    sent(client.by_field());
    sent(client.by_arc());
    sent(client.by_argument(Arc::default()));
    Ok(())
}
