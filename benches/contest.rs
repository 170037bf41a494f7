//! What is compared: rows of contestants that do the same.

use std::future::Future;
use std::hint::black_box;
use std::ops::Range;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Runtime};

/// One line of the targets.
pub(crate) struct Row {
    /// As it is asked for on the command line.
    pub(crate) name: &'static str,
    /// What a call of it does.
    pub(crate) title: &'static str,
    /// What ours is to cost.
    pub(crate) target: Costs,
    /// What ours may cost: a little more than it does, so that what costs more is seen.
    pub(crate) bound: Costs,
    /// The plain function first, then ours, then others.
    pub(crate) contestants: Vec<Contestant>,
}

/// Costs of a call above those of the plain function.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Costs {
    pub(crate) instructions: u64,
    pub(crate) locked: u64,
    pub(crate) clock_reads: u64,
    pub(crate) allocations: u64,
    /// Bytes of the future.
    pub(crate) size: Option<usize>,
}

pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    /// Makes calls, one after the other, with these arguments.
    pub(crate) calls: Box<dyn Fn(Range<u32>) + Send + Sync>,
    /// The size of the future of one call.
    pub(crate) size: Option<usize>,
}

/// Names of the first two of each row.
pub(crate) const PLAIN: &str = "plain";
pub(crate) const OURS: &str = "steadfast";

/// A contestant whose future is ready at its first poll.
pub(crate) fn ready<T>(name: &'static str, call: impl AsyncFn(u32) -> T + Send + Sync + 'static) -> Contestant {
    let size = size_of_val(&call(0));
    let calls = move |arguments: Range<u32>| {
        let _entered = runtime().enter();
        for n in arguments {
            let _ = black_box(poll_once(call(black_box(n))));
        }
    };
    Contestant { name, calls: Box::new(calls), size: Some(size) }
}

/// The same with a policy that is built beforehand, and that all threads share.
pub(crate) fn ready_with<P, T>(
    name: &'static str,
    policy: P,
    call: impl AsyncFn(&P, u32) -> T + Send + Sync + 'static,
) -> Contestant
where
    P: Send + Sync + 'static,
{
    let size = size_of_val(&call(&policy, 0));
    let calls = move |arguments: Range<u32>| {
        let _entered = runtime().enter();
        for n in arguments {
            let _ = black_box(poll_once(call(&policy, black_box(n))));
        }
    };
    Contestant { name, calls: Box::new(calls), size: Some(size) }
}

/// A contestant that waits once, on a runtime.
pub(crate) fn waits<T>(name: &'static str, call: impl AsyncFn(u32) -> T + Send + Sync + 'static) -> Contestant {
    let size = size_of_val(&call(0));
    let calls = move |arguments: Range<u32>| {
        runtime().block_on(async {
            for n in arguments {
                let _ = black_box(call(black_box(n)).await);
            }
        });
    };
    Contestant { name, calls: Box::new(calls), size: Some(size) }
}

/// A contestant that is no future.
pub(crate) fn sync<T>(name: &'static str, call: impl Fn(u32) -> T + Send + Sync + 'static) -> Contestant {
    let calls = move |arguments: Range<u32>| {
        for n in arguments {
            let _ = black_box(call(black_box(n)));
        }
    };
    Contestant { name, calls: Box::new(calls), size: None }
}

/// The value of a future that is ready at its first poll.
#[inline]
pub(crate) fn poll_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the body is ready"),
    }
}

/// The runtime of this thread.
pub(crate) fn runtime() -> &'static Runtime {
    thread_local! {
        static RUNTIME: &'static Runtime =
            Box::leak(Box::new(Builder::new_current_thread().enable_time().build().expect("a runtime")));
    }
    RUNTIME.with(|runtime| *runtime)
}
