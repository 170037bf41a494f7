use core::future::Future;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use core::time::Duration;

use super::*;

mod learning;
mod moving;

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

fn poll_now<F: Future>(call: F) -> Poll<F::Output> {
    pin!(call).poll(&mut Context::from_waker(Waker::noop()))
}

fn boxed<'a, F: Future + 'a>(call: F) -> Pin<Box<dyn Future<Output = F::Output> + 'a>> {
    Box::pin(call)
}

/// The running and the waiting.
fn occupancy(bulkhead: &Bulkhead) -> (u32, u32) {
    (bulkhead.running(), bulkhead.waiting())
}
