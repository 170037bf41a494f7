//! What the models share: cases, time, and calls that are polled by hand.

use std::any::Any;
use std::cell::RefCell;
use std::fmt::Debug;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

pub(crate) const NS: Duration = Duration::from_nanos(1);
pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// Lets `history` run for as many cases as `PROPTEST_CASES` says, 256 if it says nothing, on a thread with a paused
/// clock of its own each. The cases are the same each time, unless `PROPTEST_RNG_SEED` says otherwise.
pub(crate) fn check<S: Strategy>(cases: &S, history: impl AsyncFn(S::Value)) {
    check_more(1, cases, history);
}

/// So many times as many.
pub(crate) fn check_more<S: Strategy>(times: u32, cases: &S, history: impl AsyncFn(S::Value)) {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 100_000, ..Config::default() };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config.cases = config.cases.saturating_mul(times);
    let ran = TestRunner::new(config).run(cases, |case| {
        paused(history(case));
        Ok(())
    });
    match ran {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{reason}\nin {case:?}"),
        Err(TestError::Abort(reason)) => panic!("no case was found: {reason}"),
    }
}

fn paused<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(future)
}

// ===== Time =====

/// No history goes on for longer: somewhere a clock that counts nanoseconds ends.
pub(crate) const LATEST: Duration = YEAR.saturating_mul(60);

/// For how long nothing is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wait {
    For(Duration),
    /// Until one of the moments at which something is going to happen, or so many steps later.
    Until(usize, i32),
}

pub(crate) fn waits() -> impl Strategy<Value = Wait> {
    prop_oneof![
        2 => (0..40_u32).prop_map(|n| Wait::For(MS * n)),
        1 => (0..4_u32).prop_map(|n| Wait::For(Duration::from_secs(1) * 60_u32.pow(n))),
        6 => (0..6_usize, -1..=1).prop_map(|(which, steps)| Wait::Until(which, steps)),
    ]
}

impl Wait {
    /// How long that is. `moments` are times since the beginning, as `now` is; those that are over do not count.
    pub(crate) fn length(self, now: Duration, mut moments: Vec<Duration>, step: Duration) -> Duration {
        match self {
            Self::For(length) => length,
            Self::Until(which, steps) => {
                moments.retain(|&moment| moment >= now && moment < LATEST);
                moments.sort_unstable();
                moments.dedup();
                let Some(&moment) = moments.get(which % moments.len().max(1)) else { return Duration::ZERO };
                let by = step * steps.unsigned_abs();
                let moment = if steps < 0 { moment.saturating_sub(by) } else { moment + by };
                moment.saturating_sub(now)
            }
        }
    }
}

/// When a timer of tokio rings: at the whole millisecond, never early.
pub(crate) fn whole_ms(moment: Duration) -> Duration {
    whole(moment, 1_000_000)
}

/// In whole parts of so many nanoseconds, never less.
pub(crate) fn whole(moment: Duration, nanos: u32) -> Duration {
    let rest = moment.subsec_nanos() % nanos;
    if rest == 0 { moment } else { moment.saturating_add(Duration::from_nanos((nanos - rest).into())) }
}

/// Some of these, and what is next to them.
pub(crate) fn near(values: &'static [Duration]) -> impl Strategy<Value = Duration> {
    (proptest::sample::select(values), 0..6_u32).prop_map(|(value, near)| match near {
        0 => value.saturating_sub(MS),
        1 => value.saturating_add(MS),
        _ => value,
    })
}

// ===== Calls =====

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A call that is polled by hand, and as in a runtime only when somebody has woken it.
pub(crate) struct Task<'t, T> {
    future: Pin<Box<dyn Future<Output = T> + 't>>,
    woken: Arc<Woken>,
}

impl<'t, T> Task<'t, T> {
    pub(crate) fn new(future: impl Future<Output = T> + 't) -> Self {
        // Unconstrained, since it stands for a task of its own.
        Self { future: Box::pin(tokio::task::unconstrained(future)), woken: Arc::new(Woken(AtomicBool::new(true))) }
    }

    /// A poll, if it was woken. `Err` where it panics.
    pub(crate) fn poll(&mut self) -> Poll<Result<T, Box<dyn Any + Send>>> {
        if !self.woken.0.swap(false, Ordering::Relaxed) {
            return Poll::Pending;
        }
        let waker = Waker::from(Arc::clone(&self.woken));
        let poll = || self.future.as_mut().poll(&mut Context::from_waker(&waker));
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

/// The body of a call, which ends when it is told to.
#[derive(Debug)]
pub(crate) struct Body<T>(Rc<RefCell<Inside<T>>>);

#[derive(Debug)]
struct Inside<T> {
    began: bool,
    end: Option<BodyEnd<T>>,
    waker: Option<Waker>,
}

#[derive(Debug)]
enum BodyEnd<T> {
    Returns(T),
    Panics,
}

impl<T> Clone for Body<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Body<T> {
    pub(crate) fn new() -> Self {
        Self(Rc::new(RefCell::new(Inside { began: false, end: None, waker: None })))
    }

    pub(crate) fn began(&self) -> bool {
        self.0.borrow().began
    }

    /// Lets it return, or panic without a value.
    pub(crate) fn end(&self, value: Option<T>) {
        let mut inside = self.0.borrow_mut();
        inside.end = Some(value.map_or(BodyEnd::Panics, BodyEnd::Returns));
        if let Some(waker) = inside.waker.take() {
            waker.wake();
        }
    }
}

impl<T> Future for Body<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut inside = self.0.borrow_mut();
        inside.began = true;
        match inside.end.take() {
            Some(BodyEnd::Returns(value)) => Poll::Ready(value),
            Some(BodyEnd::Panics) => {
                drop(inside);
                // Without a message for each case.
                resume_unwind(Box::new("the body panics"))
            }
            None => {
                inside.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
