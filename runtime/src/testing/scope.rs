//! For whom the tools of a test are in force.

use core::cell::RefCell;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pin_project_lite::pin_project;

use super::injection::Entry;
use super::relaxed::Relax;

thread_local! {
    static AROUND: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

/// For whom faults, scripts and recorders are in force: a test, with all that belongs to it.
///
/// The functions of this module use the current scope, and each thread has one of its own. As `#[tokio::test]` runs a test
/// and all the tasks it spawns on the thread of the test, and other tests have other threads, nothing more is needed
/// there. To a task of a multi-thread runtime, or to another thread, the scope is taken along:
///
/// ```
/// use steadfast::testing::{self, Fault, Scope};
///
/// #[derive(Debug, PartialEq)]
/// struct Lost;
///
/// #[steadfast::retry(attempts = 1)]
/// async fn price() -> Result<u32, Lost> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let _lost = testing::inject("price", Fault::error(|| Lost));
/// assert_eq!(tokio::spawn(price()).await.unwrap(), Err(Lost));       // on this thread
///
/// // To a worker of another runtime:
/// let there = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// let price = Scope::current().enter(price());
/// # let worker =
/// std::thread::spawn(move || assert_eq!(there.block_on(price), Err(Lost)));
/// # worker.join().unwrap();
/// # }
/// ```
///
/// A [`new`](Self::new) scope has nothing of the one around it, so that it also tells apart several parts of one test.
#[derive(Clone)]
pub struct Scope(Arc<Inner>);

struct Inner {
    entries: Held<Entry>,
    relaxed: Held<Relax>,
}

impl Scope {
    /// A scope in which nothing is in force yet.
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        Self(Arc::new(Inner { entries: Held::new(), relaxed: Held::new() }))
    }

    /// The scope of the caller: the one it was taken into, or that of the thread.
    pub fn current() -> Self {
        AROUND.with_borrow_mut(|around| around.get_or_insert_with(Self::new).clone())
    }

    /// The same, where anybody has asked for it before.
    pub(super) fn around() -> Option<Self> {
        AROUND.try_with(|around| around.borrow().clone()).ok().flatten()
    }

    /// Whether the caller is in it.
    pub(super) fn is_around(&self) -> bool {
        Self::around().is_some_and(|around| Arc::ptr_eq(&around.0, &self.0))
    }

    /// Takes a future into this scope, wherever it runs.
    pub fn enter<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        Entered { future: Some(future), scope: self.clone() }
    }

    /// Runs a closure in this scope, on another thread perhaps.
    ///
    /// ```
    /// use steadfast::testing::Scope;
    ///
    /// let scope = Scope::current();
    /// std::thread::spawn(move || scope.run(|| { /* in the scope of the test */ })).join().unwrap();
    /// ```
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        // Where the thread is just ending there is none to put back.
        let before = AROUND.try_with(|around| around.replace(Some(self.clone())));
        let _restore = before.ok().map(|before| Restore { before });
        f()
    }

    pub(super) fn entries(&self) -> &Held<Entry> {
        &self.0.entries
    }

    pub(super) fn relaxed(&self) -> &Held<Relax> {
        &self.0.relaxed
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}

/// Puts back the scope that was before, also in a panic.
struct Restore {
    before: Option<Scope>,
}

impl Drop for Restore {
    fn drop(&mut self) {
        // What it holds is dropped outside of the borrow.
        let _left = AROUND.try_with(|around| around.replace(self.before.take()));
    }
}

pin_project! {
    /// A future in a scope. It is dropped there as well, since policies report what is dropped.
    struct Entered<F> {
        #[pin]
        future: Option<F>,
        scope: Scope,
    }

    impl<F> PinnedDrop for Entered<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.scope.run(|| this.future.set(None));
        }
    }
}

impl<F: Future> Future for Entered<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let future = this.future.as_pin_mut();
        this.scope.run(|| future.map_or(Poll::Pending, |future| future.poll(cx)))
    }
}

/// What is in force, and is taken back in any order.
pub(super) struct Held<T>(Mutex<Vec<Arc<T>>>);

impl<T> Held<T> {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(super) fn hold(&self, held: Arc<T>) {
        self.lock().push(held);
    }

    /// The caller has one more, so that nothing of the user's is dropped under the lock.
    pub(super) fn release(&self, held: &Arc<T>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, held));
    }

    pub(super) fn newest_first(&self) -> Vec<Arc<T>> {
        self.lock().iter().rev().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
