//! Each argument of `#[hedge]`, in each of its forms.

#![deny(warnings)]

use std::io;
use std::sync::Arc;
use std::time::Duration;
use steadfast::{RetryBudget, fallback, hedge, outcome, retry, timeout};

const CALLS: u32 = 3;
static BUDGET: RetryBudget = RetryBudget::new();

fn is_late(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut
}

#[hedge(
    after = "50ms",
    attempts = 3,
    budget = BUDGET,
    on(Err(_)),
    ignore(Err(error) if is_late(error)),
    retry_after = |_| None,
    clone(order),
    name = "orders",
    docs = false,
)]
async fn everything(order: String) -> io::Result<usize> {
    Ok(order.into_bytes().len())
}

#[hedge(after = Duration::from_millis(50), attempts = CALLS, when = is_late)]
async fn expressions() -> io::Result<u16> {
    Ok(1)
}

#[hedge(after = percentile(0.95), attempts = n)]
async fn percentile(n: u32) -> io::Result<u32> {
    Ok(n)
}

#[hedge(
    after = percentile(0.95, factor = 1.5, min = "10ms", max = Duration::from_secs(1), window = "5m", min_calls = 50),
    name = "late",
)]
async fn bounded_percentile() -> io::Result<u16> {
    Ok(1)
}

// A function of the same name.
#[hedge(after = (late::percentile(95)))]
async fn function() -> io::Result<u16> {
    Ok(1)
}

mod late {
    pub fn percentile(millis: u64) -> std::time::Duration {
        std::time::Duration::from_millis(millis)
    }
}

#[hedge(after = after, clone(order, one))]
async fn arguments(after: Duration, mut order: String, (mut one, _): (Vec<u8>, u8)) -> io::Result<usize> {
    order.push('x');
    one.push(1);
    Ok(order.len() + one.len())
}

// In any place of a stack.
#[fallback(Ok(0))]
#[timeout("10s")]
#[retry]
#[hedge(after = "20ms")]
#[hedge(after = "50ms", attempts = 3)]
#[outcome(on(Err(_)))]
#[fallback(other(n).await)]
#[retry(attempts = 2)]
#[timeout("1s")]
async fn stack(n: u32) -> io::Result<u32> {
    Ok(n)
}

async fn other(n: u32) -> io::Result<u32> {
    Ok(n)
}

struct Client {
    late: Duration,
    budget: Arc<RetryBudget>,
    name: String,
}

impl Client {
    #[hedge(after = self.late, budget = self.budget)]
    async fn borrows<'a>(&'a self, or: &'a str) -> io::Result<&'a str> {
        Ok(if self.name.is_empty() { or } else { &self.name })
    }

    #[hedge(after = "50ms")]
    async fn counted(self: Arc<Self>) -> io::Result<usize> {
        Ok(self.name.len())
    }

    // What only looks at `self` may take it by value.
    #[hedge(after = "50ms")]
    async fn by_value(self) -> io::Result<usize> {
        Ok(self.name.len())
    }

    #[hedge(after = "50ms")]
    fn future(&self) -> impl Future<Output = io::Result<usize>> + Send {
        async move { Ok(self.name.len()) }
    }
}

// A `&mut` that a function takes is not shared by the calls.
#[hedge(after = "50ms")]
async fn with(change: impl Fn(&mut u32) + Send + Sync, other: fn(&mut u32)) -> io::Result<u32> {
    let mut n = 1;
    change(&mut n);
    other(&mut n);
    Ok(n)
}

fn is_send<T: Send>(value: T) -> T {
    value
}

fn main() -> io::Result<()> {
    let client = || Client { late: Duration::ZERO, budget: Arc::default(), name: "c".into() };
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        assert_eq!(is_send(everything("tea".into())).await?, 3);
        assert_eq!(is_send(expressions()).await?, 1);
        assert_eq!(is_send(percentile(3)).await?, 3);
        assert_eq!(is_send(bounded_percentile()).await?, 1);
        assert_eq!(is_send(function()).await?, 1);
        assert_eq!(is_send(arguments(Duration::ZERO, "tea".into(), (vec![], 1))).await?, 5);
        assert_eq!(is_send(stack(4)).await?, 4);
        assert_eq!(is_send(client().borrows("d")).await?, "c");
        assert_eq!(is_send(Arc::new(client()).counted()).await?, 1);
        assert_eq!(is_send(client().by_value()).await?, 1);
        assert_eq!(is_send(client().future()).await?, 1);
        assert_eq!(is_send(with(|n| *n += 1, |n| *n += 1)).await?, 3);
        Ok(())
    })
}
