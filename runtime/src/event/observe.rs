//! Who watches.

use core::cell::Cell;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use super::Event;
use crate::hook;

type Listener = dyn Fn(&Event) + Send + Sync;

/// In the order in which they came.
static LISTENERS: RwLock<Vec<Arc<Listener>>> = RwLock::new(Vec::new());
/// How many there are, so that where there is none an event costs a load.
static OBSERVED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether this thread is telling an event.
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// Tells `listener` every decision of every policy of the program, until the [`Observer`] is dropped.
///
/// It is called in the thread of the call that the decision is about, after the decision and outside of any lock, and
/// that call waits for it: what takes long is sent on to somewhere else. It may call annotated functions and policies; their
/// events, in this thread while it runs, are told to nobody, so that no event can bring about another without end. A panic
/// in it is caught and dropped.
///
/// While nobody observes, an event costs a load; a success at once costs nothing in any case.
///
/// ```
/// use std::sync::mpsc;
/// use steadfast::{Decision, Rejection, Timeout};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let (sender, events) = mpsc::channel();
/// let observer = steadfast::observe(move |event| drop(sender.send(*event)));
///
/// static LIMIT: Timeout = Timeout::new(std::time::Duration::from_millis(5)).name("lookup");
/// let late: Result<u32, Rejection> = LIMIT.call(std::future::pending()).await;
/// assert!(late.is_err());
///
/// drop(observer);
/// let event = events.recv().unwrap();
/// assert_eq!(event.policy, "lookup");
/// assert!(matches!(event.decision, Decision::TimedOut { .. }));
/// # }
/// ```
pub fn observe(listener: impl Fn(&Event) + Send + Sync + 'static) -> Observer {
    let listener: Arc<Listener> = Arc::new(listener);
    let mut listeners = write();
    listeners.push(Arc::clone(&listener));
    OBSERVED.store(listeners.len(), Ordering::Relaxed);
    Observer { listener: Some(listener) }
}

/// Who observes, from [`observe`]; no longer when this is dropped.
#[must_use = "nobody observes any more when this is dropped; `forever` keeps it"]
pub struct Observer {
    /// `None` where it stays for ever.
    listener: Option<Arc<Listener>>,
}

impl Observer {
    /// Observes until the program ends.
    ///
    /// ```
    /// steadfast::observe(|event| eprintln!("{event}")).forever();
    /// ```
    pub fn forever(mut self) {
        self.listener = None;
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        let Some(listener) = self.listener.take() else { return };
        let mut listeners = write();
        listeners.retain(|other| !Arc::ptr_eq(other, &listener));
        OBSERVED.store(listeners.len(), Ordering::Relaxed);
        // The lock first: what a listener holds may be dropped with it, and that may do anything.
        drop(listeners);
        drop(listener);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

#[inline]
pub(crate) fn is_observed() -> bool {
    #[cfg(feature = "tracing")]
    if crate::trace::is_enabled() {
        return true;
    }
    OBSERVED.load(Ordering::Relaxed) != 0
}

#[cold]
pub(super) fn tell(event: &Event) {
    let Some(_telling) = Telling::begin() else { return };
    #[cfg(feature = "tracing")]
    hook::tell(crate::trace::event, event);
    let listeners = LISTENERS.read().unwrap_or_else(PoisonError::into_inner).clone();
    for listener in listeners {
        // Dropped with it, where it was the last one that knew of the listener: that may panic as well.
        hook::tell(move |event| listener(event), event);
    }
}

/// This thread is telling an event, until the drop.
struct Telling;

impl Telling {
    /// `None` where it does so already, or is just ending.
    fn begin() -> Option<Self> {
        matches!(TELLING.try_with(|telling| telling.replace(true)), Ok(false)).then(|| Self)
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        let _ = TELLING.try_with(|telling| telling.set(false));
    }
}

fn write() -> RwLockWriteGuard<'static, Vec<Arc<Listener>>> {
    LISTENERS.write().unwrap_or_else(PoisonError::into_inner)
}
