//! The retry.

use std::cell::{Cell, RefCell};
use std::future::pending;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use steadfast::{
    Bulkhead, CircuitBreaker, Flow, GiveUp, GiveUpEvent, Jitter, RateLimit, Rejection, RetryEvent, Timeout, testing,
};
use steadfast_tests::{Answer, Error, pass};
use tokio::time::{Instant, sleep, timeout};

use self::reference::{Curve, Settings};
use super::common::{MS, YEAR, check, near, whole_ms};

mod nested;
pub(crate) mod reference;

#[derive(Debug, Clone, Copy)]
struct Surroundings {
    /// A `#[timeout]` around it.
    within: Option<Duration>,
    /// When its caller goes away.
    cancelled: Option<Duration>,
    blocking: bool,
}

/// What an attempt does.
#[derive(Debug, Clone, Copy)]
struct Step {
    takes: Duration,
    does: Does,
}

#[derive(Debug, Clone, Copy)]
enum Does {
    Succeed,
    Fail(Error),
    /// A policy beneath rejects.
    Reject(usize),
    /// An error that holds a rejection: of a function further down.
    RejectFurtherDown(usize),
}

fn lengths() -> impl Strategy<Value = Duration> {
    near(const { &[Duration::ZERO, MS.saturating_mul(100), Duration::from_secs(1), Duration::from_secs(10), YEAR] })
}

fn settings() -> impl Strategy<Value = Settings> {
    let base = || prop_oneof![4 => lengths(), 1 => Just(Duration::from_nanos(1)), 1 => Just(Duration::MAX)];
    let factor = select(vec![2.0, 1.5, 1.0, 0.5, -3.0, 0.0, f64::NAN, f64::INFINITY, 1e300, 1.000_001]);
    let curve = prop_oneof![
        (base(), factor).prop_map(|(base, factor)| Curve::Exponential(base, factor)),
        base().prop_map(Curve::Fixed),
        base().prop_map(Curve::Linear),
        base().prop_map(Curve::Fibonacci),
        Just(Curve::Custom),
    ];
    let jitter = prop_oneof![
        2 => Just(Jitter::None),
        1 => Just(Jitter::Full),
        1 => select(vec![0.0, 0.25, 0.9, 1.0, 3.0, -1.0, f64::NAN]).prop_map(Jitter::Fraction),
    ];
    let attempts = prop_oneof![8 => (0..7_u32).prop_map(Some), 1 => Just(Some(u32::MAX)), 1 => Just(None)];
    let option = || proptest::option::of(prop_oneof![8 => lengths(), 1 => Just(Duration::MAX)]);
    let rejections = proptest::option::of(any::<[bool; 4]>());
    (attempts, curve, jitter, option(), option(), rejections).prop_map(
        |(attempts, curve, jitter, max_delay, max_duration, rejections)| Settings {
            attempts,
            curve,
            jitter,
            max_delay,
            max_duration,
            rejections,
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let hint = || lengths();
    let does = prop_oneof![
        1 => Just(Does::Succeed),
        9 => Just(Does::Fail(Error::Failed)),
        2 => hint().prop_map(|hint| Does::Fail(Error::After(hint))),
        2 => proptest::option::of(hint()).prop_map(|hint| Does::Fail(Error::Throttled(hint))),
        1 => Just(Does::Fail(Error::Permanent)),
        1 => Just(Does::Fail(Error::Neutral)),
        2 => (0..5_usize).prop_map(Does::Reject),
        2 => (0..5_usize).prop_map(Does::RejectFurtherDown),
    ];
    let takes = prop_oneof![2 => Just(Duration::ZERO), 1 => lengths().prop_filter("short", |takes| *takes < YEAR / 2)];
    proptest::collection::vec((takes, does).prop_map(|(takes, does)| Step { takes, does }), 1..8)
}

fn surroundings() -> impl Strategy<Value = Surroundings> {
    let length = || proptest::option::weighted(0.4, lengths());
    (length(), length(), proptest::bool::weighted(0.2)).prop_map(|(within, cancelled, blocking)| {
        let (within, cancelled) = if blocking { (None, None) } else { (within, cancelled) };
        Surroundings { within, cancelled, blocking }
    })
}

/// What is seen from outside, and when.
#[derive(Debug, Clone, PartialEq)]
enum Seen {
    Begins { attempt: u32, deadline: Option<Duration> },
    Delays { attempt: u32, delay: Duration, elapsed: Duration },
    GivesUp { attempts: u32, reason: GiveUp, elapsed: Duration },
    Ends(Answer),
    Cancelled,
}

thread_local! {
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
    static SEEN: RefCell<Vec<(Duration, Seen)>> = const { RefCell::new(Vec::new()) };
}

fn see(what: Seen) {
    let at = since_the_beginning(Instant::now());
    SEEN.with_borrow_mut(|seen| seen.push((at, what)));
}

fn since_the_beginning(moment: Instant) -> Duration {
    moment - BEGAN.get().expect("it has begun")
}

fn on_retry(event: &RetryEvent<'_>) {
    see(Seen::Delays { attempt: event.attempt, delay: event.delay, elapsed: event.elapsed });
}

fn on_give_up(event: &GiveUpEvent<'_>) {
    see(Seen::GivesUp { attempts: event.attempts, reason: event.reason, elapsed: event.elapsed });
}

/// When they are over, a success.
fn step(steps: &[Step], attempt: u32) -> Step {
    let success = Step { takes: Duration::ZERO, does: Does::Succeed };
    steps.get(attempt as usize - 1).copied().unwrap_or(success)
}

fn begin(steps: &[Step]) -> Step {
    let attempt = steadfast::attempt();
    see(Seen::Begins { attempt, deadline: steadfast::deadline().map(since_the_beginning) });
    step(steps, attempt)
}

impl Does {
    fn outcome(self, rejections: [Rejection; 5]) -> Flow<Answer> {
        Flow::Returned(match self {
            Self::Succeed => Ok(1),
            Self::Fail(error) => Err(error),
            Self::Reject(which) => return Flow::Rejected(rejections[which]),
            Self::RejectFurtherDown(which) => Err(Error::Rejected(rejections[which])),
        })
    }
}

/// One of each kind, and of an open circuit that knows how long it will be open.
async fn rejections() -> [Rejection; 5] {
    let timeout = Timeout::new(Duration::ZERO).try_call(pending::<()>()).await;
    let (breaker, limit, bulkhead) = (CircuitBreaker::new(), RateLimit::new(1), Bulkhead::new(1));
    breaker.force_open();
    limit.try_acquire().expect("a permit");
    let _place = bulkhead.try_acquire();
    let opened = CircuitBreaker::new().failure_threshold(1).reset_timeout(Duration::from_secs(1));
    opened.try_acquire().expect("closed").failure();
    [
        timeout.rejection().expect("a timeout"),
        breaker.try_acquire().unwrap_err(),
        limit.try_acquire().unwrap_err(),
        bulkhead.try_acquire().unwrap_err(),
        opened.try_acquire().unwrap_err(),
    ]
}

async fn live(settings: &Settings, steps: &[Step], around: Surroundings, rejections: [Rejection; 5]) {
    let retry = settings.retry().on_retry(on_retry).on_give_up(on_give_up);
    let answer = if around.blocking {
        let _sleeps = testing::advance_on_sleep();
        retry.call_blocking(|| {
            let step = begin(steps);
            pass(step.takes);
            step.does.outcome(rejections).into_result()
        })
    } else {
        let call = retry.try_call(|| async {
            let step = begin(steps);
            if !step.takes.is_zero() {
                sleep(step.takes).await;
            }
            step.does.outcome(rejections)
        });
        let call = async {
            match around.within {
                None => call.await.into_result(),
                Some(within) => match Timeout::new(within).try_call(call).await {
                    Flow::Returned(flow) => flow.into_result(),
                    Flow::Rejected(rejection) => Err(rejection.into()),
                },
            }
        };
        match around.cancelled {
            None => call.await,
            Some(cancelled) => match timeout(cancelled, call).await {
                Ok(answer) => answer,
                Err(_) => return see(Seen::Cancelled),
            },
        }
    };
    see(Seen::Ends(answer));
}

async fn history((settings, steps, around): (Settings, Vec<Step>, Surroundings)) {
    let rejections = rejections().await;
    BEGAN.set(Some(Instant::now()));
    SEEN.take();
    live(&settings, &steps, around, rejections).await;
    follow(&settings, &steps, around, rejections, &SEEN.take());
}

/// Goes through what was seen, and foresees each next thing.
fn follow(
    settings: &Settings,
    steps: &[Step],
    around: Surroundings,
    rejections: [Rejection; 5],
    seen: &[(Duration, Seen)],
) {
    let mut seen = seen.iter();
    let mut next = || seen.next().cloned().expect("something follows");
    // When a delay is over. No timer of tokio rings after more than thirty years, whatever it is set to.
    let over = |now: Duration, delay: Duration| {
        let end = now + delay.min(YEAR * 30);
        if around.blocking { end } else { whole_ms(end) }
    };
    let cut = around.within.into_iter().chain(around.cancelled).min().unwrap_or(Duration::MAX);
    let mut now = Duration::ZERO;
    let mut attempt = 1;
    loop {
        if cut < now {
            break;
        }
        assert_eq!(next(), (now, Seen::Begins { attempt, deadline: around.within }));
        let step = step(steps, attempt);
        if cut < now + step.takes {
            break;
        }
        now += step.takes;
        let outcome = step.does.outcome(rejections);
        let answer = outcome.into_result();
        // Without a stack all rejections are of a function further down.
        let outcome = if around.blocking { Flow::Returned(answer) } else { outcome };
        let Some(class) = settings.class(&outcome) else {
            assert_eq!(next(), (now, Seen::Ends(answer)));
            return assert_eq!(seen.next(), None);
        };
        let left = around.within.map(|within| within - now);
        let may = settings.next(attempt, class, now, left);
        match next() {
            (at, Seen::Delays { attempt: failed, delay, elapsed }) => {
                assert_eq!((at, failed, elapsed), (now, attempt, now));
                assert!(may.ends.is_empty(), "it goes on after {delay:?}: {may:?}");
                assert!(may.delay.least <= delay && delay <= may.delay.longest, "{delay:?} is not in {may:?}");
                for limit in settings.max_duration.into_iter().chain(around.within) {
                    assert!(now.saturating_add(delay) < limit, "{delay:?} after {now:?} ends beyond {limit:?}");
                }
                now = over(now, delay);
                attempt += 1;
            }
            (at, Seen::GivesUp { attempts, reason, elapsed }) => {
                assert_eq!((at, attempts, elapsed), (now, attempt, now));
                assert!(may.ends.contains(&reason) || may.may_end.contains(&reason), "{reason:?}: {may:?}");
                assert_eq!(next(), (now, Seen::Ends(answer)));
                return assert_eq!(seen.next(), None);
            }
            other => panic!("{other:?}, after {answer:?}"),
        }
    }
    let (at, end) = next();
    assert_eq!((at, seen.next()), (cut, None));
    if around.within == Some(cut) {
        assert!(matches!(end, Seen::Ends(Err(Error::Rejected(rejection))) if rejection.is_timeout()));
    } else {
        assert_eq!(end, Seen::Cancelled);
    }
}

#[test]
fn it_does_what_the_reference_does() {
    check(&(settings(), steps(), surroundings()), history);
}
