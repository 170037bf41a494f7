//! Functions that return something else than a `Result`.

use std::convert::Infallible;
use std::fmt::Debug;
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use steadfast::{Failure, circuit_breaker, fallback, outcome, retry, timeout};

use super::probe::{Probe, SEVEN, send};

#[fallback(0)]
#[timeout("1s")]
async fn number(probe: &Probe) -> u32 {
    probe.step().await.unwrap_or(1)
}

#[fallback(())]
#[timeout("1s")]
#[circuit_breaker]
async fn nothing(probe: &Probe) {
    let _ = probe.step().await;
}

#[fallback(drop(probe))]
#[circuit_breaker]
#[retry]
fn nothing_blocking(probe: Arc<Probe>) {
    let _ = probe.step_now();
}

#[retry]
async fn unit(probe: &Probe) {
    let _ = probe.step().await;
}

#[retry(on(None), backoff = none)]
async fn option(probe: &Probe) -> Option<u32> {
    let seven = probe.step().await.ok()?;
    Some(seven)
}

#[timeout("1s", error = |_| ())]
async fn option_for_a_rejection(probe: &Probe) -> Option<u32> {
    probe.step().await.ok()
}

#[retry(on(text if text.is_empty()), backoff = none)]
fn text(probe: &Probe) -> String {
    if probe.step_now().is_err() && steadfast::attempt() < 3 {
        return String::new();
    }
    "seven".to_owned()
}

#[outcome(on((false, _)))]
#[fallback(|failure: Failure<(bool, u32)>| match failure {
    Failure::Returned((_, n)) => (true, n + 100),
    Failure::Rejected(_) => (true, 0),
})]
#[retry(backoff = none)]
#[timeout("1s")]
async fn tuple(probe: &Probe) -> (bool, u32) {
    match probe.step().await {
        Ok(n) => (true, n),
        Err(_) => (false, probe.runs()),
    }
}

#[retry]
async fn iterator(count: u32) -> impl Iterator<Item = u32> {
    0..count
}

/// The one converts with `error`, the other by `From`.
#[timeout("1s", error = |_| io::Error::other("late"))]
#[circuit_breaker]
async fn opaque(probe: &Probe) -> io::Result<impl PartialEq<u32> + Debug + use<>> {
    Ok(probe.step().await.unwrap_or(1))
}

#[fallback(Box::new(|| 0))]
#[timeout("1s")]
async fn dynamic(probe: &Probe) -> Box<dyn Fn() -> u32 + Send> {
    let seven = probe.step().await.unwrap_or_default();
    Box::new(move || seven)
}

#[retry(backoff = none)]
#[timeout("1s")]
async fn io_alias(probe: &Probe) -> io::Result<u32> {
    probe.step().await.map_err(|_| io::Error::from(io::ErrorKind::ConnectionReset))
}

#[retry(backoff = none)]
#[timeout("1s")]
async fn boxed_error(probe: &Probe) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
    if probe.step().await.is_err() {
        return Err("down".into());
    }
    let parsed: u32 = "7".parse()?;
    Ok(parsed)
}

#[retry]
async fn cannot_fail() -> Result<u32, Infallible> {
    Ok(SEVEN)
}

#[fallback(0)]
#[timeout("1s")]
fn boxed_number(probe: &Probe) -> Pin<Box<dyn Future<Output = u32> + Send + '_>> {
    Box::pin(async move { probe.step().await.unwrap_or(1) })
}

#[fallback(())]
#[timeout("1s")]
fn future_of_nothing() -> impl Future<Output = ()> + Send {
    let hang = pending();
    async { hang.await }
}

static AFTER_PANIC: AtomicU32 = AtomicU32::new(0);

/// A body that only panics has the type `!`, which is any type.
#[retry]
#[timeout("1s")]
async fn diverges() -> io::Result<u32> {
    AFTER_PANIC.fetch_add(1, Relaxed);
    panic!("as planned")
}

#[retry]
fn diverges_blocking() -> io::Result<u32> {
    panic!("as planned")
}

#[tokio::test(start_paused = true)]
async fn each() {
    let (well, failing, hanging) = (Probe::well(), Probe::failing(), Probe::hanging());
    assert_eq!(send(number(&well)).await, SEVEN);
    assert_eq!(send(number(&failing)).await, 1);
    assert_eq!(send(number(&hanging)).await, 0);
    send(nothing(&hanging)).await;
    nothing_blocking(Arc::new(Probe::failing()));
    send(unit(&failing)).await;
    assert_eq!(send(option(&well)).await, Some(SEVEN));
    let counted = Probe::failing();
    assert_eq!((option(&counted).await, counted.runs()), (None, 3));
    assert_eq!(send(option_for_a_rejection(&hanging)).await, None);
    let counted = Probe::failing();
    assert_eq!((text(&counted).as_str(), counted.runs()), ("seven", 3));
    assert_eq!(send(tuple(&well)).await, (true, SEVEN));
    assert_eq!(send(tuple(&Probe::failing())).await, (true, 103));
    assert_eq!(send(tuple(&hanging)).await, (true, 0));
    assert_eq!(send(iterator(3)).await.count(), 3);
    assert_eq!(send(opaque(&well)).await.unwrap(), SEVEN);
    assert_eq!(send(opaque(&hanging)).await.unwrap_err().to_string(), "late");
    assert_eq!((send(dynamic(&well)).await)(), SEVEN);
    assert_eq!((send(dynamic(&hanging)).await)(), 0);
    assert_eq!(send(io_alias(&failing)).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(send(io_alias(&hanging)).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(send(boxed_error(&failing)).await.unwrap_err().to_string(), "down");
    assert!(send(boxed_error(&hanging)).await.unwrap_err().is::<steadfast::Rejection>());
    assert_eq!(send(cannot_fail()).await, Ok(SEVEN));
    assert_eq!(send(boxed_number(&hanging)).await, 0);
    send(future_of_nothing()).await;
}

#[tokio::test(start_paused = true)]
async fn panics_pass_through() {
    let panicked = tokio::spawn(diverges()).await.unwrap_err();
    assert!(panicked.is_panic());
    assert_eq!(AFTER_PANIC.load(Relaxed), 1);
    assert!(std::panic::catch_unwind(diverges_blocking).is_err());
}

/// Boxed errors with a lifetime that is named: their causes cannot be looked at, so they are transient.
mod lent {
    use std::error::Error;
    use std::fmt;

    use steadfast::{circuit_breaker, fallback, retry};

    #[derive(Debug)]
    pub(super) struct Of<'a>(&'a str);

    impl fmt::Display for Of<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Of<'_> {}

    #[retry(backoff = none)]
    pub(super) fn retried<'a>(name: &'a str, runs: &mut u32) -> Result<u32, Box<dyn Error + 'a>> {
        *runs += 1;
        Err(Box::new(Of(name)))
    }

    #[retry(backoff = none)]
    pub(super) async fn retried_async<'a>(name: &'a str, runs: &mut u32) -> Result<u32, Box<dyn Error + Send + 'a>> {
        *runs += 1;
        Err(Box::new(Of(name)))
    }

    #[retry(backoff = none, on(Err(error) if error.to_string() == "x"))]
    pub(super) fn narrowed<'a>(name: &'a str, runs: &mut u32) -> Result<u32, Box<dyn Error + 'a>> {
        *runs += 1;
        Err(Box::new(Of(name)))
    }

    #[circuit_breaker(failure_threshold = 1)]
    pub(super) fn broken<'a>(name: &'a str) -> Result<u32, Box<dyn Error + 'a>> {
        Err(Box::new(Of(name)))
    }

    #[fallback(Ok(7))]
    pub(super) fn answered<'a>(name: &'a str) -> Result<u32, Box<dyn Error + 'a>> {
        Err(Box::new(Of(name)))
    }
}

#[tokio::test]
async fn a_boxed_error_that_borrows_is_transient() {
    let name = String::from("x");
    let mut runs = 0;
    assert_eq!(lent::retried(&name, &mut runs).unwrap_err().to_string(), "x");
    assert_eq!(runs, 3);
    lent::retried_async(&name, &mut runs).await.unwrap_err();
    assert_eq!(runs, 6);
    lent::narrowed(&name, &mut runs).unwrap_err();
    assert_eq!(runs, 9);
    assert_eq!(lent::broken(&name).unwrap_err().to_string(), "x");
    assert!(lent::broken(&name).unwrap_err().to_string().starts_with("circuit open"));
    assert_eq!(lent::answered(&name).unwrap(), 7);
}
