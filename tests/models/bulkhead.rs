//! The bulkhead.

use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use steadfast::{Bulkhead, Flow, Place, Rejection, Timeout, testing};
use steadfast_tests::{Answer as Outcome, Error};
use tokio::time::advance;

use self::reference::{Answer, Forced, Full, Limit, Now, Reference, Settings};
use super::common::{Body, MS, Task, Wait, YEAR, check, near, waits};

pub(crate) mod reference;

#[derive(Debug, Clone, Copy)]
enum Act {
    /// Takes a place without waiting.
    Try,
    /// Calls, perhaps beneath a timeout.
    Call(Option<Duration>),
    /// Blocks the thread.
    Block,
    /// One of the calls goes away, waiting or running.
    Drop(usize),
    /// One that runs comes to its end.
    End(usize, Ending),
    Wait(Wait),
    Force(Option<Forced>),
}

#[derive(Debug, Clone, Copy)]
enum Ending {
    Success,
    Throttled,
    Panic,
}

fn settings(limit: impl Strategy<Value = Limit>) -> impl Strategy<Value = Settings> {
    let max_wait = near(const { &[Duration::ZERO, MS.saturating_mul(20), Duration::from_secs(60), Duration::MAX] });
    let max_queue = proptest::option::of(prop_oneof![0..5_u32, Just(u32::MAX)]);
    (limit, max_wait, max_queue).prop_map(|(limit, max_wait, max_queue)| Settings { limit, max_wait, max_queue })
}

fn fixed() -> impl Strategy<Value = Limit> {
    prop_oneof![8 => 0..5_u32, 1 => Just(u32::MAX)].prop_map(Limit::Fixed)
}

fn adaptive() -> impl Strategy<Value = Limit> {
    (0..4_u32, 0..12_u32, 0..8_u32).prop_map(|(min, max, initial)| Limit::Adaptive { min, max, initial })
}

/// Each act, and whether the calls are polled then, as a runtime would, or only after another.
fn acts(most: usize) -> impl Strategy<Value = Vec<(Act, bool)>> {
    let deadline = proptest::option::weighted(
        0.3,
        near(const { &[Duration::ZERO, MS.saturating_mul(10), MS.saturating_mul(20), Duration::MAX] }),
    );
    let force = prop_oneof![3 => Just(None), 1 => Just(Some(Forced::Open)), 1 => Just(Some(Forced::Closed))];
    let ending = prop_oneof![8 => Just(Ending::Success), 1 => Just(Ending::Throttled), 1 => Just(Ending::Panic)];
    let act = prop_oneof![
        40 => Just(Act::Try),
        240 => deadline.prop_map(Act::Call),
        4 => Just(Act::Block),
        40 => (0..8_usize).prop_map(Act::Drop),
        160 => (0..8_usize, ending).prop_map(|(which, ending)| Act::End(which, ending)),
        120 => waits().prop_map(Act::Wait),
        3 => force.prop_map(Act::Force),
    ];
    proptest::collection::vec((act, proptest::bool::weighted(0.8)), 1..most)
}

/// A call that waits or runs.
struct Call<'b> {
    number: usize,
    deadline: Option<Duration>,
    held: Held<'b>,
}

enum Held<'b> {
    Place(#[expect(dead_code, reason = "it is kept")] Place<'b>),
    Future(Task<'b, Flow<Outcome>>, Body<Outcome>),
}

/// What the policy and the reference live through.
struct History<'b> {
    settings: Settings,
    bulkhead: &'b Bulkhead,
    reference: Reference,
    calls: Vec<Call<'b>>,
    begun: usize,
}

impl History<'_> {
    async fn act(&mut self, act: Act, settled: bool) {
        match act {
            Act::Try => {
                self.begun += 1;
                match (self.bulkhead.try_acquire(), self.reference.ask(self.begun, false, None)) {
                    (Ok(place), Answer::Runs) => {
                        self.calls.push(Call { number: self.begun, deadline: None, held: Held::Place(place) });
                    }
                    (Err(rejection), Answer::Rejected(full)) => self.same(rejection, full),
                    (real, expected) => panic!("{real:?}, and not {expected:?}"),
                }
            }
            Act::Call(within) => self.call(within),
            Act::Block => {
                self.block();
                // The thread has been held up: now the timers ring.
                advance(Duration::ZERO).await;
            }
            Act::Drop(which) if which < self.calls.len() => {
                let call = self.calls.remove(which);
                drop(call.held);
                self.gone(call.number);
            }
            Act::End(which, ending) if which < self.calls.len() => self.end(which, ending),
            Act::Drop(_) | Act::End(..) => {}
            Act::Wait(wait) => {
                let mut moments = self.reference.moments();
                moments.extend(self.calls.iter().filter_map(|call| call.deadline));
                let length = wait.length(self.reference.now, moments, MS);
                advance(length).await;
                self.reference.now += length;
            }
            Act::Force(forced) => {
                match forced {
                    None => self.bulkhead.reset(),
                    Some(Forced::Open) => self.bulkhead.force_open(),
                    Some(Forced::Closed) => self.bulkhead.force_closed(),
                }
                self.reference.limit = self.bulkhead.limit();
                self.reference.force(forced);
            }
        }
        if settled {
            while self.settle() {}
            self.compare();
        }
    }

    fn call(&mut self, within: Option<Duration>) {
        self.begun += 1;
        let number = self.begun;
        let deadline = within.map(|within| self.reference.now.saturating_add(within));
        let (bulkhead, body) = (self.bulkhead, Body::new());
        let inside = body.clone();
        let mut task = Task::new(async move {
            let Some(within) = within else { return bulkhead.try_call(inside).await };
            match Timeout::new(within).try_call(bulkhead.try_call(inside)).await {
                Flow::Returned(flow) => flow,
                Flow::Rejected(rejection) => Flow::Rejected(rejection),
            }
        });
        let expected = self.reference.ask(number, true, deadline);
        let polled = task.poll();
        assert_eq!(body.began(), expected == Answer::Runs);
        match (polled, expected) {
            (Poll::Pending, Answer::Runs | Answer::Waits) => {
                self.calls.push(Call { number, deadline, held: Held::Future(task, body) });
            }
            (Poll::Ready(Ok(Flow::Rejected(rejection))), Answer::Rejected(full)) => self.same(rejection, full),
            (Poll::Ready(Ok(Flow::Rejected(rejection))), Answer::Runs) => {
                assert!(rejection.is_timeout() && deadline.is_some_and(|deadline| deadline <= self.reference.now));
                self.gone(number);
            }
            (polled, expected) => panic!("{:?}, and not {expected:?}", polled.map(Result::ok)),
        }
    }

    /// Nobody can let it in while it holds up the thread: so it runs at once, or its time passes.
    fn block(&mut self) {
        if self.settings.max_wait > YEAR {
            return;
        }
        let _sleeps = testing::advance_on_sleep();
        let expected = self.reference.ask(usize::MAX, true, None);
        let until = self.reference.until(None);
        match (self.bulkhead.try_call_blocking(|| ()), expected) {
            (Flow::Returned(()), Answer::Runs) => self.gone(usize::MAX),
            (Flow::Rejected(rejection), Answer::Rejected(full)) => self.same(rejection, full),
            (Flow::Rejected(rejection), Answer::Waits) => {
                self.reference.now = until;
                let Now::Rejected(full) = self.reference.look(usize::MAX) else { panic!("it waits") };
                self.same(rejection, full);
            }
            (real, expected) => panic!("{real:?}, and not {expected:?}"),
        }
    }

    fn end(&mut self, which: usize, ending: Ending) {
        if let Held::Future(task, body) = &mut self.calls[which].held {
            if !body.began() {
                return;
            }
            body.end(match ending {
                Ending::Success => Some(Ok(1)),
                Ending::Throttled => Some(Err(Error::Throttled(None))),
                Ending::Panic => None,
            });
            let Poll::Ready(end) = task.poll() else { panic!("it goes on") };
            match ending {
                Ending::Panic => assert!(end.is_err()),
                _ => assert!(matches!(end, Ok(Flow::Returned(_)))),
            }
        }
        let call = self.calls.remove(which);
        drop(call.held);
        self.gone(call.number);
    }

    /// A place is free. What the limit then is, an adaptive bulkhead says.
    fn gone(&mut self, number: usize) {
        self.reference.limit = self.bulkhead.limit();
        self.reference.gone(number);
    }

    /// Polls who was woken, one after the other. Whether any of them has ended.
    fn settle(&mut self) -> bool {
        let before = self.calls.len();
        for mut call in std::mem::take(&mut self.calls) {
            let Held::Future(task, body) = &mut call.held else {
                self.calls.push(call);
                continue;
            };
            let polled = task.poll();
            let expected = self.reference.look(call.number);
            let over = call.deadline.is_some_and(|deadline| deadline <= self.reference.now);
            match (polled, expected) {
                (Poll::Pending, Now::Waits) => {
                    assert!(!body.began());
                    self.calls.push(call);
                }
                (Poll::Pending, Now::Runs) if !over => {
                    assert!(body.began(), "nobody told {} that it has a place", call.number);
                    self.calls.push(call);
                }
                (Poll::Ready(Ok(Flow::Rejected(rejection))), Now::Runs) if over => {
                    assert!(rejection.is_timeout());
                    self.gone(call.number);
                }
                (Poll::Ready(Ok(Flow::Rejected(rejection))), Now::Rejected(full)) => self.same(rejection, full),
                (polled, expected) => panic!("{:?}, and not {expected:?}", polled.map(Result::ok)),
            }
        }
        self.calls.len() < before
    }

    fn same(&self, rejection: Rejection, full: Full) {
        assert!(rejection.is_bulkhead_full(), "{rejection}");
        if self.reference.forced.is_none() {
            let told = (rejection.running(), rejection.waiting());
            assert_eq!(told, (Some(full.running), Some(full.waiting)));
        }
    }

    fn compare(&self) {
        let Full { running, waiting } = self.reference.full();
        assert_eq!((self.bulkhead.running(), self.bulkhead.waiting()), (running, waiting));
        assert_eq!(self.bulkhead.rejected(), self.reference.rejected);
        let limits = self.bulkhead.limits();
        let range = limits.min_concurrent..=limits.max_concurrent;
        assert!(range.contains(&self.bulkhead.limit()), "{} of {range:?}", self.bulkhead.limit());
    }
}

async fn history((settings, acts): (Settings, Vec<(Act, bool)>)) {
    let bulkhead = settings.bulkhead();
    let reference = Reference::new(settings);
    assert_eq!(bulkhead.limit().min(1 << 29), reference.limit.min(1 << 29));
    let mut history = History { settings, bulkhead: &bulkhead, reference, calls: Vec::new(), begun: 0 };
    for (act, settled) in acts {
        history.act(act, settled).await;
    }
}

#[test]
fn it_does_what_the_reference_does() {
    check(&(settings(fixed()), acts(150)), history);
}

#[test]
fn with_a_limit_that_moves() {
    check(&(settings(adaptive()), acts(300)), history);
}
