//! What else may stand on a function: visibility, ABI, docs, other attributes.

/// Docs outside of the module, so that `pub(crate)` and `pub(super)` mean something.
mod inner {
    use steadfast::{circuit_breaker, fallback, retry, timeout};

    use crate::shapes::probe::{Error, Probe};

    #[retry(backoff = none)]
    pub(crate) async fn of_the_crate(probe: &Probe) -> Result<u32, Error> {
        probe.step().await
    }

    #[timeout("1s")]
    pub(super) async fn of_the_parent(probe: &Probe) -> Result<u32, Error> {
        probe.step().await
    }

    #[circuit_breaker]
    pub(in crate::shapes) async fn of_a_path(probe: &Probe) -> Result<u32, Error> {
        probe.step().await
    }

    #[fallback(Err(Error::Handled))]
    #[retry(backoff = none)]
    #[circuit_breaker]
    #[allow(improper_ctypes_definitions, reason = "called from Rust only")]
    pub(crate) extern "C" fn of_another_abi(probe: &Probe) -> Result<u32, Error> {
        probe.step_now()
    }
}

use std::sync::Mutex;

use steadfast::{circuit_breaker, fallback, retry, timeout};
use tracing::instrument;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::probe::{Error, Probe, SEVEN, Stack, check, check_blocking, send};

/// Asks.
#[must_use]
#[inline]
#[retry(backoff = none)]
#[allow(clippy::double_must_use, reason = "on top of a `Result`")]
#[cfg_attr(test, doc(hidden))]
async fn between_attributes(probe: &Probe) -> Result<u32, Error> {
    probe.step().await
}

#[fallback(Err(Error::Handled))]
#[cfg(test)]
#[timeout("10s")]
/// Docs between the policies.
#[retry(backoff = none)]
#[doc(hidden)]
#[circuit_breaker]
#[cold]
#[timeout("1s")]
#[doc(alias = "between")]
async fn policies_between_attributes(probe: &Probe) -> Result<u32, Error> {
    probe.step().await
}

#[retry(backoff = none)]
#[instrument(skip_all)]
async fn span_for_each_call(probe: &Probe) -> Result<u32, Error> {
    tracing::info!("run");
    probe.step().await
}

#[instrument(skip_all)]
#[retry(backoff = none)]
async fn span_for_each_attempt(probe: &Probe) -> Result<u32, Error> {
    tracing::info!("run");
    probe.step().await
}

#[fallback(Err(Error::Handled))]
#[timeout("10s")]
#[instrument(skip_all, err(Debug), fields(name = "full"))]
#[retry(backoff = none)]
#[circuit_breaker]
#[timeout("1s")]
async fn full_around_a_span(probe: &Probe) -> Result<u32, Error> {
    probe.step().await
}

#[instrument(skip_all)]
#[retry(backoff = none)]
fn blocking_with_a_span(probe: &Probe) -> Result<u32, Error> {
    probe.step_now()
}

#[tokio::test(start_paused = true)]
async fn each() {
    check("pub(crate)", Stack::RETRY, async |p| send(inner::of_the_crate(p)).await).await;
    check("pub(super)", Stack::TIMEOUT, async |p| send(inner::of_the_parent(p)).await).await;
    check("pub(in)", Stack::CIRCUIT_BREAKER, async |p| send(inner::of_a_path(p)).await).await;
    check_blocking("extern", Stack::BLOCKING, |p| inner::of_another_abi(p)).await;
    let _: extern "C" fn(&Probe) -> Result<u32, Error> = inner::of_another_abi;
    check("between", Stack::RETRY, async |p| send(between_attributes(p)).await).await;
    check("policies between", Stack::FULL, async |p| send(policies_between_attributes(p)).await).await;
    check("span, call", Stack::RETRY, async |p| send(span_for_each_call(p)).await).await;
    check("span, attempt", Stack::RETRY, async |p| send(span_for_each_attempt(p)).await).await;
    check("span, full", Stack::FULL, async |p| send(full_around_a_span(p)).await).await;
    check_blocking("span, blocking", Stack::RETRY, blocking_with_a_span).await;
}

/// Counts spans and events, but for our own.
#[derive(Default)]
struct Counts(Mutex<(u64, u64)>);

impl Subscriber for &'static Counts {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() != "steadfast"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        let mut counts = self.0.lock().unwrap();
        counts.0 += 1;
        Id::from_u64(counts.0)
    }

    fn event(&self, _: &Event<'_>) {
        self.0.lock().unwrap().1 += 1;
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Attributes of others nest inside out against ours: what stands below `#[retry]` is put around it.
#[test]
fn a_span_below_retry_is_one_for_the_call() {
    let count = |call: &dyn Fn()| {
        let counts: &'static Counts = Box::leak(Box::default());
        tracing::subscriber::with_default(counts, call);
        *counts.0.lock().unwrap()
    };
    let block_on = |future: std::pin::Pin<Box<dyn Future<Output = Result<u32, Error>>>>| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(future), Err(Error::Body));
    };
    let per_call = count(&|| block_on(Box::pin(async { span_for_each_call(&Probe::failing()).await })));
    assert_eq!(per_call, (1, 3));
    let per_attempt = count(&|| block_on(Box::pin(async { span_for_each_attempt(&Probe::failing()).await })));
    assert_eq!(per_attempt, (3, 3));
}

/// Our attribute hands the runtime's on, which then makes a plain test of the function.
#[retry(backoff = none)]
#[timeout("1s")]
#[tokio::test(start_paused = true)]
async fn above_a_test() -> Result<(), Error> {
    let probe = if steadfast::attempt() < 3 { Probe::failing() } else { Probe::well() };
    assert_eq!(probe.step().await?, SEVEN);
    Ok(())
}
