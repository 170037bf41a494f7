//! What is compared: rows of contestants that do the same.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// One line of the targets.
pub(crate) struct Row {
    /// As it is asked for on the command line.
    pub(crate) name: &'static str,
    /// What a call of it does.
    pub(crate) title: &'static str,
    pub(crate) target: Target,
    /// The plain function first, then ours, then others.
    pub(crate) contestants: Vec<Contestant>,
}

/// What ours may cost above the plain function.
#[derive(Default)]
pub(crate) struct Target {
    pub(crate) instructions: u64,
    pub(crate) locked: u64,
    pub(crate) clock_reads: u64,
    pub(crate) allocations: u64,
    /// Bytes of the future.
    pub(crate) size: Option<usize>,
}

pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    /// Makes so many calls, one after the other.
    pub(crate) calls: fn(u32),
    /// The size of the future of one call.
    pub(crate) size: Option<fn() -> usize>,
}

/// Names of the first two of each row.
pub(crate) const PLAIN: &str = "plain";
pub(crate) const OURS: &str = "steadfast";

/// The value of a future that is ready at its first poll.
#[inline]
pub(crate) fn poll_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the body is ready"),
    }
}

/// Makes a contestant of a function of one number: `ready!("name", call)` where its future is ready at once, `waits!`
/// where it waits once on a runtime, `sync!` where it is no future.
macro_rules! ready {
    ($name:expr, $call:path) => {
        $crate::contest::Contestant {
            name: $name,
            calls: |calls| {
                for n in 0..calls {
                    let _ = ::std::hint::black_box($crate::contest::poll_once($call(::std::hint::black_box(n))));
                }
            },
            size: Some(|| ::std::mem::size_of_val(&$call(0))),
        }
    };
}
macro_rules! waits {
    ($name:expr, $call:path) => {
        $crate::contest::Contestant {
            name: $name,
            calls: |calls| {
                $crate::contest::on_runtime(async move {
                    for n in 0..calls {
                        let _ = ::std::hint::black_box($call(::std::hint::black_box(n)).await);
                    }
                });
            },
            size: Some(|| ::std::mem::size_of_val(&$call(0))),
        }
    };
}
macro_rules! sync {
    ($name:expr, $call:path) => {
        $crate::contest::Contestant {
            name: $name,
            calls: |calls| {
                for n in 0..calls {
                    let _ = ::std::hint::black_box($call(::std::hint::black_box(n)));
                }
            },
            size: None,
        }
    };
}
pub(crate) use {ready, sync, waits};

/// Runs to its end on a runtime of this thread.
pub(crate) fn on_runtime<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
