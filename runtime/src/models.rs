//! What the models of the state machines share. A model is a test that loom runs once for each order in which its threads
//! can come to their atomics and locks, and for each value that an atomic may then show, which need not be the last.
//! The models stand beside their policies.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::Arc;
use std::task::{Wake, Waker};

use loom::thread::JoinHandle;

use crate::time;

/// Tries every order with at most so many preemptions: switches away from a thread that could go on.
pub(crate) fn check(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    clock::set(0);
    // The beginning of time is taken here, where nobody has moved the clock.
    time::nanos();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 10_000;
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    builder.check(move || {
        counted.fetch_add(1, SeqCst);
        clock::set(0);
        model();
    });
    println!("{} orders", runs.load(SeqCst));
}

/// A thread of the model, with a share of its own.
pub(crate) fn spawn<S: 'static, T: 'static>(shared: &Arc<S>, run: impl FnOnce(&S) -> T + 'static) -> JoinHandle<T> {
    let shared = Arc::clone(shared);
    loom::thread::spawn(move || run(&shared))
}

/// What they give, after their end.
pub(crate) fn join<T, const N: usize>(threads: [JoinHandle<T>; N]) -> [T; N] {
    threads.map(|thread| thread.join().unwrap())
}

/// A waker, and how often it was called. The model looks at it in the end.
#[derive(Default)]
pub(crate) struct Bell(AtomicU32);

impl Bell {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let bell = Arc::new(Self::default());
        (Arc::clone(&bell), Waker::from(bell))
    }

    pub(crate) fn rung(&self) -> u32 {
        self.0.load(SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// The clock of a model: it stands still but for who moves it. All threads of a model are of one thread of the system.
pub(crate) mod clock {
    use core::cell::Cell;
    use core::time::Duration;
    use std::sync::OnceLock;

    use tokio::time::Instant;

    thread_local! {
        static ELAPSED: Cell<u64> = const { Cell::new(0) };
    }

    pub(crate) fn now() -> Instant {
        static BASE: OnceLock<Instant> = OnceLock::new();
        *BASE.get_or_init(Instant::now) + Duration::from_nanos(ELAPSED.get())
    }

    /// So many nanoseconds after the beginning.
    pub(crate) fn set(nanos: u64) {
        ELAPSED.set(nanos);
    }

    pub(crate) fn advance(nanos: u64) {
        ELAPSED.set(ELAPSED.get() + nanos);
    }
}
