//! The places and the queue for them.
//!
//! Not tokio's semaphore: it takes a lock each time a permit is given back, which alone costs more than a call may
//! here, has no queue of limited length, and wakes no thread. Here who comes while nobody waits, and who goes while
//! nobody waits, changes one word and no more. Only under the lock does anybody begin or cease to wait; whoever leaves
//! a place behind while somebody waits hands it over under the lock, and until then the word keeps newcomers out, since
//! it says that somebody waits.

use core::task::Waker;
use std::collections::BTreeMap;

use super::Bulkhead;
#[cfg(feature = "registry")]
use super::settings::Settings;
use super::word::{GRANT, Mode, RUNNING, WAITING, Word};
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed};
use crate::sync::{MutexGuard, PoisonError};
use crate::wake::wake;

/// Those who wait, in the order in which they came. Who is no longer in it, and has not left it himself, has a place.
pub(super) struct Queue {
    next: u64,
    wakers: BTreeMap<u64, Waker>,
}

impl Queue {
    pub(super) const fn new() -> Self {
        Self { next: 0, wakers: BTreeMap::new() }
    }

    #[cfg(steadfast_loom)]
    pub(super) fn is_empty(&self) -> bool {
        self.wakers.is_empty()
    }
}

/// What comes of asking for a place.
pub(super) enum Asked<'b> {
    Entered,
    Queued(Turn<'b>),
    Refused,
}

/// What comes of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Granted,
    Waiting,
    Refused,
}

impl Bulkhead {
    /// Takes a place, if there is one and nobody waits for it: one read-modify-write.
    #[inline]
    pub(super) fn try_enter(&self) -> bool {
        // Whoever sees that a place was given back sees the limit of that time too, also where it has shrunk just before.
        let mut word = self.word.load(Acquire);
        while word < u64::from(self.limit()) {
            match self.word.compare_exchange_weak(word, word + RUNNING, Acquire, Acquire) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// As [`try_enter`](Self::try_enter), also where something is forced.
    #[cold]
    pub(super) fn try_enter_slowly(&self) -> bool {
        self.update(|word| word.admits(self.limit()).then_some(word.0 + RUNNING)).is_ok()
    }

    /// Gives a place back: one read-modify-write where nobody waits for it.
    #[inline]
    pub(super) fn leave(&self) {
        let before = self.word.fetch_sub(RUNNING, AcqRel);
        if before >= WAITING {
            self.hand_over();
        }
    }

    /// Gives the free places to those who have waited longest.
    #[cold]
    #[inline(never)]
    pub(super) fn hand_over(&self) {
        while let Some(waker) = self.grant() {
            wake(waker);
        }
    }

    fn grant(&self) -> Option<Waker> {
        let mut queue = self.lock();
        // It stays so until the end of this: while somebody waits, nobody enters but by this lock.
        if !self.word().has_place(self.limit()) {
            return None;
        }
        let (_, waker) = queue.wakers.pop_first()?;
        self.word.fetch_add(GRANT, AcqRel);
        Some(waker)
    }

    /// Takes a place, or joins the queue.
    pub(super) fn ask(&self, waker: Waker) -> Asked<'_> {
        let mut queue = self.lock();
        let may_wait = !self.in_force().common.shadow;
        let most = self.queue_limit();
        let may_join = |word: Word| may_wait && word.mode() != Mode::ForcedOpen && word.waiting() < most;
        let joined = |before: Word, after: u64| after.wrapping_sub(before.0) == WAITING;
        let changed = self.update(|word| {
            if word.admits(self.limit()) { Some(word.0 + RUNNING) } else { may_join(word).then_some(word.0 + WAITING) }
        });
        match changed {
            Err(_) => Asked::Refused,
            Ok((before, after)) if !joined(before, after) => Asked::Entered,
            Ok(_) => {
                let ticket = queue.next;
                queue.next = ticket.wrapping_add(1);
                queue.wakers.insert(ticket, waker);
                Asked::Queued(Turn { bulkhead: self, ticket, is_over: false })
            }
        }
    }

    /// Changes the word as `change` says, which is asked again where somebody else was faster.
    fn update(&self, change: impl Fn(Word) -> Option<u64>) -> Result<(Word, u64), Word> {
        // For the limit, as in `try_enter`.
        let mut word = Word(self.word.load(Acquire));
        loop {
            let after = change(word).ok_or(word)?;
            match self.word.compare_exchange_weak(word.0, after, AcqRel, Acquire) {
                Ok(_) => return Ok((word, after)),
                Err(now) => word = Word(now),
            }
        }
    }

    /// Lets calls pass as `mode` says; those who wait learn of it at once.
    pub(super) fn force(&self, mode: Mode) {
        self.let_go(self.shift(|_| mode));
    }

    /// Goes by the settings again.
    pub(super) fn unforce(&self) {
        self.let_go(self.shift(|_| Mode::unforced(&self.in_force())));
    }

    /// Gives another mode in place of the present one, under the lock. Those whose wakers it gives back may not wait any
    /// more; [`let_go`](Self::let_go) is to follow, outside of all locks.
    #[must_use]
    pub(super) fn shift(&self, mode: impl FnOnce(Mode) -> Mode) -> Vec<Waker> {
        let mut queue = self.lock();
        // Nobody changes it without the lock.
        let mode = mode(self.word().mode());
        let _ = self.update(|word| Some(word.with_mode(mode).0));
        let nobody_waits = mode == Mode::ForcedOpen || self.in_force().common.shadow;
        let asleep = queue.wakers.values_mut().filter(|_| nobody_waits);
        asleep.map(|waker| core::mem::replace(waker, Waker::noop().clone())).collect()
    }

    /// Lets those look again who may not wait any more, and gives the places that have come by a shift to the others.
    fn let_go(&self, wakers: Vec<Waker>) {
        wakers.into_iter().for_each(wake);
        self.hand_over();
    }

    /// Goes by other settings than those given from now on, or by these again. `over` is asked under the lock, so that
    /// the last one who does this is the one who says.
    #[cfg(feature = "registry")]
    pub(super) fn put_over(&self, over: impl FnOnce() -> Option<Settings>) {
        let wakers = self.learning(|learnt| {
            self.shift(|mode| {
                self.over.set(over());
                let settings = self.in_force();
                let limit = match learnt {
                    Some(gradient) => gradient.within(settings.range),
                    None => settings.range.initial,
                };
                self.limit.store(limit, Relaxed);
                let is_forced = matches!(mode, Mode::ForcedOpen | Mode::ForcedClosed);
                if is_forced { mode } else { Mode::unforced(&settings) }
            })
        });
        self.let_go(wakers);
    }

    pub(super) fn word(&self) -> Word {
        Word(self.word.load(Relaxed))
    }

    /// No user code runs under the lock, wakers included, so a poisoned one is as good as any.
    pub(super) fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue. Dropped, it is given up, or the place that was granted meanwhile is.
pub(super) struct Turn<'b> {
    bulkhead: &'b Bulkhead,
    ticket: u64,
    is_over: bool,
}

impl<'b> Turn<'b> {
    pub(super) fn bulkhead(&self) -> &'b Bulkhead {
        self.bulkhead
    }

    /// Looks whether the place has come; who then goes on to wait is woken by `waker`. A place that has come is taken,
    /// however late it is.
    pub(super) fn look(&mut self, mut waker: Waker, is_late: bool) -> Standing {
        // The wakers that go are dropped after the lock.
        let mut queue = self.bulkhead.lock();
        let standing = match queue.wakers.get_mut(&self.ticket) {
            None => Standing::Granted,
            Some(_) if is_late || self.bulkhead.keeps_nobody_waiting() => Standing::Refused,
            Some(slot) => {
                core::mem::swap(slot, &mut waker);
                Standing::Waiting
            }
        };
        let left = if standing == Standing::Refused { self.bulkhead.dequeue(&mut queue, self.ticket) } else { None };
        self.is_over = standing == Standing::Refused;
        drop(queue);
        // Where one of them panics, a place that has come is left to the drop of this.
        drop((left, waker));
        self.is_over = standing != Standing::Waiting;
        standing
    }
}

impl Bulkhead {
    /// Whether who has no place is refused at once, or in shadow goes without one.
    fn keeps_nobody_waiting(&self) -> bool {
        self.word().mode() == Mode::ForcedOpen || self.in_force().common.shadow
    }

    fn dequeue(&self, queue: &mut Queue, ticket: u64) -> Option<Waker> {
        let waker = queue.wakers.remove(&ticket)?;
        self.word.fetch_sub(WAITING, AcqRel);
        Some(waker)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut queue = self.bulkhead.lock();
        let left = self.bulkhead.dequeue(&mut queue, self.ticket);
        drop(queue);
        if left.is_none() {
            // Granted, and never taken.
            self.bulkhead.leave();
        }
    }
}
