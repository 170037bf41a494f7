// What the crates of each edition share, included by path. They depend on `steadfast` alone.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{
    CircuitBreaker, Rejection, bulkhead, circuit_breaker, fallback, hedge, outcome, policies, rate_limit, resilient,
    retry, timeout,
};

/// What may go wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The body.
    Body,
    /// A fallback.
    Handled,
    /// A policy.
    Rejected,
}

impl From<Rejection> for Error {
    fn from(_: Rejection) -> Self {
        Error::Rejected
    }
}

/// Tells how often it has been asked.
#[derive(Debug, Default)]
pub struct Client {
    /// How often.
    pub calls: u32,
    /// For the functions that have none of their own.
    pub breaker: Arc<CircuitBreaker>,
    log: Vec<String>,
}

impl Client {
    async fn step(&mut self) -> Result<u32, Error> {
        self.calls += 1;
        if self.calls.is_multiple_of(3) { Ok(self.calls) } else { Err(Error::Body) }
    }

    /// Docs.
    #[fallback(Err(Error::Handled))]
    #[timeout("10s")]
    #[retry(attempts = attempts, backoff = none, on(Err(Error::Body)), clone(text))]
    #[circuit_breaker(self.breaker)]
    #[timeout("1s", error = |_| Error::Rejected)]
    pub async fn full(&mut self, attempts: u32, text: String, log: &mut Vec<u32>) -> Result<u32, Error> {
        log.push(attempts);
        self.log.push(text);
        let calls = self.step().await?;
        Ok(calls)
    }

    /// Each part of `self` is captured by itself since 2021.
    #[fallback(Ok(self.calls))]
    #[retry(backoff = none, clone)]
    #[circuit_breaker(key = text.len(), ignore(Err(Error::Rejected)))]
    pub fn blocking(&mut self, text: String) -> Result<u32, Error> {
        let (calls, log) = (&mut self.calls, &mut self.log);
        let mut push = |text| log.push(text);
        *calls += 1;
        push(text);
        if *calls < 3 {
            return Err(Error::Body);
        }
        Ok(*calls)
    }

    /// By value.
    #[timeout("1s")]
    #[circuit_breaker]
    pub async fn by_value(mut self, texts: [String; 2]) -> Result<Self, Error> {
        let [one, other] = texts;
        self.log.push(one + &other);
        Ok(self)
    }

    /// A future as it is written in each edition.
    #[retry(backoff = none)]
    #[timeout("1s")]
    pub fn boxed<'a>(&'a mut self) -> Pin<Box<dyn Future<Output = Result<u32, Error>> + Send + 'a>> {
        Box::pin(async move { self.step().await })
    }
}

/// Blocks, and is `unsafe` to call.
///
/// # Safety
/// `number` is valid.
#[retry(backoff = none)]
#[circuit_breaker]
#[allow(unused_unsafe)]
pub unsafe fn read_now(number: *const u32) -> Result<u32, Error> {
    let number = unsafe { *number };
    if steadfast::attempt() < 3 {
        return Err(Error::Body);
    }
    Ok(number)
}

/// Waits, and is `unsafe` to call.
///
/// # Safety
/// `number` is valid.
#[fallback(Err(Error::Handled))]
#[retry(backoff = none)]
#[allow(unused_unsafe)]
pub async unsafe fn read(number: *const u32, fails: bool) -> Result<u32, Error> {
    let number = unsafe { *number };
    if fails || steadfast::attempt() < 3 {
        Err(Error::Body)?;
    }
    Ok(number)
}

/// Written by a macro, in which `$e:expr`, `$p:pat` and the lifetimes of arguments differ between editions.
macro_rules! by_macro {
    ($name:ident, $answer:expr, $pattern:pat, $body:block) => {
        /// Docs.
        #[fallback($answer)]
        #[retry(backoff = none, on($pattern))]
        #[timeout("1s")]
        pub async fn $name(_text: &str) -> Result<usize, Error> $body
    };
}

by_macro!(written, Err(Error::Handled), Err(Error::Body), {
    if steadfast::attempt() < 3 {
        return Err(Error::Body);
    }
    Ok(7)
});

/// Returns what borrows, or not, by the edition's rules.
#[retry(backoff = none)]
#[timeout("1s")]
pub async fn borrows<'a>(_count: &u32, items: &'a [u32]) -> Result<impl Iterator<Item = u32> + 'a, Error> {
    if steadfast::attempt() < 3 {
        return Err(Error::Body);
    }
    Ok(items.iter().copied())
}

/// Answers for all.
#[outcome(on(Ok(0)), error = |_| Error::Rejected)]
#[fallback(Err(Error::Handled))]
#[retry(attempts = 2, backoff = |n| Duration::from_millis(n.into()))]
#[circuit_breaker(failure_threshold = 2)]
pub async fn unwanted(number: u32) -> Result<u32, Error> {
    Ok(number)
}

/// A temporary in the last expression lives as long as the edition says.
#[retry(backoff = none)]
#[circuit_breaker]
pub fn temporaries(numbers: &std::sync::Mutex<Vec<u32>>) -> Result<usize, Error> {
    if steadfast::attempt() < 3 {
        numbers.lock().unwrap().push(1);
        return Err(Error::Body);
    }
    match numbers.lock().unwrap().len() {
        0 => Err(Error::Body),
        length => Ok(length),
    }
}

/// The last success.
#[fallback(stale = "1m", key = (id, name), max_keys = 2)]
#[rate_limit(permits = 100, per = "1s", max_wait = "1s", key = id)]
#[bulkhead(adaptive(min = 2, max = 9))]
#[timeout(percentile(0.9, max = "1s"))]
pub async fn stale(id: u32, name: &str, fails: bool) -> Result<usize, Error> {
    if fails {
        return Err(Error::Body);
    }
    Ok(name.len())
}

/// The better of two.
#[hedge(after = "1s", clone(text))]
#[bulkhead(max_concurrent = 2)]
pub async fn hedged(text: String, calls: &std::cell::Cell<u32>) -> Result<String, Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 1 {
        std::future::pending::<()>().await;
    }
    Ok(text)
}

policies! {
    /// Of the crate.
    pub set: [fallback(Err($crate::Error::Handled)), retry(backoff = none, clone(text)), own circuit_breaker, timeout("1s")]
}

/// By a name.
#[resilient(set)]
pub async fn of_a_set(text: String) -> Result<String, Error> {
    if text.is_empty() || steadfast::attempt() < 3 {
        Err(Error::Body)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send<T: Send>(future: T) -> T {
        future
    }

    #[tokio::test(start_paused = true)]
    async fn each() {
        let mut client = Client::default();
        let mut log = Vec::new();
        assert_eq!(send(client.full(3, "a".to_owned(), &mut log)).await, Ok(3));
        assert_eq!((log.len(), client.log.len()), (3, 3));
        assert_eq!(send(client.full(1, "a".to_owned(), &mut log)).await, Err(Error::Handled));

        let mut client = Client::default();
        assert_eq!(client.blocking("a".to_owned()), Ok(3));
        assert_eq!(client.log, ["a", "a", "a"]);
        let texts = [String::from("b"), String::from("c")];
        assert_eq!(send(client.by_value(texts)).await.unwrap().log.last().unwrap(), "bc");
        assert_eq!(send(Client::default().boxed()).await, Ok(3));

        let number = 7;
        assert_eq!(unsafe { read_now(&number) }, Ok(7));
        assert_eq!(unsafe { read(&number, false) }.await, Ok(7));
        assert_eq!(unsafe { read(&number, true) }.await, Err(Error::Handled));
        assert_eq!(send(written("text")).await, Ok(7));
        assert_eq!(send(borrows(&1, &[1, 2])).await.unwrap().sum::<u32>(), 3);
        assert_eq!(send(unwanted(1)).await, Ok(1));
        assert_eq!(send(unwanted(0)).await, Err(Error::Handled));
        assert_eq!(temporaries(&std::sync::Mutex::new(Vec::new())), Ok(2));

        assert_eq!(send(stale(1, "abc", false)).await, Ok(3));
        assert_eq!(send(stale(1, "abc", true)).await, Ok(3));
        assert_eq!(send(stale(2, "abc", true)).await, Err(Error::Body));
        let calls = std::cell::Cell::new(0);
        assert_eq!((hedged("a".to_owned(), &calls).await.unwrap().as_str(), calls.get()), ("a", 2));
        assert_eq!(send(of_a_set("a".to_owned())).await.unwrap(), "a");
        assert_eq!(send(of_a_set(String::new())).await, Err(Error::Handled));
    }
}
