//! What a stack does, by the rules: each policy is a few lines that are told what comes out of the call beneath.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use steadfast::{Abandoned, Class, Classify, RejectionKind};
use steadfast_tests::{Answer, Error};

use super::list::Layer;
use super::simulation::{By, Clock, Cut, Scope};
use super::world::{Does, Plan, Seen, Step, Substitute, is_worth_it};
use crate::models::circuit_breaker::reference::End as Report;
use crate::models::{bulkhead, circuit_breaker, common, rate_limit};

/// How a call ends.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Returned(Answer),
    Rejected(Refusal),
    /// Somebody dropped it.
    Cut(By),
    Panicked,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Refusal {
    pub(crate) kind: RejectionKind,
    pub(crate) policy: &'static str,
    pub(crate) hint: Option<Duration>,
}

pub(super) type Ending<'s> = Pin<Box<dyn Future<Output = End> + 's>>;

pub(crate) struct Interpreter {
    plan: Plan,
    pub(super) clock: Clock,
    pub(crate) breakers: [RefCell<circuit_breaker::reference::Reference>; 2],
    pub(crate) bulkheads: [RefCell<bulkhead::reference::Reference>; 2],
    pub(crate) limits: [RefCell<rate_limit::reference::Reference>; 2],
    /// Places that others have, and until when.
    held: RefCell<Vec<(usize, Duration, usize)>>,
    numbers: RefCell<usize>,
    /// Whether the function blocks its thread, so that nobody gives back a place meanwhile.
    blocks: bool,
    pub(crate) seen: RefCell<Vec<Seen>>,
}

impl Interpreter {
    pub(crate) fn new(plan: &Plan, blocks: bool) -> Self {
        let [first, mut second] = plan.breakers;
        // As the attribute says.
        second.abandoned = Abandoned::Failure;
        Self {
            plan: plan.clone(),
            clock: Clock::default(),
            breakers: [first, second]
                .map(|settings| RefCell::new(circuit_breaker::reference::Reference::new(settings))),
            bulkheads: plan.bulkheads.map(|settings| RefCell::new(bulkhead::reference::Reference::new(settings))),
            limits: plan.limits.map(|settings| RefCell::new(rate_limit::reference::Reference::new(settings))),
            held: RefCell::default(),
            numbers: RefCell::default(),
            blocks,
            seen: RefCell::default(),
        }
    }

    /// Somebody else takes a place, if there is one.
    pub(crate) fn hold(&self, which: usize, until: Duration) {
        let number = self.number();
        if self.bulkheads[which].borrow_mut().ask(number, false, None) == bulkhead::reference::Answer::Runs {
            self.held.borrow_mut().push((which, until, number));
        }
    }

    fn number(&self) -> usize {
        *self.numbers.borrow_mut() += 1;
        *self.numbers.borrow()
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.now.get()
    }

    /// The policies as they are now.
    pub(crate) fn pass_to(&self, now: Duration) {
        self.clock.now.set(now);
        self.policies(now);
        self.others(now);
    }

    fn policies(&self, now: Duration) {
        for breaker in &self.breakers {
            breaker.borrow_mut().now = now;
        }
        for limit in &self.limits {
            let passed = now - limit.borrow().now;
            limit.borrow_mut().pass(passed);
        }
        for bulkhead in &self.bulkheads {
            bulkhead.borrow_mut().now = now;
        }
    }

    /// Those who have their places no longer, and when the next one goes.
    fn others(&self, now: Duration) -> Option<Duration> {
        self.held.borrow_mut().retain(|&(which, until, number)| {
            if until <= now {
                self.bulkheads[which].borrow_mut().gone(number);
            }
            until > now
        });
        self.held.borrow().iter().map(|held| held.1).min()
    }

    /// A call whose caller goes away then.
    pub(crate) fn run(&self, layers: &[Layer], cancelled: Duration) -> End {
        let cuts = vec![Cut::At(cancelled, By::Caller)];
        self.clock.run(self.call(layers, Scope { cuts, ..Scope::default() }), |now| {
            self.policies(now);
            if self.blocks { None } else { self.others(now) }
        })
    }

    pub(super) fn call<'s>(&'s self, layers: &'s [Layer], scope: Scope) -> Ending<'s> {
        let Some((&layer, beneath)) = layers.split_first() else { return Box::pin(self.body(scope)) };
        match layer {
            Layer::R0 => Box::pin(self.retry(0, beneath, scope)),
            Layer::R1 => Box::pin(self.retry(1, beneath, scope)),
            Layer::B0 => Box::pin(self.breaker(0, beneath, scope)),
            Layer::B1 => Box::pin(self.breaker(1, beneath, scope)),
            Layer::T0 => Box::pin(self.timeout(0, beneath, scope)),
            Layer::T1 => Box::pin(self.timeout(1, beneath, scope)),
            Layer::F0 => Box::pin(self.fallback(0, beneath, scope)),
            Layer::F1 => Box::pin(self.fallback(1, beneath, scope)),
            Layer::K0 => Box::pin(self.bulkhead(0, beneath, scope)),
            Layer::K1 => Box::pin(self.bulkhead(1, beneath, scope)),
            Layer::L0 => Box::pin(self.rate_limit(0, beneath, scope)),
            Layer::L1 => Box::pin(self.rate_limit(1, beneath, scope)),
            Layer::H0 => Box::pin(self.hedge(self.plan.hedge, beneath, scope)),
        }
    }

    async fn body(&self, scope: Scope) -> End {
        let run = self.seen.borrow().iter().filter(|seen| matches!(seen, Seen::Body { .. })).count();
        let (attempt, deadline) = (scope.attempt.unwrap_or(1), scope.deadline);
        self.seen.borrow_mut().push(Seen::Body { at: self.now(), attempt, deadline });
        let Step { takes, does } = self.plan.step(run);
        if let Err(by) = self.clock.wait(self.now() + takes, &scope).await {
            return End::Cut(by);
        }
        match does {
            Does::Return(answer) => End::Returned(answer),
            Does::Panic => End::Panicked,
            Does::Hang if self.blocks => End::Panicked,
            Does::Hang => match self.clock.wait(Duration::MAX, &scope).await {
                Ok(()) => unreachable!("time has no end"),
                Err(by) => End::Cut(by),
            },
        }
    }

    async fn retry(&self, which: usize, beneath: &[Layer], scope: Scope) -> End {
        let settings = &self.plan.retries[which];
        let began = self.now();
        for attempt in 1.. {
            let end = self.call(beneath, Scope { attempt: Some(attempt), ..scope.clone() }).await;
            let class = match end {
                End::Cut(_) | End::Panicked => return end,
                End::Returned(answer) if which == 1 => answer.err().map(|error| worth_it(&error)),
                End::Returned(answer) => answer.err().map(|error| error.class()),
                End::Rejected(refusal) => Some(settings.refused(refusal.kind, refusal.hint, which == 1)),
            };
            let Some(class) = class else { return end };
            let left = scope.deadline.map(|deadline| deadline.saturating_sub(self.now()));
            let next = settings.next(attempt, class, self.now() - began, left);
            assert!(next.may_end.is_empty(), "without jitter all is known");
            if !next.ends.is_empty() {
                return end;
            }
            if let Err(by) = self.clock.wait(self.now() + next.delay.longest, &scope).await {
                return End::Cut(by);
            }
        }
        unreachable!("there is always another number")
    }

    async fn breaker(&self, which: usize, beneath: &[Layer], scope: Scope) -> End {
        let breaker = &self.breakers[which];
        let asked = breaker.borrow_mut().ask();
        let ticket = match asked {
            Ok(ticket) => ticket,
            Err(hint) => return rejected(RejectionKind::CircuitOpen, ["B0", "B1"][which], hint),
        };
        let end = self.call(beneath, scope).await;
        let report = match end {
            End::Returned(Err(Error::Io)) if which == 1 => Report::Neutral,
            End::Returned(Ok(13)) if which == 1 => Report::Failure,
            End::Returned(Ok(_)) => Report::Success,
            End::Returned(Err(error)) => match error.class() {
                Class::Transient { .. } => Report::Failure,
                Class::Permanent => Report::Success,
                Class::Throttled { .. } | Class::Neutral => Report::Neutral,
            },
            End::Rejected(Refusal { kind: RejectionKind::Timeout, .. }) | End::Panicked => Report::Failure,
            End::Rejected(_) => Report::Neutral,
            End::Cut(By::Timeout(_)) => Report::TimedOut,
            End::Cut(By::Caller) => Report::Dropped,
            End::Cut(By::Hedge) => Report::Lost,
        };
        breaker.borrow_mut().end(ticket, report);
        end
    }

    async fn timeout(&self, which: usize, beneath: &[Layer], scope: Scope) -> End {
        let at = self.now() + self.plan.timeouts[which];
        let mut within = scope.clone();
        within.deadline = Some(scope.deadline.map_or(at, |deadline| deadline.min(at)));
        within.cuts.push(Cut::At(at, By::Timeout(scope.cuts.len())));
        match self.call(beneath, within).await {
            End::Cut(By::Timeout(depth)) if depth == scope.cuts.len() => {
                rejected(RejectionKind::Timeout, ["T0", "T1"][which], None)
            }
            end => end,
        }
    }

    async fn fallback(&self, which: usize, beneath: &[Layer], scope: Scope) -> End {
        let end = self.call(beneath, scope.clone()).await;
        let handles = match end {
            End::Cut(_) | End::Panicked => false,
            End::Rejected(_) => true,
            End::Returned(Ok(answer)) => which == 1 && answer == 13,
            End::Returned(Err(Error::Io)) if which == 1 => false,
            End::Returned(Err(error)) => which == 0 || error.class() != Class::Permanent,
        };
        if !handles {
            return end;
        }
        self.seen.borrow_mut().push(Seen::Fallback { at: self.now(), which });
        let Substitute { takes, answer } = self.plan.fallbacks[which];
        match self.clock.wait(self.now() + takes, &scope).await {
            Ok(()) => End::Returned(answer),
            Err(by) => End::Cut(by),
        }
    }

    async fn bulkhead(&self, which: usize, beneath: &[Layer], scope: Scope) -> End {
        use bulkhead::reference::{Answer, Now};
        let (bulkhead, number) = (&self.bulkheads[which], self.number());
        let full = || rejected(RejectionKind::BulkheadFull, ["K0", "K1"][which], None);
        let asked = bulkhead.borrow_mut().ask(number, true, scope.deadline);
        if let Answer::Rejected(_) = asked {
            return full();
        }
        let until = bulkhead.borrow().until(scope.deadline);
        let place = self.clock.wait_for(&scope, || {
            self.clock.look_again_at(until);
            let found = bulkhead.borrow_mut().look(number);
            (found != Now::Waits).then_some(found == Now::Runs)
        });
        let end = match place.await {
            Ok(false) => return full(),
            Ok(true) => self.call(beneath, scope.clone()).await,
            Err(by) => End::Cut(by),
        };
        if bulkhead.borrow().full().waiting > 0 {
            self.clock.handed_over.set(Some(self.now()));
        }
        bulkhead.borrow_mut().gone(number);
        self.clock.look_again();
        end
    }

    async fn rate_limit(&self, which: usize, beneath: &[Layer], scope: Scope) -> End {
        use rate_limit::reference::Answer;
        let (limit, number) = (&self.limits[which], self.number());
        let max_wait = limit.borrow().max_wait();
        let asked = limit.borrow_mut().ask(number, max_wait, scope.deadline);
        match asked {
            Answer::Passes => {}
            Answer::Rejected(hint) => return rejected(RejectionKind::RateLimited, ["L0", "L1"][which], hint),
            Answer::Waits => {
                let passed = self.clock.wait_for(&scope, || {
                    let due = common::whole_ms(limit.borrow().due(number).expect("it waits"));
                    self.clock.look_again_at(due);
                    (due <= self.now()).then_some(())
                });
                if let Err(by) = passed.await {
                    limit.borrow_mut().gone(number);
                    return End::Cut(by);
                }
                limit.borrow_mut().passed(number);
            }
        }
        self.call(beneath, scope).await
    }
}

const fn rejected(kind: RejectionKind, policy: &'static str, hint: Option<Duration>) -> End {
    End::Rejected(Refusal { kind, policy, hint })
}

/// The second retry has a `when`. Open in the rules: what it says stands in the place of the error's classification, so
/// that a hint is lost with it.
fn worth_it(error: &Error) -> Class {
    if is_worth_it(error) { Class::TRANSIENT } else { Class::Permanent }
}
