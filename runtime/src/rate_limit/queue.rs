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
use super::bucket::Bucket;
#[cfg(feature = "registry")]
use super::bucket::Settings;
use super::forced::Forced;
#[cfg(feature = "registry")]
use super::gcra::{Gcra, TakenOver};

/// Those who wait for a permit.
pub(super) struct Queue(Mutex<Line>);

struct Line {
    waiting: VecDeque<Waiting>,
    next: u64,
    /// Until when permits were taken for which the bucket has no room since its burst was made smaller, in ticks: they
    /// count again when it has, so that a smaller burst for a while gives no second one.
    #[cfg(feature = "registry")]
    beyond: u64,
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

#[cfg(feature = "registry")]
impl Waiting {
    /// When it has its permit of a bucket with that number, no later than it was told, and the number after it.
    fn next(&self, gcra: &Gcra, number: u64, now: u64) -> (u64, u64) {
        let (at, number) = gcra.next(number, now);
        if now < at && self.at < at { (self.at, gcra.empty(self.at.max(now))) } else { (at.min(self.at), number) }
    }

    fn tell_in_ticks_of(&mut self, after: &Bucket, before: &Bucket) {
        self.at = after.gcra.ticks(before.gcra.nanos(self.at));
    }
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(Line {
            waiting: VecDeque::new(),
            next: 0,
            #[cfg(feature = "registry")]
            beyond: 0,
        }))
    }

    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// A place at the end; `None` where there is a permit at once.
    pub(super) fn enter<'l>(&'l self, limit: &'l RateLimit) -> Result<Option<Place<'l>>, Rejection> {
        loop {
            // Asked for outside of the lock, since it looks at the queue.
            let waits = limit.refused(|bucket, later, now| {
                if bucket.may_wait(bucket.until(later.at, now)) {
                    Ok(true)
                } else {
                    Err(limit.rejection(bucket, later, now))
                }
            })?;
            if !waits {
                return Ok(None);
            }
            let mut line = self.lock();
            // Under the lock, so that places are in the order of their times, and all of one bucket.
            let bucket = limit.current();
            let number = bucket.number.load(Ordering::Acquire);
            let now = time::nanos();
            if Forced::of(number).is_none()
                && let Err(later) = bucket.gcra.pass(number, bucket.gcra.ticks(now))
                && bucket.may_wait(bucket.until(later.at, now))
                && bucket.swap(number, bucket.gcra.after(later))
            {
                if bucket.settings.common.shadow {
                    // It has its permit, as it would have had later.
                    limit.count_admitted();
                    return Ok(None);
                }
                let number = line.next;
                line.next += 1;
                line.waiting.push_back(Waiting { number, at: later.at, waker: None });
                return Ok(Some(Place { limit, number }));
            }
        }
    }

    /// Returns when nobody changes settings who did before.
    pub(super) fn settle(&self) {
        drop(self.lock());
    }

    /// Lets all who wait pass, or none of them, and whoever comes.
    pub(super) fn force(&self, limit: &RateLimit, forced: Forced) {
        let mut line = self.lock();
        limit.current().number.store(forced.number(), Ordering::Release);
        let woken: Vec<_> = line.waiting.iter_mut().filter_map(|waiting| waiting.waker.take()).collect();
        drop(line);
        woken.into_iter().for_each(wake);
    }

    /// Fills the bucket and lets those who wait have permits of it, in their order.
    pub(super) fn renew(&self, limit: &RateLimit) {
        let mut line = self.lock();
        line.renew(&limit.current());
        let woken: Vec<_> = line.waiting.iter_mut().filter_map(|waiting| waiting.waker.take()).collect();
        drop(line);
        woken.into_iter().for_each(wake);
    }

    /// Empties the bucket where the clock went back, which is so where more permits are taken ahead than those who wait
    /// have. Says whether it did, or somebody else has come before and `seen` is not the number any more. It fills from
    /// now on: nobody passes too soon, and nobody waits until the clock is where it was.
    pub(super) fn begins_anew(&self, limit: &RateLimit, seen: u64) -> bool {
        // Who waits and what they have is of one moment only under the lock. An exchange outside of it could not tell a
        // number that was given back and taken again meanwhile.
        let mut line = self.lock();
        let bucket = limit.current();
        let number = bucket.number.load(Ordering::Acquire);
        if number != seen {
            return true;
        }
        // Before the clock: whoever is not there any more has seen it at the time of its permit.
        let waiting = (line.waiting.len() as u64).saturating_add(bucket.most_ahead());
        let now = bucket.now();
        Forced::of(number).is_none() && bucket.gcra.is_ahead(number, now, waiting) && {
            // In the time of the clock before.
            line.forget_beyond();
            let empty = bucket.gcra.empty(now);
            bucket.number.compare_exchange(number, empty, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        }
    }

    /// Goes by other settings than those given from now on, or by these again. `over` is asked under the lock, so that
    /// the last one who does this is the one who says.
    ///
    /// As many permits are taken as before. Who waits keeps its time, or has an earlier one where the new rate
    /// gives it that; whoever comes now comes after all of them.
    #[cfg(feature = "registry")]
    pub(super) fn put_over(&self, limit: &RateLimit, over: impl FnOnce() -> Option<Settings>) {
        let mut line = self.lock();
        let over = over();
        let settings = over.unwrap_or(limit.bucket.settings);
        let before = limit.current();
        // Nobody takes anything of it any more: what it says now is what was taken.
        let seen = before.number.swap(Forced::Replaced.number(), Ordering::AcqRel);
        let after = Bucket::new(settings);
        let number = match Forced::of(seen) {
            Some(Forced::Open | Forced::Closed) => line.keep(&before, &after, seen),
            _ if !settings.common.enabled => line.keep(&before, &after, Forced::Off.number()),
            None => line.move_over(&before, &after, seen),
            // Switched on again, it is full.
            Some(_) => {
                line.forget_beyond();
                line.move_over(&before, &after, 0)
            }
        };
        drop(before);
        match over {
            Some(settings) => limit.over.set(Some(Bucket::with(settings, number))),
            None => {
                limit.bucket.number.store(number, Ordering::Release);
                limit.over.set(None);
            }
        }
        let woken: Vec<_> = line.waiting.iter_mut().filter_map(|waiting| waiting.waker.take()).collect();
        drop(line);
        woken.into_iter().for_each(wake);
    }

    /// No user code runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Fills the bucket, of which those who wait have the first permits: none of them later than it was told.
    fn renew(&mut self, bucket: &Bucket) {
        self.forget_beyond();
        let now = bucket.now();
        let taken = self.waiting.iter_mut().fold(0, |number, waiting| {
            let (at, number) = bucket.gcra.next(number, now);
            waiting.at = at;
            number
        });
        let number = if bucket.settings.common.enabled { taken } else { Forced::Off.number() };
        bucket.number.store(number, Ordering::Release);
    }

    #[cfg(feature = "registry")]
    const fn forget_beyond(&mut self) {
        self.beyond = 0;
    }

    #[cfg(not(feature = "registry"))]
    #[expect(clippy::unused_self, reason = "there is nothing to forget")]
    const fn forget_beyond(&mut self) {}

    /// Gives back the last permit, due at `at`, as though nobody had asked for it.
    fn give_back(bucket: &Bucket, at: u64) {
        let undo = |number| {
            if Forced::of(number).is_none() { bucket.gcra.undone(number, bucket.now(), at) } else { None }
        };
        let _given_back_or_not = bucket.number.fetch_update(Ordering::AcqRel, Ordering::Acquire, undo);
    }

    /// Gives those who wait their times by another bucket, and says what is its number.
    #[cfg(feature = "registry")]
    fn move_over(&mut self, before: &Bucket, after: &Bucket, seen: u64) -> u64 {
        let nanos = time::nanos();
        let now = after.gcra.ticks(nanos);
        // As it was before the first of those who wait.
        let seen = self.waiting.front().map_or(seen, |first| seen.min(before.gcra.before(first.at)));
        let TakenOver { number, beyond } = after.gcra.taken_over(&before.gcra, seen, self.beyond, nanos);
        self.beyond = beyond;
        self.waiting.iter_mut().fold(number, |number, waiting| {
            waiting.tell_in_ticks_of(after, before);
            let (at, number) = waiting.next(&after.gcra, number, now);
            waiting.at = if after.settings.common.shadow { now } else { at };
            number
        })
    }

    /// Keeps the times of those who wait, in ticks of another bucket, of which the number says that they mean nothing now.
    #[cfg(feature = "registry")]
    fn keep(&mut self, before: &Bucket, after: &Bucket, number: u64) -> u64 {
        self.waiting.iter_mut().for_each(|waiting| waiting.tell_in_ticks_of(after, before));
        number
    }

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
        self.with(|bucket, waiting| bucket.until(waiting.at, time::nanos())).unwrap_or_default()
    }

    /// As [`wait`](Self::wait), and wakes this task when that becomes less, or nobody may pass any more.
    ///
    /// # Errors
    /// A rejection, where nobody may.
    pub(super) fn watch(&self, waker: &Waker) -> Result<Duration, Rejection> {
        // The code of a waker is somebody else's: it runs outside of the lock.
        let new = Some(waker.clone());
        let (wait, old) = self
            .with(|bucket, waiting| (bucket.until(waiting.at, time::nanos()), mem::replace(&mut waiting.waker, new)))
            .unzip();
        drop(old);
        match self.limit.forced() {
            None => Ok(wait.unwrap_or_default()),
            Some(Forced::Open) => Err(self.limit.bare_rejection()),
            Some(_) => Ok(Duration::ZERO),
        }
    }

    fn with<T>(&self, f: impl FnOnce(&Bucket, &mut Waiting) -> T) -> Option<T> {
        let mut line = self.limit.queue.lock();
        let found = line.find(self.number)?;
        // The one of its time: it changes under the lock.
        let bucket = self.limit.current();
        line.waiting.get_mut(found).map(|waiting| f(&bucket, waiting))
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
        Line::give_back(&limit.current(), at);
        drop(line);
        drop(waker);
        woken.into_iter().for_each(wake);
    }
}
