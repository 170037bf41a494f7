use core::cell::{Cell, RefCell};
use core::future::{pending, ready};
use core::pin::pin;
use core::task::{Context, Waker};

use tokio::time::{Instant, sleep, timeout as foreign_timeout};

use super::*;
use crate::name::Name;
use crate::{Class, Classify, Flow, Rejection, RejectionKind, Timeout, attempt};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const fn s(s: u64) -> Duration {
    Duration::from_secs(s)
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Error(Class);

impl Classify for Error {
    fn class(&self) -> Class {
        self.0
    }
}

const FAILED: Error = Error(Class::TRANSIENT);

/// What came out, how many bodies ran, and how long it took.
async fn run(
    policy: Retry,
    body: impl Fn(u32) -> Flow<Result<u32, Error>>,
) -> (Flow<Result<u32, Error>>, u32, Duration) {
    let (calls, start) = (Cell::new(0), Instant::now());
    let flow = policy
        .try_call(|| {
            calls.set(calls.get() + 1);
            ready(body(calls.get()))
        })
        .await;
    (flow, calls.get(), start.elapsed())
}

fn fails_with(error: Error) -> impl Fn(u32) -> Flow<Result<u32, Error>> {
    move |_| Flow::Returned(Err(error))
}

fn rejects_with(rejection: Rejection) -> impl Fn(u32) -> Flow<Result<u32, Error>> {
    move |_| Flow::Rejected(rejection)
}

const fn rejection(kind: RejectionKind) -> Rejection {
    Rejection::new(kind, Name::UNNAMED)
}

/// The plainest delays: 100 ms each.
const STEADY: Retry = Retry::new().backoff(Backoff::fixed(ms(100))).jitter(Jitter::None);

#[tokio::test(start_paused = true)]
async fn r1_r2_p15_attempts_are_calls_in_all() {
    for (attempts, bodies) in [(6, 6), (3, 3), (1, 1), (0, 1)] {
        let (flow, calls, took) = run(STEADY.attempts(attempts), fails_with(FAILED)).await;
        assert_eq!((flow, calls), (Flow::Returned(Err(FAILED)), bodies));
        assert_eq!(took, ms(100) * (bodies - 1));
    }
    let second_success = |call| Flow::Returned(if call < 3 { Err(FAILED) } else { Ok(7) });
    let (flow, calls, _) = run(STEADY.attempts(4), second_success).await;
    assert_eq!((flow, calls), (Flow::Returned(Ok(7)), 3));
}

#[tokio::test(start_paused = true)]
async fn r3_what_is_permanent_or_neutral_is_not_retried() {
    for (class, bodies) in [(Class::Permanent, 1), (Class::Neutral, 1), (Class::THROTTLED, 3), (Class::TRANSIENT, 3)] {
        assert_eq!(run(STEADY, fails_with(Error(class))).await.1, bodies, "{class:?}");
    }
}

#[test]
#[cfg(feature = "testing")]
fn r6_p16_the_delays_in_sync_too() {
    let cases = [
        (Backoff::exponential(s(1)), Some(s(60)), vec![s(1), s(2), s(4), s(8)]),
        (Backoff::exponential(s(1)), Some(ms(2500)), vec![s(1), s(2), ms(2500), ms(2500)]),
        (Backoff::exponential(s(4)), None, vec![s(4), s(8), s(10), s(10)]),
        (Backoff::linear(s(20)), None, vec![s(20); 4]),
        (Backoff::fixed(s(30)), None, vec![s(30); 4]),
        (Backoff::fixed(ms(1250)), None, vec![ms(1250); 4]),
        (Backoff::custom(|attempt| s(u64::from(attempt) * 6)), None, vec![s(6), s(10), s(10), s(10)]),
        (Backoff::fixed(s(30)), Some(Duration::ZERO), vec![]),
        (Backoff::NONE, None, vec![]),
    ];
    for (backoff, max_delay, expected) in cases {
        let sleeps = crate::testing::record_sleeps();
        let mut policy = Retry::new().attempts(5).backoff(backoff).jitter(Jitter::None);
        if let Some(max_delay) = max_delay {
            policy = policy.max_delay(max_delay);
        }
        assert_eq!(policy.call_blocking(|| Err::<(), _>(FAILED)), Err(FAILED));
        assert_eq!(sleeps.taken(), expected, "{backoff:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r8_jitter_stays_within_the_cap() {
    let policy = Retry::new().attempts(200).backoff(Backoff::fixed(s(5))).max_delay(s(1));
    let (_, calls, took) = run(policy, fails_with(FAILED)).await;
    assert_eq!(calls, 200);
    assert!((s(60)..s(140)).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn r9_p18_no_delay_is_begun_that_must_overrun() {
    let cases = [(s(1), 10), (ms(1001), 11), (ms(100), 1), (ms(101), 2), (Duration::ZERO, 1), (Duration::MAX, 50)];
    for (limit, bodies) in cases {
        let (flow, calls, took) = run(STEADY.attempts(50).max_duration(limit), fails_with(FAILED)).await;
        assert_eq!((flow, calls), (Flow::Returned(Err(FAILED)), bodies), "{limit:?}");
        assert_eq!(took, ms(100) * (bodies - 1));
    }
    let calls = Cell::new(0);
    let slow = STEADY.unlimited().max_duration(s(1)).call(|| {
        calls.set(calls.get() + 1);
        async {
            sleep(ms(400)).await;
            Err::<(), _>(FAILED)
        }
    });
    assert_eq!((slow.await, calls.get()), (Err(FAILED), 2), "the attempts count too");
}

#[tokio::test(start_paused = true)]
async fn r10_p17_a_hint_is_kept_within_limits() {
    let policy = Retry::new().attempts(2).backoff(Backoff::fixed(ms(100))).max_delay(s(10));
    for class in [Class::TRANSIENT, Class::THROTTLED] {
        for (hint, bodies, least) in [(s(5), 2, s(5)), (s(10), 2, s(10)), (ms(10_001), 1, s(0)), (s(3600), 1, s(0))] {
            let (_, calls, took) = run(policy, fails_with(Error(class.with_retry_after(hint)))).await;
            assert_eq!(calls, bodies, "{hint:?}");
            assert!((least..=least + ms(101)).contains(&took), "{hint:?}: {took:?}");
        }
    }
    let hinted = fails_with(Error(Class::THROTTLED.with_retry_after(s(5))));
    assert_eq!(run(policy.max_duration(s(5)), &hinted).await.1, 1);
    assert_eq!(run(policy.max_duration(s(6)), &hinted).await.1, 2);
    let _ = Timeout::new(s(5)).try_call(async { assert_eq!(run(policy, &hinted).await.1, 1) }).await;
    let extreme = Error(Class::THROTTLED.with_retry_after(Duration::MAX));
    assert_eq!(run(policy, fails_with(extreme)).await.1, 1);
}

#[tokio::test(start_paused = true)]
async fn r12_which_rejections_are_retried_and_when() {
    use RejectionKind::{BulkheadFull, CircuitOpen, RateLimited, Timeout};
    let open = Rejections::DEFAULT.circuit_open();
    let hint = |kind| rejection(kind).with_retry_after(s(1));
    let cases = [
        (STEADY, rejection(Timeout), 3, ms(200)),
        (STEADY, rejection(BulkheadFull), 3, ms(200)),
        (STEADY, hint(RateLimited), 3, ms(2200)),
        (STEADY.max_delay(ms(500)), hint(RateLimited), 1, ms(0)),
        (STEADY, hint(CircuitOpen), 1, ms(0)),
        (STEADY.rejections(open), hint(CircuitOpen), 3, ms(2200)),
        (STEADY.rejections(open).max_delay(ms(500)), hint(CircuitOpen), 1, ms(0)),
        (STEADY.rejections(open), rejection(CircuitOpen), 3, ms(200)),
        (STEADY.rejections(Rejections::NONE), rejection(Timeout), 1, ms(0)),
        (STEADY.rejections(Rejections::NONE.timeout()), rejection(BulkheadFull), 1, ms(0)),
    ];
    for (policy, rejection, bodies, after) in cases {
        let (flow, calls, took) = run(policy, rejects_with(rejection)).await;
        assert_eq!((flow, calls, took), (Flow::Rejected(rejection), bodies, after), "{policy:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r11_t3_over_a_timeout_and_under_one() {
    let bodies = Cell::new(0);
    let body = || {
        bodies.set(bodies.get() + 1);
        pending::<Result<(), Error>>()
    };
    let start = Instant::now();
    let limit = Timeout::new(ms(500)).name("inner");
    let flow = STEADY.attempts(2).try_call(|| limit.try_call(body())).await;
    assert!(flow.rejection().is_some_and(|rejection| rejection.is_timeout()));
    assert_eq!((bodies.take(), start.elapsed()), (2, ms(1100)));

    let start = Instant::now();
    let (total, limit) = (Timeout::new(s(1)).name("total"), Timeout::new(ms(200)).name("inner"));
    let policy = STEADY.attempts(10).backoff(Backoff::fixed(ms(300)));
    let flow = total.try_call(policy.try_call(|| limit.try_call(body()))).await;
    let Flow::Returned(flow) = flow else { panic!("{flow:?}") };
    assert_eq!(flow.rejection().map(|rejection| rejection.policy()), Some("inner"));
    assert_eq!((bodies.take(), start.elapsed()), (2, ms(700)));
}

#[tokio::test(start_paused = true)]
async fn r15_p21_a_dropped_caller_is_followed_by_no_attempt() {
    let calls = Cell::new(0);
    let call = STEADY.call(|| {
        calls.set(calls.get() + 1);
        ready(Err::<(), _>(FAILED))
    });
    assert!(foreign_timeout(ms(50), call).await.is_err());
    sleep(s(1)).await;
    assert_eq!(calls.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn r16b_a_narrowed_retry_repeats_no_timeout() {
    let limit = Timeout::new(ms(5));
    let bodies = async |policy: Retry| {
        let calls = Cell::new(0);
        let body = || {
            calls.set(calls.get() + 1);
            limit.try_call(pending::<Result<(), u16>>())
        };
        let _ = policy.when(|status: &u16| *status >= 500).try_call(body).await;
        calls.get()
    };
    assert_eq!(bodies(STEADY).await, 1);
    assert_eq!(bodies(STEADY.rejections(Rejections::NONE.timeout())).await, 3);
}

#[tokio::test(start_paused = true)]
async fn p43_no_delay_no_timer() {
    let start = Instant::now();
    let mut call = pin!(STEADY.attempts(50).backoff(Backoff::NONE).call(|| ready(Err::<(), _>(FAILED))));
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn a_call_that_fails_at_once_over_and_over_lets_others_run() {
    let done = Cell::new(false);
    let spins = STEADY.unlimited().backoff(Backoff::NONE).call(|| ready(if done.get() { Ok(()) } else { Err(FAILED) }));
    let (spun, ()) = tokio::join!(spins, async {
        tokio::task::yield_now().await;
        done.set(true);
    });
    assert_eq!(spun, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn p14_p20_concurrent_calls_draw_differently() {
    let policy = Retry::new().attempts(2).backoff(Backoff::fixed(s(1000))).max_delay(s(1000));
    let (one, two) = tokio::join!(run(policy, fails_with(FAILED)), run(policy, fails_with(FAILED)));
    assert_ne!(one.2, two.2);
    assert_eq!((one.1, two.1), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn the_body_knows_its_attempt() {
    assert_eq!(attempt(), 1);
    let seen = RefCell::new(Vec::new());
    let _ = STEADY
        .call(|| {
            seen.borrow_mut().push(attempt());
            async {
                sleep(ms(1)).await;
                let nested = STEADY.attempts(2).call_local(async || {
                    seen.borrow_mut().push(10 + attempt());
                    Err::<(), _>(FAILED)
                });
                let _ = nested.await;
                seen.borrow_mut().push(attempt());
                Err::<(), _>(FAILED)
            }
        })
        .await;
    assert_eq!(seen.into_inner(), [1, 11, 12, 1, 2, 11, 12, 2, 3, 11, 12, 3]);
    assert_eq!(attempt(), 1);
}

thread_local! {
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn told() -> Vec<String> {
    TOLD.take()
}

#[tokio::test(start_paused = true)]
async fn hooks_are_told_everything_and_their_panics_do_no_harm() {
    fn again(event: &RetryEvent<'_>) {
        let RetryEvent { attempt, delay, elapsed, outcome, policy } = event;
        TOLD.with_borrow_mut(|told| {
            told.push(format!("{policy} {attempt} {delay:?} {elapsed:?} {}", outcome.rejection().is_some()));
        });
        std::panic::resume_unwind(Box::new("hook"));
    }
    fn over(event: &GiveUpEvent<'_>) {
        let GiveUpEvent { attempts, elapsed, reason, policy, .. } = event;
        TOLD.with_borrow_mut(|told| told.push(format!("{policy} over {attempts} {elapsed:?} {reason:?}")));
        std::panic::resume_unwind(Box::new("hook"));
    }
    let policy = STEADY.attempts(2).name("p").on_retry(again).on_give_up(over);

    let (flow, ..) = run(policy, fails_with(FAILED)).await;
    assert_eq!(flow, Flow::Returned(Err(FAILED)));
    assert_eq!(told(), ["p 1 100ms 0ns false", "p over 2 100ms Attempts"]);
    run(policy, rejects_with(rejection(RejectionKind::Timeout))).await;
    assert_eq!(told(), ["p 1 100ms 0ns true", "p over 2 100ms Attempts"]);
    run(policy, |_| Flow::Returned(Ok(1))).await;
    assert!(told().is_empty());

    // One of them alone is told the time as well.
    run(STEADY.attempts(3).name("p").on_retry(again), fails_with(FAILED)).await;
    assert_eq!(told(), ["p 1 100ms 0ns false", "p 2 100ms 100ms false"]);
    run(STEADY.attempts(3).inside(&|| {}).on_give_up(over), fails_with(FAILED)).await;
    let function = "steadfast::retry::tests::hooks_are_told_everything_and_their_panics_do_no_harm";
    assert_eq!(told(), [format!("{function} over 3 200ms Attempts")]);

    let reasons = [
        (policy, fails_with(Error(Class::Permanent)), "NotRetryable"),
        (policy.max_duration(ms(100)), fails_with(FAILED), "MaxDuration"),
        (policy, fails_with(Error(Class::TRANSIENT.with_retry_after(s(11)))), "HintTooLong"),
    ];
    for (policy, body, reason) in reasons {
        run(policy, body).await;
        assert_eq!(told(), [format!("p over 1 0ns {reason}")]);
    }
    let _ = Timeout::new(ms(100)).try_call(async { run(policy, fails_with(FAILED)).await }).await;
    assert_eq!(told(), ["p over 1 0ns Deadline"]);
}

#[tokio::test(start_paused = true)]
async fn hooks_of_the_function_see_the_value() {
    let mut run = retry(&STEADY).observed().backoff(|attempt| ms(u64::from(attempt) * 7));
    let told = RefCell::new(Vec::new());
    loop {
        sleep(ms(1)).await;
        let outcome = Flow::<_>::Returned(Err::<(), _>("down"));
        let next = run.next_observed(
            &outcome,
            |_| Some(Class::TRANSIENT),
            |event| {
                told.borrow_mut()
                    .push(format!("{} {:?} {:?} {:?}", event.attempt, event.delay, event.elapsed, event.outcome));
            },
            |event| told.borrow_mut().push(format!("{} {:?}", event.attempts, event.reason)),
        );
        match next {
            Some(delay) => delay.await,
            None => break,
        }
    }
    assert_eq!(
        told.into_inner(),
        [r#"1 7ms 1ms Returned(Err("down"))"#, r#"2 14ms 9ms Returned(Err("down"))"#, "3 Attempts"]
    );
}

#[test]
fn what_a_hook_panics_with_may_panic_in_turn() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::resume_unwind(Box::new("bomb"));
        }
    }
    let policy = Retry::new()
        .attempts(2)
        .backoff(Backoff::NONE)
        .on_retry(|_| std::panic::resume_unwind(Box::new(Bomb)))
        .on_give_up(|_| std::panic::resume_unwind(Box::new(Bomb)));
    assert_eq!(policy.call_blocking(|| Err::<(), _>(FAILED)), Err(FAILED));
}

#[tokio::test(start_paused = true)]
#[cfg(feature = "testing")]
async fn a_clock_that_moves_by_the_delays_is_not_moved_beyond_its_end() {
    let sleeps = crate::testing::advance_on_sleep();
    let policy = Retry::new().backoff(Backoff::fixed(Duration::MAX)).jitter(Jitter::None);
    assert_eq!(policy.call_blocking(|| Err::<(), _>(FAILED)), Err(FAILED));
    assert_eq!(sleeps.taken(), [Duration::MAX; 2]);
}

#[test]
fn what_can_be_sent_stays_so() {
    fn is_send(_: impl Send) {}
    fn is_static(_: impl Send + 'static) {}
    let policy = Retry::new();
    let owned = String::new();
    is_send(policy.call(|| {
        let owned = owned.clone();
        async move {
            sleep(ms(1)).await;
            drop(owned);
            Ok::<_, Error>(())
        }
    }));
    is_static(Timeout::new(ms(1)).call(Retry::new().when(|_: &std::io::Error| true).call(sleep_ok)));
}

async fn sleep_ok() -> std::io::Result<()> {
    sleep(ms(1)).await;
    Ok(())
}
