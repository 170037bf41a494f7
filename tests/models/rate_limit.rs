//! The rate limit.

use std::task::Poll;
use std::time::Duration;

use proptest::prelude::*;
use steadfast::{Flow, RateLimit, Rejection, Timeout, testing};
use tokio::time::{Instant, advance};

use self::reference::{Answer, Forced, Reference, Settings};
use super::common::{LATEST, MS, NS, Task, Wait, YEAR, check, near, waits, whole, whole_ms};

pub(crate) mod reference;

#[derive(Debug, Clone, Copy)]
enum Act {
    /// Takes a permit without waiting.
    Try,
    /// Calls, perhaps beneath a timeout.
    Call(Option<Duration>),
    /// Blocks the thread.
    Block,
    /// One of those who wait goes away.
    Drop(usize),
    Wait(Wait),
    /// The same, and nobody is polled after it until something else has happened.
    Late(Wait),
    Force(Option<Forced>),
}

fn settings() -> impl Strategy<Value = Settings> {
    let number = || prop_oneof![8 => 0..8_u32, 2 => Just(100), 1 => Just(u32::MAX)];
    let per = prop_oneof![
        1 => Just(NS),
        6 => near(const { &[Duration::ZERO, MS, MS.saturating_mul(100), Duration::from_secs(60), YEAR] }),
    ];
    let max_wait = near(const { &[Duration::ZERO, MS.saturating_mul(30), Duration::from_secs(60), Duration::MAX] });
    (number(), per, proptest::option::of(number()), max_wait).prop_map(|(permits, per, burst, max_wait)| {
        let per = if permits > 100 && per > NS { NS * permits } else { per };
        // One that takes longer than a life to fill is out of range.
        let longest = if per > YEAR / 2 {
            8
        } else if per > MS {
            100
        } else {
            u32::MAX
        };
        let burst = burst.map(|calls| calls.min(longest));
        Settings { permits, per, burst, max_wait }
    })
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let deadline = proptest::option::of(near(const { &[Duration::ZERO, MS.saturating_mul(20), Duration::MAX] }));
    let force = prop_oneof![Just(None), Just(Some(Forced::Open)), Just(Some(Forced::Closed))];
    let act = prop_oneof![
        8 => Just(Act::Try),
        24 => deadline.prop_map(Act::Call),
        2 => Just(Act::Block),
        8 => (0..6_usize).prop_map(Act::Drop),
        16 => waits().prop_map(Act::Wait),
        3 => waits().prop_map(Act::Late),
        2 => force.prop_map(Act::Force),
    ];
    proptest::collection::vec(act, 1..120)
}

/// A call that waits.
struct Call<'l> {
    number: usize,
    deadline: Option<Duration>,
    task: Task<'l, Flow<()>>,
}

/// What the policy and the reference live through.
///
/// The present is rounded where `per / permits` is no whole number of nanoseconds, so that a permit that is due between
/// two of them may be there with either. Then all happens at whole microseconds, which are not near enough to such a
/// moment to make a difference, and times that are told may differ by a nanosecond.
struct History<'l> {
    exact: bool,
    limit: &'l RateLimit,
    reference: Reference,
    calls: Vec<Call<'l>>,
    begun: usize,
}

impl History<'_> {
    async fn act(&mut self, act: Act) {
        match act {
            Act::Try => {
                let expected = self.reference.ask(0, Duration::ZERO, None);
                self.same(self.limit.try_acquire(), expected);
            }
            Act::Call(within) => self.call(within),
            Act::Block => self.block().await,
            Act::Drop(which) if which < self.calls.len() => {
                let call = self.calls.remove(which);
                drop(call.task);
                self.reference.gone(call.number);
            }
            Act::Drop(_) => {}
            Act::Wait(wait) | Act::Late(wait) => {
                let now = self.reference.now;
                let length = wait.length(now, self.reference.moments(), if self.exact { NS } else { NS * 1000 });
                self.pass_to(now + length).await;
            }
            Act::Force(None) => {
                self.limit.reset();
                self.reference.reset();
            }
            Act::Force(Some(forced)) => {
                match forced {
                    Forced::Open => self.limit.force_open(),
                    Forced::Closed => self.limit.force_closed(),
                }
                let told = self.reference.force(forced);
                let told: Vec<_> = self.calls.extract_if(.., |call| told.contains(&call.number)).collect();
                for mut call in told {
                    let Poll::Ready(Ok(flow)) = call.task.poll() else { panic!("not told: {}", call.number) };
                    let expected = if forced == Forced::Closed { Answer::Passes } else { Answer::Rejected(None) };
                    self.same(flow_result(flow), expected);
                }
            }
        }
        if !matches!(act, Act::Late(_)) {
            self.settle();
            self.compare();
        }
    }

    fn call(&mut self, within: Option<Duration>) {
        self.begun += 1;
        let deadline = within.map(|within| self.reference.now.saturating_add(within));
        let limit = self.limit;
        let mut task = Task::new(async move {
            match within {
                None => limit.try_call(async {}).await,
                Some(within) => match Timeout::new(within).try_call(limit.try_call(async {})).await {
                    Flow::Returned(flow) => flow,
                    Flow::Rejected(rejection) => Flow::Rejected(rejection),
                },
            }
        });
        let expected = self.reference.ask(self.begun, self.reference.max_wait(), deadline);
        match task.poll() {
            Poll::Pending => {
                assert_eq!(expected, Answer::Waits);
                self.calls.push(Call { number: self.begun, deadline, task });
            }
            Poll::Ready(flow) => self.same(flow_result(flow.expect("no panic")), expected),
        }
    }

    async fn block(&mut self) {
        if self.reference.max_wait() > YEAR {
            // A blocking call is a promise to come back.
            return;
        }
        let _sleeps = testing::advance_on_sleep();
        let begin = Instant::now();
        let number = usize::MAX;
        let mut expected = self.reference.ask(number, self.reference.max_wait(), None);
        let flow = self.limit.try_call_blocking(|| ());
        let waited = begin.elapsed();
        if expected == Answer::Waits {
            let due = self.reference.due(number).expect("it waits");
            self.same_time(waited, due - self.reference.now);
            self.reference.passed(number);
            expected = Answer::Passes;
        } else {
            assert_eq!(waited, Duration::ZERO);
        }
        self.reference.pass(waited);
        self.same(flow_result(flow), expected);
        self.pass_to(self.reference.now).await;
    }

    async fn pass_to(&mut self, moment: Duration) {
        let moment = if self.exact { moment } else { whole(moment, 1000) };
        let length = moment - self.reference.now;
        advance(length).await;
        self.reference.pass(length);
    }

    /// Polls who was woken. Who waits passes never before its time, and at the latest in the millisecond after it.
    fn settle(&mut self) {
        let now = self.reference.now;
        for call in std::mem::take(&mut self.calls) {
            let Call { number, deadline, mut task } = call;
            let due = self.reference.due(number).expect("it waits");
            match task.poll() {
                Poll::Pending => {
                    assert!(now < whole_ms(due), "at {now:?} a call that was due at {due:?} still waits");
                    self.calls.push(Call { number, deadline, task });
                }
                Poll::Ready(Ok(Flow::Returned(()))) => {
                    assert!(due <= now, "at {now:?} a call passes that is due at {due:?}");
                    self.reference.passed(number);
                }
                Poll::Ready(Ok(Flow::Rejected(rejection))) => {
                    // Both timers ring in the same millisecond.
                    assert!(rejection.is_timeout(), "{rejection}");
                    let deadline = deadline.expect("a timeout");
                    assert!(deadline <= now && whole_ms(deadline) <= whole_ms(due), "{deadline:?} {due:?}");
                    self.reference.gone(number);
                }
                Poll::Ready(Err(_)) => panic!("it panics"),
            }
        }
    }

    fn same(&self, real: Result<(), Rejection>, expected: Answer) {
        match (real, expected) {
            (Ok(()), Answer::Passes) => {}
            (Err(rejection), Answer::Rejected(hint)) => {
                assert!(rejection.is_rate_limited(), "{rejection}");
                self.same_hint(rejection.retry_after(), hint);
            }
            (real, expected) => panic!("{real:?}, and not {expected:?}"),
        }
    }

    fn same_hint(&self, real: Option<Duration>, expected: Option<Duration>) {
        match (real, expected) {
            (Some(real), Some(expected)) => self.same_time(told(real), told(expected)),
            (real, expected) => assert_eq!(real, expected),
        }
    }

    fn same_time(&self, real: Duration, expected: Duration) {
        if self.exact {
            assert_eq!(real, expected);
        } else {
            assert!(real.abs_diff(expected) <= NS, "{real:?}, and not {expected:?}");
        }
    }

    fn compare(&self) {
        assert_eq!(self.limit.rejected(), self.reference.rejected);
        assert_eq!(self.limit.waiting(), self.reference.waiting());
        match self.reference.forced {
            None => {
                assert_eq!(self.limit.available(), self.reference.available());
                self.same_hint(self.limit.retry_after(), self.reference.retry_after());
            }
            Some(Forced::Open) => {
                assert_eq!((self.limit.available(), self.limit.retry_after()), (0, Some(Duration::MAX)));
            }
            Some(Forced::Closed) => assert_eq!(self.limit.retry_after(), None),
        }
    }
}

fn flow_result(flow: Flow<()>) -> Result<(), Rejection> {
    match flow {
        Flow::Returned(()) => Ok(()),
        Flow::Rejected(rejection) => Err(rejection),
    }
}

/// Longer times are all the same.
fn told(time: Duration) -> Duration {
    time.min(LATEST)
}

async fn history((settings, acts): (Settings, Vec<Act>)) {
    let limit = settings.limit();
    let reference = Reference::new(settings);
    let mut history = History { exact: reference.is_exact(), limit: &limit, reference, calls: Vec::new(), begun: 0 };
    for act in acts {
        history.act(act).await;
    }
}

#[test]
fn it_does_what_the_reference_does() {
    check(&(settings(), acts()), history);
}
