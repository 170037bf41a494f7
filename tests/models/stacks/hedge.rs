//! A hedge: calls side by side.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use steadfast::{Class, Classify, RejectionKind};

use super::interpreter::{End, Ending, Interpreter};
use super::list::Layer;
use super::simulation::{By, Cut, Scope};
use super::world::Hedge;

struct Call<'s> {
    ending: Ending<'s>,
    end: Option<End>,
    dropped: Rc<Cell<Option<By>>>,
    /// When it goes on.
    moments: Vec<Duration>,
}

/// The calls of one hedge.
struct Race<'s> {
    interpreter: &'s Interpreter,
    beneath: &'s [Layer],
    scope: Scope,
    hedge: Hedge,
    calls: Vec<Call<'s>>,
    /// When another one may start; `None` if none will.
    next: Option<Duration>,
    /// Until when the server has asked to be left alone.
    not_before: Duration,
}

impl Interpreter {
    pub(super) async fn hedge(&self, hedge: Hedge, beneath: &[Layer], scope: Scope) -> End {
        let mut race = Race {
            interpreter: self,
            beneath,
            scope,
            hedge,
            calls: Vec::new(),
            next: None,
            not_before: Duration::ZERO,
        };
        race.start();
        poll_fn(|cx| race.poll(cx)).await
    }
}

impl Race<'_> {
    fn start(&mut self) {
        let dropped = Rc::<Cell<Option<By>>>::default();
        let mut scope = self.scope.clone();
        scope.cuts.push(Cut::Dropped(Rc::clone(&dropped)));
        let ending = self.interpreter.call(self.beneath, scope);
        self.calls.push(Call { ending, end: None, dropped, moments: Vec::new() });
        let more = self.calls.len() < self.hedge.attempts.max(1) as usize;
        self.next = more.then(|| self.interpreter.now().saturating_add(self.hedge.after));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        let now = self.interpreter.now();
        let goes_on = |call: &Call<'_>| call.end.is_none() && call.moments.contains(&now);
        let clock = &self.interpreter.clock;
        // A call that starts as its caller goes away may as well not.
        let starts_too_late = self.next == Some(now) && clock.cut(&self.scope).is_some();
        if starts_too_late || self.calls.iter().filter(|call| goes_on(call)).count() > 1 {
            clock.is_open.set(true);
        }
        loop {
            let mut calls: Vec<_> = (0..self.calls.len()).collect();
            // What is over in this moment is, also where somebody around all of them ends them in it.
            calls.sort_by_key(|&which| !goes_on(&self.calls[which]));
            for which in calls {
                let Poll::Ready(end) = self.ask(which, cx) else { continue };
                self.calls[which].end = Some(end);
                match end {
                    // Whoever cuts one of them cuts all.
                    End::Cut(by) => return self.ends(end, by, cx),
                    End::Panicked => return self.ends(end, By::Hedge, cx),
                    _ if is_answer(end) => return self.ends(end, By::Hedge, cx),
                    _ => self.failed(which, end),
                }
            }
            let deadline = self.scope.deadline.unwrap_or(Duration::MAX);
            let next = self.next.filter(|next| *next < deadline);
            if next.is_none() && self.calls.iter().all(|call| call.end.is_some()) {
                return Poll::Ready(self.calls[0].end.expect("it has ended"));
            }
            let Some(next) = next else { return Poll::Pending };
            if next <= self.interpreter.now() {
                self.start();
                continue;
            }
            self.interpreter.clock.look_again_at(next);
            let cut = self.interpreter.clock.cut(&self.scope);
            return cut.map_or(Poll::Pending, |by| Poll::Ready(End::Cut(by)));
        }
    }

    /// Looks whether it has ended, if that was not known.
    fn ask(&mut self, which: usize, cx: &mut Context<'_>) -> Poll<End> {
        let call = &mut self.calls[which];
        if call.end.is_some() {
            return Poll::Pending;
        }
        let others = self.interpreter.clock.own.take();
        let end = call.ending.as_mut().poll(cx);
        call.moments = self.interpreter.clock.own.replace(others);
        end
    }

    /// The others are dropped.
    fn ends(&mut self, end: End, by: By, cx: &mut Context<'_>) -> Poll<End> {
        let clock = &self.interpreter.clock;
        if clock.handed_over.get() == Some(self.interpreter.now()) {
            // Whether another call is asked before it is dropped, and finds its place, depends on whose turn it was.
            clock.is_open.set(true);
        }
        for call in self.calls.iter_mut().filter(|call| call.end.is_none()) {
            call.dropped.set(Some(by));
            assert!(matches!(call.ending.as_mut().poll(cx), Poll::Ready(End::Cut(cut)) if cut == by));
        }
        Poll::Ready(end)
    }

    fn failed(&mut self, which: usize, end: End) {
        let is_newest = which + 1 == self.calls.len();
        let now = self.interpreter.now();
        let class = match end {
            End::Rejected(refusal) => match refusal.kind {
                RejectionKind::Timeout => Class::TRANSIENT,
                RejectionKind::CircuitOpen => Class::Neutral,
                _ => Class::Throttled { retry_after: refusal.hint },
            },
            End::Returned(Err(error)) => error.class(),
            _ => unreachable!("no failure"),
        };
        let hint = class.retry_after();
        // A throttled server that does not say when is asked again at the usual time.
        let is_told = matches!(class, Class::Transient { .. }) || hint.is_some();
        if is_newest && is_told {
            self.next = self.next.map(|_| now);
        }
        self.not_before = self.not_before.max(now.saturating_add(hint.unwrap_or_default()));
        self.next = self.next.map(|next| next.max(self.not_before));
        let is_too_long = hint.is_some_and(|hint| hint > self.hedge.after.max(Duration::from_secs(10)));
        if class == Class::Neutral || is_too_long {
            self.next = None;
            self.hedge.attempts = 0;
        }
    }
}

/// A success, or an answer that another call would not change.
fn is_answer(end: End) -> bool {
    match end {
        End::Returned(Ok(_)) => true,
        End::Returned(Err(error)) => error.class() == Class::Permanent,
        _ => false,
    }
}
