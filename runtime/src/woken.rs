//! For tests: what is polled only when it was woken, as the children of a `FuturesUnordered` are.

use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, Mutex};
use std::task::Wake;

pub(crate) struct Woken<R> {
    child: Pin<Box<dyn Future<Output = R>>>,
    signal: Arc<Signal>,
}

struct Signal {
    is_woken: AtomicBool,
    parent: Mutex<Waker>,
}

impl<R> Woken<R> {
    pub(crate) fn new(child: impl Future<Output = R> + 'static) -> Self {
        let signal = Signal { is_woken: AtomicBool::new(true), parent: Mutex::new(Waker::noop().clone()) };
        Self { child: Box::pin(child), signal: Arc::new(signal) }
    }
}

impl<R> Future for Woken<R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        self.signal.parent.lock().unwrap().clone_from(cx.waker());
        if !self.signal.is_woken.swap(false, SeqCst) {
            return Poll::Pending;
        }
        let waker = Waker::from(Arc::clone(&self.signal));
        self.child.as_mut().poll(&mut Context::from_waker(&waker))
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, SeqCst);
        let parent = self.parent.lock().unwrap().clone();
        parent.wake();
    }
}
