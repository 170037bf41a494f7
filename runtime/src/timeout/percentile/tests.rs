use core::future::{pending, poll_fn, ready};
use core::pin::pin;
use core::task::Waker;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::time::{advance, sleep};

use super::*;
use crate::scope::Dropping;
use crate::{Timeout, deadline};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// At most twice the 90th percentile, from 20 calls on; no sooner than 5 ms, no later than 2 s.
fn timeout() -> PercentileTimeout {
    PercentileTimeout::new(Percentile::new(0.9).factor(2.0).min(ms(5)).max(ms(2000)))
}

async fn calls(timeout: &PercentileTimeout, calls: u32, millis: u64) {
    for _ in 0..calls {
        assert_eq!(timeout.try_call(sleep(ms(millis))).await, Flow::Returned(()));
    }
}

fn is_timeout<R>(flow: &Flow<R>) -> bool {
    flow.rejection().is_some_and(|rejection| rejection.is_timeout())
}

/// Polls once.
fn poll_now<F: Future>(call: F) -> Poll<F::Output> {
    pin!(call).poll(&mut Context::from_waker(Waker::noop()))
}

/// As long as a limit that is told to within a 32nd, and a timer of whole milliseconds.
fn is_near(found: Duration, exact: Duration) -> bool {
    found >= exact && found <= exact * 33 / 32 + ms(1)
}

#[tokio::test(start_paused = true)]
async fn it_is_max_until_enough_calls_were_seen_and_then_follows() {
    let timeout = timeout().name("t");
    calls(&timeout, 19, 100).await;
    assert_eq!(timeout.limit(), Some(ms(2000)));
    let start = Instant::now();
    assert!(is_timeout(&timeout.try_call(pending::<()>()).await));
    assert_eq!(start.elapsed(), ms(2000));

    // One of 20 was ended, and so it is the 18th of the others.
    assert!(is_near(timeout.limit().unwrap(), ms(200)), "{timeout:?}");
    let start = Instant::now();
    let late = timeout.try_call(pending::<()>()).await;
    assert!(is_near(start.elapsed(), ms(200)), "{:?}", start.elapsed());
    assert_eq!(late.rejection().map(|rejection| rejection.policy()), Some("t"));

    // Shorter, when the longer ones are forgotten, and no shorter than `min`.
    advance(ms(60_000)).await;
    calls(&timeout, 40, 1).await;
    assert_eq!(timeout.limit(), Some(ms(5)));
}

#[tokio::test(start_paused = true)]
async fn it_grows_when_the_dependency_becomes_slow() {
    let timeout = timeout();
    calls(&timeout, 200, 10).await;
    assert!(is_near(timeout.limit().unwrap(), ms(20)));
    let mut late = 0;
    for _ in 0..1000 {
        late += u32::from(is_timeout(&timeout.try_call(sleep(ms(300))).await));
    }
    // As many as lie above the percentile: a tenth of 200, and of themselves.
    assert_eq!(late, 23);
    // Those that were ended are forgotten by now, or few among the others.
    assert!(is_near(timeout.limit().unwrap(), ms(600)), "{timeout:?}");
    let start = Instant::now();
    assert!(is_timeout(&timeout.try_call(pending::<()>()).await));
    assert!(is_near(start.elapsed(), ms(600)));
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_are_ended_than_lie_above_the_percentile() {
    // From 1 to 100 ms, in no order.
    let latency = |call: u64| sleep(ms(1 + (call * 37) % 100));
    for factor in [0.3, 1.0, 1.5] {
        let timeout = PercentileTimeout::new(Percentile::new(0.9).factor(factor).max(ms(1000)));
        let mut late = 0;
        for call in 0..5000 {
            late += u32::from(is_timeout(&timeout.try_call(latency(call)).await));
        }
        assert!(late <= 520, "{late} of 5,000 at {factor}");
        assert_eq!(late < 100, factor > 1.0, "{late} of 5,000 at {factor}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_count_as_successes_do() {
    let timeout = timeout();
    for call in 1..=20 {
        let failed: Result<(), Rejection> = timeout
            .call(async move {
                sleep(ms(call)).await;
                Err(rejection(RejectionKind::Timeout))
            })
            .await;
        assert!(failed.is_err());
    }
    assert_eq!(timeout.percentile().calls(), 20);
    assert!(is_near(timeout.limit().unwrap(), ms(2 * 18)), "{timeout:?}");
}

fn rejection(kind: RejectionKind) -> Rejection {
    Rejection::new(kind, Name::UNNAMED)
}

/// What ends otherwise than by an outcome of its own, after so many milliseconds.
async fn unfinished(timeout: &PercentileTimeout, how: &str, millis: u64) {
    match how {
        "rejected beneath" => {
            let call = async {
                sleep(ms(millis)).await;
                Flow::<()>::Rejected(rejection(RejectionKind::CircuitOpen))
            };
            let flow = percentile_timeout(timeout).around(call).await;
            assert!(flow.rejection().is_some_and(|rejection| rejection.is_circuit_open()));
        }
        "dropped" => {
            let mut call = Box::pin(timeout.try_call(pending::<()>()));
            assert!(poll_now(call.as_mut()).is_pending());
            advance(ms(millis)).await;
        }
        "ended by a timeout around" => {
            let flow = Timeout::new(ms(millis)).name("outer").try_call(timeout.try_call(pending::<()>())).await;
            assert_eq!(flow.rejection().map(|rejection| rejection.policy()), Some("outer"));
        }
        "panicked" => {
            let mut call = Box::pin(timeout.try_call(async {
                sleep(ms(millis)).await;
                std::panic::resume_unwind(Box::new("body"));
            }));
            assert!(poll_now(call.as_mut()).is_pending());
            advance(ms(millis)).await;
            assert!(catch_unwind(AssertUnwindSafe(|| poll_now(call.as_mut()))).is_err());
        }
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_has_no_outcome_of_its_own_counts_where_it_is_longer_than_the_percentile() {
    for how in ["rejected beneath", "dropped", "ended by a timeout around", "panicked"] {
        let timeout = timeout();
        for _ in 0..40 {
            unfinished(&timeout, how, 150).await;
        }
        assert_eq!(timeout.percentile().calls(), 0, "{how}: nothing is known yet");

        calls(&timeout, 20, 100).await;
        for _ in 0..40 {
            unfinished(&timeout, how, 1).await;
            unfinished(&timeout, how, 99).await;
        }
        assert_eq!(timeout.percentile().calls(), 20, "{how}");
        assert!(is_near(timeout.limit().unwrap(), ms(200)), "{how}: {timeout:?}");

        for _ in 0..40 {
            unfinished(&timeout, how, 150).await;
        }
        assert!(is_near(timeout.limit().unwrap(), ms(300)), "{how}: {timeout:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_never_polled_is_none() {
    let timeout = timeout();
    calls(&timeout, 20, 10).await;
    let call = timeout.try_call(pending::<()>());
    advance(ms(1000)).await;
    drop(call);
    assert_eq!(timeout.percentile().calls(), 20);
}

#[tokio::test(start_paused = true)]
async fn p34_the_value_wins_in_the_same_poll_and_counts() {
    let timeout = timeout();
    calls(&timeout, 20, 10).await;
    let mut call = Box::pin(timeout.try_call(sleep(ms(20))));
    assert!(poll_now(call.as_mut()).is_pending());
    advance(ms(500)).await;
    assert_eq!(poll_now(call), Poll::Ready(Flow::Returned(())));
    assert_eq!(timeout.percentile().calls(), 21);
}

#[tokio::test(start_paused = true)]
async fn p41_a_busy_body_does_not_starve_the_timer() {
    let timeout = PercentileTimeout::new(Percentile::new(0.99).max(ms(50)));
    let start = Instant::now();
    let busy = async {
        loop {
            tokio::task::coop::consume_budget().await;
            if start.elapsed() < ms(100) {
                advance(ms(1)).await;
            }
        }
    };
    assert!(is_timeout::<()>(&timeout.try_call(busy).await));
    assert!(start.elapsed() < ms(60), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_call_is_dropped_when_the_time_is_over_and_marked() {
    struct Watch<'c>(&'c core::cell::Cell<Option<bool>>);
    impl Drop for Watch<'_> {
        fn drop(&mut self) {
            self.0.set(Some(scope::dropping() == Some(Dropping::TimedOut)));
        }
    }
    let dropped = core::cell::Cell::new(None);
    let timeout = timeout();
    let watch = Watch(&dropped);
    let mut call = Box::pin(timeout.try_call(async move {
        let _watch = watch;
        pending::<()>().await;
    }));
    assert!(is_timeout(&call.as_mut().await));
    assert_eq!(dropped.get(), Some(true));
    assert_eq!(scope::dropping(), None);
    assert_eq!(timeout.percentile().calls(), 1);
    drop(call);
    assert_eq!(timeout.percentile().calls(), 1, "it is reported once");
}

#[tokio::test(start_paused = true)]
async fn time_runs_from_the_first_poll() {
    let timeout = PercentileTimeout::new(Percentile::new(0.99).max(ms(100)));
    let start = Instant::now();
    let flow = timeout
        .try_call(async {
            let _ = poll_now(Box::pin(advance(ms(40))));
            assert_eq!(deadline(), Some(start + ms(100)));
            pending::<()>().await;
        })
        .await;
    assert!(is_timeout(&flow));
    assert_eq!(start.elapsed(), ms(100));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_the_smaller_of_both() {
    for (outer, inner, reporter) in [(200, 300, "outer"), (200, 100, "inner"), (200, 200, "inner")] {
        let fixed = |millis, name| Timeout::new(ms(millis)).name(name);
        let follows = |millis, name| PercentileTimeout::new(Percentile::new(0.99).max(ms(millis))).name(name);
        let (outer_follows, inner_follows) = (follows(outer, "outer"), follows(inner, "inner"));
        let until = ms(outer.min(inner));
        for pair in 0..3 {
            let start = Instant::now();
            let body = async {
                assert_eq!(deadline(), Some(start + until));
                pending::<()>().await;
            };
            let flow = match pair {
                0 => outer_follows.try_call(inner_follows.try_call(body)).await,
                1 => outer_follows.try_call(fixed(inner, "inner").try_call(body)).await,
                _ => fixed(outer, "outer").try_call(inner_follows.try_call(body)).await,
            };
            let reported = match flow {
                Flow::Returned(Flow::Rejected(rejection)) | Flow::Rejected(rejection) => rejection.policy(),
                Flow::Returned(Flow::Returned(())) => "nobody",
            };
            assert_eq!((reported, start.elapsed()), (reporter, until), "{outer} over {inner}, {pair}");
            assert_eq!(deadline(), None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn limits_to_the_extreme() {
    let percentile = || Percentile::new(0.5).min_calls(1);
    for (percentile, waits) in [
        (percentile().max(Duration::ZERO), false),
        (percentile().factor(0.0), false),
        (percentile().factor(f64::INFINITY), true),
        (percentile().min(Duration::MAX), true),
        (percentile().max(Duration::MAX).factor(f64::MAX), true),
        (percentile().min_calls(u32::MAX), true),
    ] {
        let timeout = PercentileTimeout::new(percentile);
        assert_eq!(timeout.try_call(ready(7)).await, Flow::Returned(7));
        let start = Instant::now();
        let flow = timeout.try_call(sleep(ms(5000))).await;
        assert_eq!(flow, if waits { Flow::Returned(()) } else { flow }, "{timeout:?}");
        assert_eq!(start.elapsed(), if waits { ms(5000) } else { Duration::ZERO }, "{timeout:?}");
    }
    // Not at one of the timer's milliseconds.
    advance(Duration::from_micros(300)).await;
    let zero = PercentileTimeout::new(percentile().max(Duration::ZERO));
    assert!(poll_now(zero.try_call(pending::<()>())).is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_at_once() {
    static TIMEOUT: PercentileTimeout = PercentileTimeout::new(Percentile::new(0.99).max(ms(1000)));
    let tasks: Vec<_> = (0..1000).map(|call| tokio::spawn(TIMEOUT.try_call(sleep(ms(call % 100))))).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), Flow::Returned(()));
    }
    assert_eq!(TIMEOUT.percentile().calls(), 1000);
    let tasks: Vec<_> = (0..1000).map(|_| tokio::spawn(TIMEOUT.try_call(pending::<()>()))).collect();
    for task in tasks {
        assert!(is_timeout(&task.await.unwrap()));
    }
    assert_eq!(TIMEOUT.percentile().calls(), 2000);
    assert_eq!(TIMEOUT.limit(), Some(ms(1000)));
}

#[test]
fn no_runtime_is_needed_by_what_does_not_wait() {
    let timeout = timeout();
    for _ in 0..100 {
        assert_eq!(poll_now(timeout.try_call(ready(7))), Poll::Ready(Flow::Returned(7)));
    }
    assert_eq!(timeout.limit(), Some(ms(5)));
    let unlimited = PercentileTimeout::new(Percentile::new(0.99));
    assert_eq!(unlimited.limit(), None);
    assert!(poll_now(unlimited.try_call(pending::<()>())).is_pending());
}

#[tokio::test(start_paused = true)]
async fn a_panic_leaves_the_scope_as_it_was() {
    let timeout = timeout();
    let call = timeout.try_call(poll_fn(|_| -> Poll<()> {
        assert!(deadline().is_some());
        std::panic::resume_unwind(Box::new("body"));
    }));
    assert!(catch_unwind(AssertUnwindSafe(|| poll_now(call))).is_err());
    assert_eq!(deadline(), None);
}

#[test]
fn the_future_stays_small() {
    let body = ready([0_u8; 32]);
    let bare = size_of_val(&body);
    let timeout = timeout();
    let measured = percentile_timeout(&timeout).around(flow::call(body));
    assert!(size_of_val(&measured) <= bare + 48);
    assert!(
        size_of::<Timeout>() <= 32 + 8 * usize::from(cfg!(feature = "registry")),
        "one that is fixed keeps nothing"
    );
}
