//! Smoke.
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;
use steadfast::*;

#[derive(Debug)]
#[allow(dead_code)]
enum Error {
    Io,
    Other(String),
    Rejected(Rejection),
}
impl From<Rejection> for Error {
    fn from(r: Rejection) -> Self {
        Self::Rejected(r)
    }
}
impl From<std::num::ParseIntError> for Error {
    fn from(r: std::num::ParseIntError) -> Self {
        Self::Other(r.to_string())
    }
}

static CALLS: AtomicU32 = AtomicU32::new(0);

#[retry(attempts = 3, backoff = fixed("10ms"))]
async fn q(s: &str) -> Result<u32, Error> {
    CALLS.fetch_add(1, Relaxed);
    let x: u32 = s.parse()?;
    Ok(x)
}

struct S {
    n: u32,
    breaker: Arc<CircuitBreaker>,
    plain: CircuitBreaker,
}
impl S {
    #[retry(attempts = 3, backoff = none)]
    async fn m(&mut self, s: &mut String) -> Result<u32, Error> {
        self.n += 1;
        s.push('x');
        if self.n < 3 {
            return Err(Error::Io);
        }
        Ok(self.n)
    }
    #[fallback(Ok(7))]
    #[timeout("10s")]
    #[retry(attempts = 3)]
    #[circuit_breaker(failure_threshold = 100)]
    #[timeout("1s")]
    async fn full(&mut self, s: &mut String) -> Result<u32, Error> {
        self.n += 1;
        s.push('x');
        Err(Error::Io)
    }
    #[circuit_breaker(self.breaker)]
    async fn arc(&mut self) -> Result<u32, Error> {
        self.n += 1;
        Ok(self.n)
    }
    #[retry]
    #[circuit_breaker(self.plain)]
    async fn plain(&self) -> Result<u32, Error> {
        Ok(self.n)
    }
    #[retry]
    #[circuit_breaker(self.plain)]
    fn sync(&self) -> Result<u32, Error> {
        Ok(self.n)
    }
    #[retry(clone(order), attempts = 2, backoff = none)]
    fn sync_clone(&mut self, mut order: String) -> Result<u32, Error> {
        order.push('c');
        self.n += 1;
        drop(order);
        Err(Error::Io)
    }
    #[retry(clone, attempts = 2, backoff = none)]
    async fn async_clone(mut self, mut order: String) -> Result<u32, Error> where {
        order.push('c');
        self.n += 1;
        drop(order);
        Err(Error::Io)
    }
    #[circuit_breaker(key = host)]
    #[timeout(Duration::from_secs(u64::from(self.n)))]
    async fn keyed(self: Arc<Self>, host: String) -> Result<String, Error> {
        Ok(host)
    }
}

#[timeout("1s")]
fn boxed(a: &str) -> Pin<Box<dyn Future<Output = Result<String, Error>> + Send + '_>> {
    let b = a.len();
    Box::pin(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        Ok(format!("{a}{b}"))
    })
}

#[retry]
#[timeout("1s")]
fn imp<'a>(a: &'a str) -> impl Future<Output = Result<String, Error>> + Send + 'a {
    async move { Ok(a.to_owned()) }
}

#[async_trait::async_trait]
trait T: Send + Sync {
    fn n(&self) -> u32;
    #[retry(attempts = 2, backoff = none)]
    #[timeout(Duration::from_millis(u64::from(self.n())))]
    async fn at(&self, a: &str, b: String) -> Result<String, Error> {
        Ok(format!("{a}{b}{}", self.n()))
    }
}
#[async_trait::async_trait]
impl T for S {
    fn n(&self) -> u32 {
        5
    }
    #[fallback(Ok(String::new()))]
    #[circuit_breaker(self.plain)]
    async fn at(&self, a: &str, b: String) -> Result<String, Error> {
        if b.is_empty() {
            return Err(Error::Io);
        }
        Ok(format!("{a}{b}{}", self.n))
    }
}

#[fallback(3)]
#[timeout("1s")]
async fn plain_number() -> u32 {
    tokio::time::sleep(Duration::from_secs(3)).await;
    4
}

#[fallback(|error| { let _ = format!("{error:?}"); Ok(3) })]
#[retry(attempts = 1, on(Err(Error::Io), Ok(v) if *v > 100), ignore(Err(Error::Other(s)) if s == "x"))]
#[timeout("1s", error = |r| Error::Other(r.to_string()))]
#[circuit_breaker(name = "x")]
async fn mixed() -> Result<u32, Error> {
    Err(Error::Io)
}

#[retry(when = |e| matches!(e, Error::Io), on_retry = |e| println!("{}", e.attempt), retry_after(Err(Error::Io) => Duration::from_secs(1)))]
async fn hooks() -> Result<u32, Error> {
    Err(Error::Io)
}

#[retry]
async fn generic<I: Iterator<Item = u32>, T: Clone + 'static>(
    i: impl Fn(u32) -> T,
    mut it: I,
) -> Result<impl Iterator<Item = T>, Error> {
    let first = it.next().ok_or(Error::Io)?;
    Ok(vec![i(first)].into_iter())
}
#[retry]
async fn dynamic() -> Result<Box<dyn Fn() -> u32>, Error> {
    Ok(Box::new(|| 3))
}

fn send<T: Send>(t: T) -> T {
    t
}

#[tokio::test(start_paused = true)]
async fn smoke() {
    assert!(q("3").await.is_ok());
    assert!(send(q("x")).await.is_err());
    assert_eq!(CALLS.load(Relaxed), 4);
    let mut s = S { n: 0, breaker: Arc::default(), plain: CircuitBreaker::new() };
    let mut st = String::new();
    assert_eq!(send(s.m(&mut st)).await.unwrap(), 3);
    assert_eq!(st, "xxx");
    assert_eq!(send(s.full(&mut st)).await.unwrap(), 7);
    s.arc().await.unwrap();
    s.plain().await.unwrap();
    s.sync().unwrap();
    assert!(s.sync_clone("a".into()).is_err());
    T::at(&s, "a", "b".into()).await.unwrap();
    assert_eq!(T::at(&s, "a", String::new()).await.unwrap(), "");
    assert!(matches!(boxed("a").await, Err(Error::Rejected(r)) if r.is_timeout() && r.policy() == "smoke::boxed"));
    imp("a").await.unwrap();
    assert_eq!(plain_number().await, 3);
    assert_eq!(mixed().await.unwrap(), 3);
    assert!(hooks().await.is_err());
    assert_eq!(generic(|x| Cell::new(x), 0..3).await.unwrap().count(), 1);
    assert_eq!(dynamic().await.unwrap()(), 3);
    send(Arc::new(S { n: 3, breaker: Arc::default(), plain: CircuitBreaker::new() }).keyed("h".into())).await.unwrap();
    assert!(s.async_clone("s".into()).await.is_err());
}
