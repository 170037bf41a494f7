//! What is compared: rows of contestants that do the same.

use std::future::Future;
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
    /// What `Contestant::call` runs.
    pub(crate) calls: Box<dyn Fn(Range<u32>) + Send + Sync>,
    /// The size of the future of one call.
    pub(crate) size: Option<usize>,
}

impl Contestant {
    /// Makes calls, one after the other, with these arguments. Timers find the runtime of this thread.
    pub(crate) fn call(&self, arguments: Range<u32>) {
        let _entered = runtime().enter();
        (self.calls)(arguments);
    }
}

/// Names of the first two of each row.
pub(crate) const PLAIN: &str = "plain";
pub(crate) const OURS: &str = "steadfast";

/// Makes a contestant of a function of one number: `ready!("name", call)` where its future is ready at once, `waits!`
/// where it waits once on a runtime, `sync!` where it is no future. One more argument is a policy that is built
/// beforehand, of which the function takes a reference. They are macros since a generic function in between costs some
/// instructions that are not the policy's.
macro_rules! ready {
    ($name:expr, $policy:expr, $call:path) => {{
        let policy = $policy;
        let size = ::std::mem::size_of_val(&$call(&policy, 0));
        $crate::contest::Contestant {
            name: $name,
            calls: ::std::boxed::Box::new(move |arguments| {
                for n in arguments {
                    let called = $call(&policy, ::std::hint::black_box(n));
                    let _ = ::std::hint::black_box($crate::contest::poll_once(called));
                }
            }),
            size: Some(size),
        }
    }};
    ($name:expr, $call:path) => {
        $crate::contest::Contestant {
            name: $name,
            calls: ::std::boxed::Box::new(|arguments| {
                for n in arguments {
                    let _ = ::std::hint::black_box($crate::contest::poll_once($call(::std::hint::black_box(n))));
                }
            }),
            size: Some(::std::mem::size_of_val(&$call(0))),
        }
    };
}
macro_rules! waits {
    ($name:expr, $policy:expr, $call:path) => {{
        let policy = $policy;
        let size = ::std::mem::size_of_val(&$call(&policy, 0));
        $crate::contest::Contestant {
            name: $name,
            calls: ::std::boxed::Box::new(move |arguments| {
                $crate::contest::runtime().block_on(async {
                    for n in arguments {
                        let _ = ::std::hint::black_box($call(&policy, ::std::hint::black_box(n)).await);
                    }
                });
            }),
            size: Some(size),
        }
    }};
    ($name:expr, $call:path) => {
        $crate::contest::Contestant {
            name: $name,
            calls: ::std::boxed::Box::new(|arguments| {
                $crate::contest::runtime().block_on(async move {
                    for n in arguments {
                        let _ = ::std::hint::black_box($call(::std::hint::black_box(n)).await);
                    }
                });
            }),
            size: Some(::std::mem::size_of_val(&$call(0))),
        }
    };
}
macro_rules! sync {
    ($name:expr, $call:path) => {
        $crate::contest::Contestant {
            name: $name,
            calls: ::std::boxed::Box::new(|arguments| {
                for n in arguments {
                    let _ = ::std::hint::black_box($call(::std::hint::black_box(n)));
                }
            }),
            size: None,
        }
    };
}
pub(crate) use {ready, sync, waits};

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
