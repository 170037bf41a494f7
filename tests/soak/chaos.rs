//! What happens to a call: all of it by chance.

use std::cell::Cell;
use std::panic::panic_any;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use steadfast::Rejection;
use tokio::time::sleep;

#[derive(Debug)]
pub(crate) enum Error {
    Body,
    #[allow(dead_code, reason = "for whoever prints it")]
    Rejected(Rejection),
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

/// What a body panics with.
pub(crate) struct Meant;

/// Bodies that have begun, and that have ended or were dropped.
pub(crate) static BEGUN: AtomicU64 = AtomicU64::new(0);
pub(crate) static ENDED: AtomicU64 = AtomicU64::new(0);

struct Body;

impl Body {
    fn begin() -> Self {
        BEGUN.fetch_add(1, Relaxed);
        Self
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        ENDED.fetch_add(1, Relaxed);
    }
}

/// A number below `end`.
pub(crate) fn below(end: u64) -> u64 {
    static SEED: AtomicU64 = AtomicU64::new(0);
    thread_local! {
        static STATE: Cell<u64> = Cell::new(SEED.fetch_add(0x9e37_79b9, Relaxed));
    }
    let state = STATE.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(state);
    let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % end
}

pub(crate) fn micros(end: u64) -> Duration {
    Duration::from_micros(below(end))
}

/// A body that answers at once or late, fails, panics or hangs.
pub(crate) async fn body(n: u64) -> Result<u64, Error> {
    let _body = Body::begin();
    match below(20) {
        0..8 => {}
        8..13 => sleep(micros(3000)).await,
        13..15 => tokio::task::yield_now().await,
        15 | 16 => {
            tokio::task::yield_now().await;
            return Err(Error::Body);
        }
        17 => return Err(Error::Body),
        18 => panic_any(Meant),
        _ => std::future::pending().await,
    }
    Ok(n)
}

/// As [`body`], on a thread of its own.
pub(crate) fn body_blocking(n: u64) -> Result<u64, Error> {
    let _body = Body::begin();
    match below(10) {
        0 => return Err(Error::Body),
        1 => panic_any(Meant),
        2..4 => std::thread::sleep(micros(500)),
        _ => {}
    }
    Ok(n)
}
