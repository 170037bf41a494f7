//! The place of a call.

use core::fmt;

use crate::scope::{self, Dropping};

use super::Bulkhead;
use super::adaptive::Said;

/// A call's place, from before it is asked for until after it is given back.
///
/// One word says how far it is. Whatever is outlined takes values and not the guard: one whose address is never given
/// away can be kept in registers, and what is known of it holds until the end.
pub(super) struct Guard<'b> {
    pub(super) bulkhead: &'b Bulkhead,
    stage: Stage,
}

/// How far a call is. One that runs and is timed has the time at which it began, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Stage(u64);

impl Stage {
    const AHEAD: Self = Self(0);
    const WAITING: Self = Self(1);
    const OVER: Self = Self(2);
    const RUNNING: Self = Self(3);
    const FIRST_TIME: u64 = 4;
}

impl<'b> Guard<'b> {
    /// Of a call that has not begun, and holds nothing.
    #[inline]
    pub(super) const fn new(bulkhead: &'b Bulkhead) -> Self {
        Self { bulkhead, stage: Stage::AHEAD }
    }

    /// Takes a place for a call that has not begun, if there is one and nobody waits for it.
    #[inline]
    pub(super) fn enter(&mut self, is_watched: bool) -> bool {
        let enters = self.stage == Stage::AHEAD && self.bulkhead.try_enter();
        if enters {
            self.run(is_watched);
        }
        enters
    }

    #[inline]
    pub(super) fn is_running(&self) -> bool {
        self.stage >= Stage::RUNNING
    }

    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.stage == Stage::OVER
    }

    /// It has its place now.
    #[inline]
    pub(super) fn run(&mut self, is_watched: bool) {
        self.bulkhead.count_admitted();
        let began = if is_watched { self.bulkhead.began() } else { None };
        self.stage = began.map_or(Stage::RUNNING, |began| Stage(began.max(Stage::FIRST_TIME)));
    }

    pub(super) fn wait(&mut self) {
        self.stage = Stage::WAITING;
    }

    /// It has no place, and will have none.
    #[inline]
    pub(super) fn give_up(&mut self) {
        self.stage = Stage::OVER;
    }

    /// When it began, if it runs and somebody wants to know how long.
    #[inline]
    pub(super) fn began(&self) -> Option<u64> {
        (self.stage > Stage::RUNNING).then_some(self.stage.0)
    }

    /// Gives the place back.
    #[inline]
    pub(super) fn leave(&mut self) {
        self.stage = Stage::OVER;
        self.bulkhead.leave();
    }
}

/// Dropped while it runs, a call has lost its caller, or its time.
impl Drop for Guard<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.is_running() {
            abandon(self.bulkhead, self.began());
        }
    }
}

#[cold]
#[inline(never)]
fn abandon(bulkhead: &Bulkhead, began: Option<u64>) {
    if let Some(began) = began
        && scope::dropping() == Some(Dropping::TimedOut)
    {
        bulkhead.ended(began, Said::Overloaded);
    }
    bulkhead.leave();
}

impl fmt::Debug for Guard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = self.is_running();
        f.debug_struct("Guard").field("bulkhead", self.bulkhead).field("running", &running).finish_non_exhaustive()
    }
}
