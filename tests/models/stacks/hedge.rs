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
    lost: Rc<Cell<bool>>,
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
}

impl Interpreter {
    pub(super) async fn hedge(&self, hedge: Hedge, beneath: &[Layer], scope: Scope) -> End {
        let mut race = Race { interpreter: self, beneath, scope, hedge, calls: Vec::new(), next: None };
        race.start();
        poll_fn(|cx| race.poll(cx)).await
    }
}

impl Race<'_> {
    fn start(&mut self) {
        let lost = Rc::<Cell<bool>>::default();
        let mut scope = self.scope.clone();
        scope.cuts.push(Cut::Lost(Rc::clone(&lost)));
        self.calls.push(Call { ending: self.interpreter.call(self.beneath, scope), end: None, lost });
        let more = self.calls.len() < self.hedge.attempts.max(1) as usize;
        self.next = more.then(|| self.interpreter.now().saturating_add(self.hedge.after));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let mut cut = None;
            for which in 0..self.calls.len() {
                if self.calls[which].end.is_some() {
                    continue;
                }
                let Poll::Ready(end) = self.calls[which].ending.as_mut().poll(cx) else { continue };
                self.calls[which].end = Some(end);
                match end {
                    End::Cut(by) => cut = Some(by),
                    End::Panicked => return self.wins(end, cx),
                    _ if is_answer(end) => return self.wins(end, cx),
                    _ => self.failed(which, end),
                }
            }
            // Whoever cuts one of them cuts all.
            if let Some(by) = cut {
                return Poll::Ready(End::Cut(by));
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

    /// The others are dropped.
    fn wins(&mut self, end: End, cx: &mut Context<'_>) -> Poll<End> {
        for call in self.calls.iter_mut().filter(|call| call.end.is_none()) {
            call.lost.set(true);
            assert!(matches!(call.ending.as_mut().poll(cx), Poll::Ready(End::Cut(By::Hedge))));
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
        match class {
            Class::Neutral => self.next = None,
            Class::Transient { .. } if is_newest => self.next = self.next.map(|_| now),
            _ => {}
        }
        let Some(hint) = class.retry_after() else { return };
        if hint > self.hedge.after.max(Duration::from_secs(10)) {
            self.next = None;
        }
        self.next = self.next.map(|next| next.max(now.saturating_add(hint)));
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
