//! The budget of retries.

use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use steadfast::{Backoff, Jitter, Retry, RetryBudget};
use steadfast_tests::{Answer, Error};
use tokio::time::advance;

use self::reference::{Reference, Settings};
use super::common::{MS, Task, Wait, YEAR, check, near, waits, whole_ms};

pub(crate) mod reference;

#[derive(Debug, Clone, Copy)]
enum Act {
    /// A call that succeeds.
    Succeed,
    /// One that fails each time, with so many attempts and such delays.
    Fail {
        attempts: u32,
        delay: Duration,
    },
    /// One of those in their delay goes away.
    Drop(usize),
    Wait(Wait),
    /// The same, and nobody is polled after it until something else has happened.
    Late(Wait),
    Reset,
}

fn settings() -> impl Strategy<Value = Settings> {
    let ratio = select(vec![0.0, 0.1, 1.0 / 3.0, 0.5, 0.51, 1.0, 2.0, -1.0, f64::NAN, f64::INFINITY, 1e-9]);
    let min_per_second = prop_oneof![4 => Just(0_u32), 4 => 1..4_u32, 1 => Just(100), 1 => Just(u32::MAX)];
    let window = near(const { &[Duration::ZERO, MS, MS.saturating_mul(320), Duration::from_secs(10), YEAR] });
    (ratio, min_per_second, window).prop_map(|(ratio, min_per_second, window)| Settings {
        ratio,
        min_per_second,
        window,
    })
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let delay = near(const { &[Duration::ZERO, MS, MS.saturating_mul(100), Duration::from_secs(10)] });
    let act = prop_oneof![
        20 => Just(Act::Succeed),
        40 => (1..5_u32, delay).prop_map(|(attempts, delay)| Act::Fail { attempts, delay }),
        10 => (0..8_usize).prop_map(Act::Drop),
        30 => waits().prop_map(Act::Wait),
        4 => waits().prop_map(Act::Late),
        1 => Just(Act::Reset),
    ];
    proptest::collection::vec(act, 1..150)
}

/// A call in its delay.
struct Call {
    number: usize,
    attempts: u32,
    failed: u32,
    delay: Duration,
    until: Duration,
    task: Task<'static, Answer>,
}

struct History {
    budget: &'static RetryBudget,
    reference: Reference,
    calls: Vec<Call>,
    begun: usize,
}

impl History {
    async fn act(&mut self, act: Act) {
        match act {
            Act::Succeed => {
                let mut task = self.task(1, Duration::ZERO, Ok(1));
                assert!(matches!(task.poll(), Poll::Ready(Ok(Ok(1)))));
                self.reference.call();
            }
            Act::Fail { attempts, delay } => {
                self.begun += 1;
                let task = self.task(attempts, delay, Err(Error::Failed));
                self.reference.call();
                let until = self.reference.now;
                self.poll(Call { number: self.begun, attempts, failed: 0, delay, until, task });
            }
            Act::Drop(which) if which < self.calls.len() => {
                let call = self.calls.remove(which);
                drop(call.task);
                self.reference.give_back(call.number);
            }
            Act::Drop(_) => {}
            Act::Wait(wait) | Act::Late(wait) => {
                let mut moments = self.reference.moments();
                moments.extend(self.calls.iter().map(|call| call.until));
                // Delays and windows have whole milliseconds.
                let length = whole_ms(wait.length(self.reference.now, moments, MS));
                advance(length).await;
                self.reference.now += length;
                let counts = self.budget.counts();
                self.reference.forget(counts.calls, counts.retries);
            }
            Act::Reset => {
                self.budget.reset();
                self.reference.reset();
            }
        }
        if !matches!(act, Act::Late(_)) {
            for call in std::mem::take(&mut self.calls) {
                self.poll(call);
            }
        }
        let counts = self.budget.counts();
        assert_eq!((counts.calls, counts.retries, counts.refused), self.reference.counts(), "after {act:?}");
        assert_eq!(self.budget.balance(), self.reference.balance(), "after {act:?}");
        assert_eq!(self.budget.is_exhausted(), self.reference.balance() == 0, "after {act:?}");
    }

    fn task(&self, attempts: u32, delay: Duration, answer: Answer) -> Task<'static, Answer> {
        let retry = Retry::new().attempts(attempts).backoff(Backoff::fixed(delay)).jitter(Jitter::None);
        Task::new(retry.budget(self.budget).call(move || async move { answer }))
    }

    /// It fails as often as it may by now, and asks for each retry.
    fn poll(&mut self, mut call: Call) {
        let polled = call.task.poll();
        while call.until <= self.reference.now {
            call.failed += 1;
            if call.failed == call.attempts || !self.reference.retry(call.number) {
                assert!(matches!(polled, Poll::Ready(Ok(Err(Error::Failed)))), "{} retries", call.number);
                return;
            }
            call.until = self.reference.now.saturating_add(call.delay);
        }
        assert!(polled.is_pending(), "{} ends", call.number);
        self.calls.push(call);
    }
}

async fn history((settings, acts): (Settings, Vec<Act>)) {
    // A policy holds it for ever. They are small.
    let budget = Box::leak(Box::new(settings.budget()));
    let mut history = History { budget, reference: Reference::new(settings), calls: Vec::new(), begun: 0 };
    for act in acts {
        history.act(act).await;
    }
}

#[test]
fn it_does_what_the_reference_does() {
    check(&(settings(), acts()), history);
}
