//! When a timeout ends, once it has started.

use core::cell::Cell;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::coop;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::scope::{self, Start, Unstarted};
use crate::{clock, time};

/// Nothing until the call first waits: one pointer in a call that is ready at once.
#[derive(Debug)]
pub(crate) struct Alarm(Option<Pin<Box<Clock>>>);

pin_project! {
    #[derive(Debug)]
    struct Clock {
        // `None` where the timeout ends later than the clock can say.
        deadline: Option<Instant>,
        // Made at the first look, also where a timeout around ends sooner: that may be gone by then, and this one be polled
        // only when it is woken, as in a `FuturesUnordered`.
        #[pin]
        timer: Option<Sleep>,
        // Whether it has rung, and the report was left to a timeout around.
        left: bool,
        // Whether the timer is also that of a deadline around, which was given.
        keeps: bool,
        // In nanoseconds, to be told.
        limit: u64,
    }
}

thread_local! {
    /// An empty clock, kept for the next call of this thread that waits: it spares the allocation.
    static SPARE: Cell<Option<Pin<Box<Clock>>>> = const { Cell::new(None) };
}

impl Alarm {
    pub(crate) const NONE: Self = Self(None);

    /// Whether the timeout has started.
    #[inline]
    pub(super) const fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// When the timeout ends.
    #[inline]
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.as_ref().and_then(|clock| clock.deadline)
    }

    /// One that has started, with no timeout of its own.
    #[cold]
    pub(crate) fn at(deadline: Instant) -> Self {
        Self(Some(Clock::new(Some(deadline))))
    }

    /// How long it has been since the timeout started, in nanoseconds.
    #[cold]
    pub(super) fn elapsed(&self) -> Option<u64> {
        let clock = self.0.as_ref()?;
        let left = clock.deadline?.saturating_duration_since(clock::now());
        Some(clock.limit.saturating_sub(time::saturated(left)))
    }

    /// How long it was, in nanoseconds.
    #[inline]
    pub(super) fn limit(&self) -> u64 {
        self.0.as_ref().map_or(0, |clock| clock.limit)
    }

    /// Starts the timeout, after the call has waited for the first time. Whether it is over at once.
    #[cold]
    pub(super) fn set(&mut self, nanos: u64, unstarted: Unstarted, cx: &mut Context<'_>) -> bool {
        let Some(Start { deadline, around }) = unstarted.start(nanos) else { return false };
        self.arm(deadline, nanos, around, cx)
    }

    /// The same of a timeout that started when the call began; it is over in any case where it has no time.
    #[cold]
    pub(super) fn set_at(
        &mut self,
        deadline: Option<Instant>,
        nanos: u64,
        around: Option<Instant>,
        cx: &mut Context<'_>,
    ) -> bool {
        self.arm(deadline, nanos, around, cx)
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is cold is not inlined otherwise, and costs its arguments")]
    fn arm(&mut self, deadline: Option<Instant>, nanos: u64, around: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let mut clock = Clock::new(deadline);
        *clock.as_mut().project().limit = nanos;
        let over = nanos == 0 || clock.as_mut().is_over(around, cx);
        self.0 = Some(clock);
        over
    }

    /// Whether the timeout is over, where those around it end at `around`.
    #[cold]
    pub(crate) fn is_over(&mut self, around: Option<Instant>, cx: &mut Context<'_>) -> bool {
        self.0.as_mut().is_some_and(|clock| clock.as_mut().is_over(around, cx))
    }
}

impl Clock {
    fn new(deadline: Option<Instant>) -> Pin<Box<Self>> {
        let spare = SPARE.try_with(Cell::take).ok().flatten();
        let mut clock = spare
            .unwrap_or_else(|| Box::pin(Self { deadline: None, timer: None, left: false, keeps: false, limit: 0 }));
        *clock.as_mut().project().deadline = deadline;
        clock
    }

    fn is_over(mut self: Pin<&mut Self>, around: Option<Instant>, cx: &mut Context<'_>) -> bool {
        let given = around.filter(|_| scope::is_given());
        if (self.keeps || given.is_some()) && self.as_mut().keep(given) {
            return true;
        }
        let mut this = self.project();
        if this.timer.is_none() {
            let Some(deadline) = *this.deadline else { return false };
            this.timer.set(Some(sleep_until(deadline)));
        }
        // Unconstrained: a call that has used up the cooperative budget of its task must not keep the timer from being
        // looked at.
        let rung =
            this.timer.as_pin_mut().is_some_and(|timer| pin!(coop::unconstrained(timer)).poll(cx) == Poll::Ready(()));
        // Where a timeout around ended before, and both are looked at only now, that one reports in this same poll. But
        // if it can't, while its thread blocks on this call, this one does so in the next.
        let leaves = rung && given.is_none() && around < *this.deadline && around.is_some() && !*this.left;
        if leaves {
            *this.left = true;
            cx.waker().wake_by_ref();
        }
        rung && !leaves
    }

    /// Keeps a deadline that nobody above keeps, or none any more where the call has gone elsewhere. Whether it is over,
    /// as it may be before the call begins: a timer would ring only at its next tick.
    #[cold]
    fn keep(self: Pin<&mut Self>, given: Option<Instant>) -> bool {
        let mut this = self.project();
        *this.keeps = given.is_some();
        let end = given.map(|given| this.deadline.map_or(given, |deadline| deadline.min(given)));
        if this.timer.as_ref().as_pin_ref().map(|timer| timer.deadline()) == end {
            return false;
        }
        this.timer.set(end.map(sleep_until));
        end.is_some_and(|end| end <= clock::now())
    }

    #[cold]
    #[inline(never)]
    fn put_away(mut self: Pin<Box<Self>>) {
        let mut this = self.as_mut().project();
        this.timer.set(None);
        *this.left = false;
        *this.keeps = false;
        // Nothing to do about a thread that is just ending.
        let _ = SPARE.try_with(|spare| spare.set(Some(self)));
    }
}

impl Drop for Alarm {
    #[inline]
    fn drop(&mut self) {
        // Looked at before it is taken, so that there is nothing to write where there is none.
        if self.is_set()
            && let Some(clock) = self.0.take()
        {
            clock.put_away();
        }
    }
}
