use core::future::{pending, poll_fn};
use core::pin::pin;
use core::task::Waker;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::time::{advance, sleep};

use super::*;
use crate::{Flow, Timeout, deadline, remaining};

mod nesting;
mod wire;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Moves the paused clock on within a poll.
fn pass(duration: Duration) {
    let _ = poll_now(advance(duration));
}

/// Polls once.
fn poll_now<F: Future>(call: F) -> Poll<F::Output> {
    pin!(call).poll(&mut Context::from_waker(Waker::noop()))
}

/// Which timeout ended it, and when.
async fn ends(call: impl Future<Output = Flow<Flow<()>>>) -> (&'static str, Duration) {
    let start = Instant::now();
    // So that a call that nobody ends fails its test.
    let reporter = match tokio::time::timeout(ms(10_000), call).await {
        Ok(Flow::Rejected(rejection) | Flow::Returned(Flow::Rejected(rejection))) => rejection.policy(),
        Ok(Flow::Returned(Flow::Returned(()))) => "returned",
        Err(_) => "nobody",
    };
    (reporter, start.elapsed())
}

fn named(limit: Option<u64>, name: &'static str) -> Timeout {
    Timeout::from(limit.map(ms)).name(name)
}

#[tokio::test(start_paused = true)]
async fn no_limit_is_the_last_and_the_rest_in_order() {
    let now = Instant::now();
    let (one, two) = (Deadline::at(now + ms(1)), Deadline::after(ms(2)));
    let mut all = [Deadline::NONE, two, one, Deadline::default()];
    all.sort();
    assert_eq!(all, [one, two, Deadline::NONE, Deadline::NONE]);
    assert_eq!((Deadline::NONE.min(two), one.max(Deadline::NONE)), (two, Deadline::NONE));
    assert_eq!((two.instant(), Deadline::NONE.instant()), (Some(now + ms(2)), None));
}

#[tokio::test(start_paused = true)]
async fn what_is_left_ends_at_the_instant_itself() {
    let deadline = Deadline::after(ms(5));
    assert_eq!((deadline.remaining(), deadline.is_over()), (Some(ms(5)), false));
    pass(ms(4));
    assert_eq!((deadline.remaining(), deadline.is_over()), (Some(ms(1)), false));
    pass(ms(1));
    assert_eq!((deadline.remaining(), deadline.is_over()), (Some(Duration::ZERO), true));
    pass(ms(1));
    assert_eq!((deadline.remaining(), deadline.is_over()), (Some(Duration::ZERO), true));
    assert_eq!((Deadline::NONE.remaining(), Deadline::NONE.is_over()), (None, false));
}

#[tokio::test(start_paused = true)]
async fn p30_extremes_saturate() {
    assert_eq!(Deadline::after(Duration::MAX), Deadline::NONE);
    assert_eq!(Deadline::NONE.sooner_by(Duration::MAX), Deadline::NONE);
    assert_eq!(Deadline::after(ms(5)).sooner_by(ms(3)), Deadline::after(ms(2)));
    assert!(Deadline::after(ms(5)).sooner_by(Duration::MAX).is_over());
    let far = Deadline::after(Duration::from_secs(u64::MAX / 4));
    let call = far.scope(named(Some(5), "inner").try_call(async { pending().await }));
    assert_eq!(ends(async { Flow::Returned(call.await) }).await, ("inner", ms(5)));
}

/// What a body does before it hangs: nothing of this changes who ends it.
async fn hang_after(preparation: u8) {
    match preparation {
        0 => {}
        1 => assert!(deadline().is_some()),
        _ => {
            tokio::task::yield_now().await;
            assert!(remaining().is_some());
        }
    }
    pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn the_outermost_timeout_beneath_a_given_deadline_keeps_it() {
    let cases = [
        (200, Some(300), Some(400), ("outer", 200)),
        (200, Some(300), Some(100), ("inner", 100)),
        (200, Some(100), Some(300), ("outer", 100)),
        (200, Some(200), Some(300), ("outer", 200)),
        (200, Some(300), None, ("outer", 200)),
        // One without a limit keeps none.
        (200, None, Some(300), ("inner", 200)),
        (200, None, None, ("nobody", 10_000)),
        // Over before it begins.
        (0, Some(300), Some(400), ("outer", 0)),
        (0, None, Some(300), ("inner", 0)),
    ];
    for (given, outer, inner, (reporter, at)) in cases {
        for preparation in 0..3 {
            let call = named(outer, "outer").try_call(named(inner, "inner").try_call(hang_after(preparation)));
            let ended = ends(Deadline::after(ms(given)).scope(call)).await;
            assert_eq!(ended, (reporter, ms(at)), "{given} over {outer:?} over {inner:?}, {preparation}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_above_a_given_deadline_keeps_its_own() {
    let cases = [
        (Some(100), Some(200), Some(300), ("outer", 100)),
        (Some(300), Some(200), Some(100), ("inner", 100)),
        (Some(300), Some(100), Some(200), ("inner", 100)),
        (Some(100), Some(100), Some(200), ("outer", 100)),
        (Some(100), None, Some(200), ("outer", 100)),
        (None, Some(100), Some(200), ("inner", 100)),
        (Some(300), Some(100), None, ("outer", 300)),
    ];
    for (outer, given, inner, (reporter, at)) in cases {
        for preparation in 0..3 {
            let given = given.map_or(Deadline::NONE, |given| Deadline::after(ms(given)));
            let call = given.scope(named(inner, "inner").try_call(hang_after(preparation)));
            let ended = ends(named(outer, "outer").try_call(call)).await;
            assert_eq!(ended, (reporter, ms(at)), "{outer:?} over {given:?} over {inner:?}, {preparation}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn given_twice_the_earlier_holds() {
    for (one, two) in [(100, 200), (200, 100)] {
        let (one, two) = (Deadline::after(ms(one)), Deadline::after(ms(two)));
        let call = one.scope(two.scope(async {
            assert_eq!(Deadline::current(), one.min(two));
            Flow::Returned(named(Some(300), "timeout").try_call(pending()).await)
        }));
        assert_eq!(ends(call).await, ("timeout", ms(100)));
    }
}

/// A call goes from beneath one deadline to beneath another, or none, between two polls.
#[tokio::test(start_paused = true)]
async fn what_is_kept_follows_the_call_to_where_it_is_polled() {
    let given = |at: Option<u64>| at.map_or(Deadline::NONE, |at| Deadline::after(ms(at)));
    for (first, then, at) in [
        (Some(100), None, 1000),
        (None, Some(100), 100),
        (Some(100), Some(200), 200),
        (Some(200), Some(100), 100),
        (Some(2000), Some(100), 100),
        (Some(100), Some(2000), 1000),
    ] {
        let mut call = Box::pin(named(Some(1000), "timeout").try_call(pending()));
        assert!(poll_now(given(first).scope(call.as_mut())).is_pending());
        let ended = ends(async { Flow::Returned(given(then).scope(call).await) }).await;
        assert_eq!(ended, ("timeout", ms(at)), "{first:?}, {then:?}");
    }
    // From beneath a timeout to beneath a given deadline, and the other way round.
    let mut call = Box::pin(named(Some(1000), "timeout").try_call(pending()));
    assert!(poll_now(named(Some(500), "other").try_call(call.as_mut())).is_pending());
    assert!(poll_now(given(Some(100)).scope(call.as_mut())).is_pending());
    assert_eq!(ends(named(Some(700), "other").try_call(call)).await, ("other", ms(700)));
}

#[tokio::test(start_paused = true)]
async fn siblings_have_each_their_own() {
    let start = Instant::now();
    let ends = async |at: u64| {
        let call = named(Some(1000), "timeout").try_call(hang_after(2));
        assert!(Deadline::after(ms(at)).scope(call).await.rejection().is_some_and(|rejection| rejection.is_timeout()));
        assert_eq!(Deadline::current(), Deadline::NONE);
        start.elapsed()
    };
    let other = async {
        tokio::task::yield_now().await;
        Deadline::current()
    };
    assert_eq!(tokio::join!(ends(30), other, ends(10)), (ms(30), Deadline::NONE, ms(10)));
}

#[tokio::test(start_paused = true)]
async fn p34_what_is_ready_wins_though_it_is_over() {
    let call = named(Some(5), "timeout").try_call(async { 7 });
    assert_eq!(Deadline::after(Duration::ZERO).scope(call).await, Flow::Returned(7));
    let mut late = Box::pin(Deadline::after(ms(5)).scope(named(Some(9), "timeout").try_call(sleep(ms(10)))));
    assert!(poll_now(late.as_mut()).is_pending());
    advance(ms(60)).await;
    assert_eq!(late.await, Flow::Returned(()));
}

/// And what is not ends there and then: a timer would ring at its next tick.
#[tokio::test(start_paused = true)]
async fn what_begins_after_the_end_is_over_at_once() {
    let given = Deadline::after(ms(5));
    pass(ms(6));
    assert!(poll_now(given.scope(named(Some(9), "timeout").try_call(pending::<()>()))).is_ready());
}

/// The timeout above cannot run while its thread blocks on the call: what stands beneath must not leave it to that.
#[test]
fn what_blocks_leaves_nothing_to_the_timeouts_above() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    for deadline in [Deadline::NONE, Deadline::after(Duration::from_secs(3600))] {
        let blocks = async {
            // Long enough for this test to come to the end.
            let call = named(Some(7_200_000), "inner").try_call(pending::<()>());
            let guarded = async { tokio::time::timeout(Duration::from_secs(7_000), call).await };
            deadline.run(|| runtime.block_on(guarded)).expect("it ends by itself")
        };
        let outer = named(Some(60_000), "outer").try_call(blocks);
        let Poll::Ready(Flow::Returned(ended)) = poll_now(outer) else { panic!("it has not waited") };
        assert_eq!(ended.rejection().map(|rejection| rejection.policy()), Some("inner"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_leaves_the_scope_as_it_was() {
    let given = Deadline::after(ms(100));
    let panics = || {
        let call = given.scope(poll_fn(|_| -> Poll<()> {
            assert_eq!(Deadline::current(), given);
            std::panic::resume_unwind(Box::new("body"));
        }));
        assert!(catch_unwind(AssertUnwindSafe(|| poll_now(call))).is_err());
        assert!(catch_unwind(|| given.run(|| std::panic::resume_unwind(Box::new("closure")))).is_err());
    };
    panics();
    assert_eq!(Deadline::current(), Deadline::NONE);
    let _ = named(Some(200), "timeout")
        .try_call(async {
            panics();
            assert_eq!(remaining(), Some(ms(200)));
        })
        .await;
}

#[test]
fn no_runtime_is_needed() {
    let deadline = Deadline::after(Duration::from_secs(3600));
    let call = deadline.scope(named(Some(5), "timeout").try_call(async { Deadline::current() }));
    assert!(matches!(poll_now(call), Poll::Ready(Flow::Returned(seen)) if seen < deadline));
    assert_eq!(deadline.run(Deadline::current), deadline);
}
