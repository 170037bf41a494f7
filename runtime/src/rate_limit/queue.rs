//! Those who wait for a permit, in order.
//!
//! Each has its permit and its time from the start, and passes then whatever the others do. One that goes away before
//! leaves its time to the next, that one its own to the one after it, and the last of these times is given back: it is
//! as though it had never asked.

use core::mem;
use core::task::Waker;
use core::time::Duration;
use std::collections::VecDeque;

use crate::sync::{Mutex, MutexGuard, Ordering, PoisonError};
use crate::wake::wake;
use crate::{Rejection, time};

use super::RateLimit;
use super::forced::Forced;

/// Those who wait for a permit.
pub(super) struct Queue(Mutex<Line>);

struct Line {
    waiting: VecDeque<Waiting>,
    next: u64,
}

/// One that waits.
struct Waiting {
    /// Grows from one to the next.
    number: u64,
    /// When its permit is due, in ticks.
    at: u64,
    /// `None` for a thread, which cannot be told of an earlier time.
    waker: Option<Waker>,
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Line { waiting: VecDeque::new(), next: 0 }))
    }

    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// A place at the end; `None` where there is a permit at once.
    pub(super) fn enter<'l>(&'l self, limit: &'l RateLimit) -> Result<Option<Place<'l>>, Rejection> {
        loop {
            // Asked for outside of the lock, since it looks at the queue.
            let found = limit.refused(|later, now| {
                if limit.may_wait(limit.until(later.at, now)) {
                    Ok(Some(later))
                } else {
                    Err(limit.rejection(later, now))
                }
            })?;
            let Some(later) = found else { return Ok(None) };
            let mut line = self.lock();
            // Under the lock, so that places are in the order of their times.
            let number = limit.gcra.after(later) - limit.gcra.interval();
            if limit
                .number
                .compare_exchange(number, limit.gcra.after(later), Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
            {
                let number = line.next;
                line.next += 1;
                line.waiting.push_back(Waiting { number, at: later.at, waker: None });
                return Ok(Some(Place { limit, number }));
            }
        }
    }

    /// Lets all who wait pass, or none of them, and whoever comes.
    pub(super) fn force(&self, limit: &RateLimit, forced: Forced) {
        let mut line = self.lock();
        limit.number.store(forced.number(), Ordering::Release);
        let woken: Vec<_> = line.waiting.iter_mut().filter_map(|waiting| waiting.waker.take()).collect();
        drop(line);
        woken.into_iter().for_each(wake);
    }

    /// Fills the bucket and lets those who wait have permits of it, in their order.
    pub(super) fn renew(&self, limit: &RateLimit) {
        let mut line = self.lock();
        let now = limit.now();
        let mut number = 0;
        let mut woken = Vec::new();
        for waiting in &mut line.waiting {
            (waiting.at, number) = match limit.gcra.pass(number, now) {
                Ok(next) => (now, next),
                Err(later) => (later.at, limit.gcra.after(later)),
            };
            woken.extend(waiting.waker.take());
        }
        limit.number.store(number, Ordering::Release);
        drop(line);
        woken.into_iter().for_each(wake);
    }

    /// Empties the bucket where the clock went back, which is so where more permits are taken ahead than those who wait
    /// have. Says whether it did, or somebody else has come before and `seen` is not the number any more. It fills from now on: nobody passes too soon, and nobody waits until the clock is
    /// where it was.
    pub(super) fn begins_anew(&self, limit: &RateLimit, seen: u64) -> bool {
        // Who waits and what they have is of one moment only under the lock. An exchange outside of it could not tell a
        // number that was given back and taken again meanwhile.
        let line = self.lock();
        let number = limit.number.load(Ordering::Acquire);
        if number != seen {
            return true;
        }
        // Before the clock: whoever is not there any more has seen it at the time of its permit.
        let waiting = line.waiting.len() as u64;
        let now = limit.now();
        Forced::of(number).is_none()
            && limit.gcra.is_ahead(number, now, waiting)
            && limit.number.compare_exchange(number, limit.gcra.empty(now), Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// No user code runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Numbers grow, so it is found by halves.
    fn find(&self, number: u64) -> Option<usize> {
        self.waiting.binary_search_by_key(&number, |waiting| waiting.number).ok()
    }
}

/// A permit that is not due yet. Dropped before [`pass`](Self::pass), it is given back.
#[derive(Debug)]
pub(super) struct Place<'l> {
    limit: &'l RateLimit,
    number: u64,
}

#[cfg(steadfast_loom)]
impl<'l> Place<'l> {
    /// Keeps the place for another thread.
    pub(super) fn stay(self) -> u64 {
        let number = self.number;
        mem::forget(self);
        number
    }

    /// The place that another thread has kept.
    pub(super) const fn of(limit: &'l RateLimit, number: u64) -> Self {
        Self { limit, number }
    }
}

impl Place<'_> {
    /// How long it is until the permit is due.
    pub(super) fn wait(&self) -> Duration {
        self.until(self.with(|waiting| waiting.at))
    }

    /// As [`wait`](Self::wait), and wakes this task when that becomes less, or nobody may pass any more.
    ///
    /// # Errors
    /// A rejection, where nobody may.
    pub(super) fn watch(&self, waker: &Waker) -> Result<Duration, Rejection> {
        // The code of a waker is somebody else's: it runs outside of the lock.
        let new = Some(waker.clone());
        let (at, old) = self.with(|waiting| (waiting.at, mem::replace(&mut waiting.waker, new))).unzip();
        drop(old);
        match self.limit.forced() {
            None => Ok(self.until(at)),
            Some(Forced::Closed) => Ok(Duration::ZERO),
            Some(Forced::Open) => Err(self.limit.bare_rejection()),
        }
    }

    fn until(&self, at: Option<u64>) -> Duration {
        at.map_or(Duration::ZERO, |at| self.limit.until(at, time::nanos()))
    }

    fn with<T>(&self, f: impl FnOnce(&mut Waiting) -> T) -> Option<T> {
        let mut line = self.limit.queue.lock();
        let found = line.find(self.number)?;
        line.waiting.get_mut(found).map(f)
    }

    /// The permit is due: it is used, and the place is free.
    ///
    /// # Errors
    /// A rejection, where nobody may pass.
    pub(super) fn pass(self) -> Result<(), Rejection> {
        if self.limit.forced() == Some(Forced::Open) {
            return Err(self.limit.bare_rejection());
        }
        let mut line = self.limit.queue.lock();
        let gone = line.find(self.number).and_then(|found| line.waiting.remove(found));
        drop(line);
        // Before the waker, which may panic as it is dropped.
        mem::forget(self);
        drop(gone);
        Ok(())
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Self { limit, number } = *self;
        let mut line = limit.queue.lock();
        let Some(gone) = line.find(number).and_then(|found| {
            let gone = line.waiting.remove(found)?;
            Some((found, gone))
        }) else {
            return;
        };
        let (found, Waiting { mut at, waker, .. }) = gone;
        let mut woken = Vec::new();
        for next in line.waiting.range_mut(found..) {
            mem::swap(&mut next.at, &mut at);
            woken.extend(next.waker.take());
        }
        // Under the lock, so that nobody takes the last time meanwhile. Others may pass.
        let gcra = &limit.gcra;
        let undo = |number| if Forced::of(number).is_none() { gcra.undone(number, limit.now(), at) } else { None };
        let _given_back_or_not = limit.number.fetch_update(Ordering::AcqRel, Ordering::Acquire, undo);
        drop(line);
        drop(waker);
        woken.into_iter().for_each(wake);
    }
}
