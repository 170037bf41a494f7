use core::cell::Cell;
use core::future::{pending, poll_fn, ready};
use core::pin::pin;
use core::task::{Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tokio::time::{Instant, advance, sleep};

use super::*;
use crate::woken::Woken;
use crate::{Deadline, Percentile, PercentileTimeout, deadline, remaining};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Polls once.
fn poll_now<F: Future>(call: F) -> Poll<F::Output> {
    pin!(call).poll(&mut Context::from_waker(Waker::noop()))
}

fn is_timeout<R>(flow: &Flow<R>, name: &str) -> bool {
    flow.rejection().is_some_and(|rejection| rejection.is_timeout() && rejection.policy() == name)
}

#[tokio::test(start_paused = true)]
async fn t1_ends_what_takes_too_long_and_passes_on_the_rest() {
    let cases: [(Timeout, u64, bool, u64); 9] = [
        (Timeout::new(ms(500)), 1000, false, 500),
        (Timeout::new(ms(500)), 100, true, 100),
        (Timeout::new(ms(500)), 500, true, 500),
        (Timeout::new(Duration::ZERO), 1, false, 0),
        (Timeout::new(Duration::ZERO), 0, true, 0),
        (Timeout::new(Duration::MAX), 5000, true, 5000),
        (Timeout::new(Duration::from_nanos(UNLIMITED - 1)), 5000, true, 5000),
        (None.into(), 5000, true, 5000),
        (Some(ms(3)).into(), 5000, false, 3),
    ];
    for (timeout, takes, returned, after) in cases {
        let start = Instant::now();
        let body = async {
            if takes > 0 {
                sleep(ms(takes)).await;
            }
        };
        let flow = timeout.name("t").try_call(body).await;
        assert_eq!(flow == Flow::Returned(()), returned, "{timeout:?} over {takes} ms: {flow:?}");
        assert_eq!(is_timeout(&flow, "t"), !returned);
        assert_eq!(start.elapsed(), ms(after), "{timeout:?} over {takes} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn t1_the_call_is_dropped_when_the_time_is_over_and_marked() {
    struct Watch(Rc<Cell<Option<bool>>>);
    impl Drop for Watch {
        fn drop(&mut self) {
            self.0.set(Some(scope::dropping() == Some(Dropping::TimedOut)));
        }
    }

    let dropped = Rc::new(Cell::new(None));
    let watch = Watch(Rc::clone(&dropped));
    let timeout = Timeout::new(ms(5));
    let mut call = Box::pin(timeout.try_call(async move {
        let _watch = watch;
        pending::<()>().await;
    }));
    assert!(is_timeout(&call.as_mut().await, "unnamed"));
    assert_eq!(dropped.get(), Some(true));
    assert_eq!(scope::dropping(), None);

    let watch = Watch(Rc::clone(&dropped));
    let mut call = Box::pin(timeout.try_call(async move {
        let _watch = watch;
        pending::<()>().await;
    }));
    assert!(poll_now(call.as_mut()).is_pending());
    drop(call);
    assert_eq!(dropped.get(), Some(false), "dropped by someone else");
}

#[tokio::test(start_paused = true)]
async fn t2_p34_the_value_wins_in_the_same_poll() {
    let timeout = Timeout::new(ms(10));
    let mut call = Box::pin(timeout.try_call(sleep(ms(10))));
    assert!(poll_now(call.as_mut()).is_pending());
    advance(ms(60)).await;
    assert_eq!(poll_now(call), Poll::Ready(Flow::Returned(())));
}

#[tokio::test(start_paused = true)]
async fn p41_a_busy_body_does_not_starve_the_timer() {
    let timeout = Timeout::new(ms(50));
    let start = Instant::now();
    let busy = async {
        loop {
            tokio::task::coop::consume_budget().await;
            if start.elapsed() < ms(100) {
                advance(ms(1)).await;
            }
        }
    };
    assert!(is_timeout::<()>(&timeout.try_call(busy).await, "unnamed"));
    assert!(start.elapsed() < ms(60), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn t4_the_deadline_is_the_smaller_of_both() {
    let start = Instant::now();
    let left = || deadline().map(|deadline| deadline - start);
    let (short, long) = (Timeout::new(ms(200)), Timeout::new(ms(1000)));
    assert_eq!(left(), None);
    let _ = long
        .try_call(async {
            assert_eq!(left(), Some(ms(1000)));
            let _ = short.try_call(async { assert_eq!(left(), Some(ms(200))) }).await;
            assert_eq!(left(), Some(ms(1000)));
            sleep(ms(300)).await;
            assert_eq!(remaining(), Some(ms(700)));
            let _ = short.try_call(async { assert_eq!(left(), Some(ms(500))) }).await;
            sleep(ms(600)).await;
            let _ = short.try_call(async { assert_eq!(left(), Some(ms(1000))) }).await;
            let _ = Timeout::unlimited().try_call(async { assert_eq!(left(), Some(ms(1000))) }).await;
        })
        .await;
    assert_eq!(left(), None);
}

#[tokio::test(start_paused = true)]
async fn a_nested_timeout_that_would_end_later_leaves_the_report_to_the_outer_one() {
    for (outer, inner, reporter) in [(200, 300, "outer"), (200, 100, "inner"), (200, 200, "inner")] {
        let start = Instant::now();
        let (outer, inner) = (Timeout::new(ms(outer)).name("outer"), Timeout::new(ms(inner)).name("inner"));
        let flow = outer.try_call(inner.try_call(pending::<()>())).await;
        let reported = match flow {
            Flow::Returned(Flow::Rejected(rejection)) | Flow::Rejected(rejection) => rejection.policy(),
            Flow::Returned(Flow::Returned(())) => "nobody",
        };
        assert_eq!(reported, reporter);
        assert_eq!(start.elapsed(), outer.limit().min(inner.limit()).unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn a_timeout_whose_outer_one_is_gone_ends_by_itself() {
    static PERCENTILE: PercentileTimeout = PercentileTimeout::new(Percentile::new(0.99).max(ms(300))).name("inner");
    for what in ["ended", "dropped", "dropped, of a deadline", "still there, and polls no more"] {
        let of_percentile = async { PERCENTILE.try_call(pending::<()>()).await };
        let calls = [Woken::new(Timeout::new(ms(300)).name("inner").try_call(pending())), Woken::new(of_percentile)];
        for mut call in calls {
            let start = Instant::now();
            let long = Timeout::new(ms(200));
            match what {
                "ended" => assert!(is_timeout(&Timeout::new(ms(100)).try_call(&mut call).await, "unnamed")),
                "dropped" => assert!(tokio::time::timeout(ms(100), long.try_call(&mut call)).await.is_err()),
                "dropped, of a deadline" => {
                    let scope = Deadline::after(ms(200)).scope(&mut call);
                    assert!(tokio::time::timeout(ms(100), scope).await.is_err());
                }
                _ => {
                    let waits = async {
                        assert!(poll_now(&mut call).is_pending());
                        pending::<()>().await;
                    };
                    assert!(tokio::time::timeout(ms(100), long.try_call(waits)).await.is_err());
                }
            }
            assert_eq!(start.elapsed(), ms(100), "{what}");
            let flow = tokio::time::timeout(ms(5000), call).await;
            assert!(is_timeout(&flow.expect("it is woken"), "inner"), "{what}");
            assert_eq!(start.elapsed(), ms(300), "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_outer_one_reports_where_both_are_looked_at_late() {
    let (outer, inner) = (Timeout::new(ms(100)).name("outer"), Timeout::new(ms(300)).name("inner"));
    let mut call = pin!(outer.try_call(inner.try_call(pending::<()>())));
    assert!(poll_now(call.as_mut()).is_pending());
    advance(ms(1000)).await;
    let Poll::Ready(flow) = poll_now(call) else { panic!("it is over") };
    assert!(is_timeout(&flow, "outer"));
}

#[tokio::test(start_paused = true)]
async fn the_inner_one_reports_where_the_outer_one_cannot() {
    // As where a thread blocks on it, which polls it whenever it is woken, and nothing around.
    let around = Instant::now() + ms(100);
    let mut call = pin!(Timeout::new(ms(300)).name("inner").try_call(pending::<()>()));
    let mut poll = || {
        let _beneath = scope::Started::enter(Some(around));
        poll_now(call.as_mut())
    };
    assert!(poll().is_pending());
    advance(ms(200)).await;
    assert!(poll().is_pending());
    advance(ms(800)).await;
    assert!(poll().is_pending(), "left to the outer one");
    let Poll::Ready(flow) = poll() else { panic!("it is over") };
    assert!(is_timeout(&flow, "inner"));
}

#[tokio::test(start_paused = true)]
async fn time_runs_from_the_first_wait_or_the_first_question() {
    let timeout = Timeout::new(ms(100));
    let start = Instant::now();
    let later = async { poll_now(Box::pin(advance(ms(40)))) };

    let flow = timeout
        .try_call(async {
            let _ = later.await;
            pending::<()>().await;
        })
        .await;
    assert!(is_timeout(&flow, "unnamed"));
    assert_eq!(start.elapsed(), ms(140), "from the first wait");

    let start = Instant::now();
    let (outer, inner) = (Timeout::new(ms(100)).name("outer"), Timeout::new(ms(80)));
    let flow = outer
        .try_call(async {
            assert_eq!(deadline(), Some(start + ms(100)));
            let _ = poll_now(Box::pin(advance(ms(40))));
            assert_eq!(deadline(), Some(start + ms(100)));
            // It begins in the same poll, after the question: it has its own start, and sees the outer deadline.
            let _ = inner
                .try_call(async {
                    let _ = poll_now(Box::pin(advance(ms(10))));
                    assert_eq!(deadline(), Some(start + ms(100)));
                    let _ = Timeout::new(ms(20)).try_call(async { assert_eq!(deadline(), Some(start + ms(70))) }).await;
                    assert_eq!(deadline(), Some(start + ms(100)));
                })
                .await;
            let _ = poll_now(Box::pin(advance(ms(10))));
            assert_eq!(deadline(), Some(start + ms(100)), "an inner answer does not move the outer start");
            pending::<()>().await;
        })
        .await;
    assert!(is_timeout(&flow, "outer"));
    assert_eq!(start.elapsed(), ms(100), "from the first question");
}

#[tokio::test(start_paused = true)]
async fn siblings_see_what_stands_above_them_both() {
    let start = Instant::now();
    let outer = Timeout::new(ms(100)).name("outer");
    let (one, two) = (Timeout::new(ms(30)), Timeout::new(ms(50)));
    let ends = async |timeout: Timeout| {
        let flow = timeout
            .try_call(async {
                assert_eq!(deadline(), Some(start + timeout.limit().unwrap()));
                pending::<()>().await;
            })
            .await;
        assert!(is_timeout(&flow, "unnamed"));
        assert_eq!(deadline(), Some(start + ms(100)));
        start.elapsed()
    };
    let flow = outer.try_call(async { tokio::join!(ends(one), ends(two), ready(())) }).await;
    assert_eq!(flow, Flow::Returned((ms(30), ms(50), ())));
}

#[tokio::test(start_paused = true)]
async fn a_panic_leaves_the_scope_as_it_was() {
    let (outer, inner) = (Timeout::new(ms(100)), Timeout::new(ms(30)));
    let asks = |ask: bool| {
        let call = inner.try_call(poll_fn(move |_| -> Poll<()> {
            if ask {
                let _ = deadline();
            }
            std::panic::resume_unwind(Box::new("body"));
        }));
        assert!(catch_unwind(AssertUnwindSafe(|| poll_now(call))).is_err());
    };
    asks(false);
    asks(true);
    assert_eq!(deadline(), None);
    let start = Instant::now();
    let _ = outer
        .try_call(async {
            asks(true);
            assert_eq!(deadline(), Some(start + ms(100)));
            asks(true);
            sleep(ms(10)).await;
            asks(true);
            assert_eq!(deadline(), Some(start + ms(100)));
        })
        .await;
    assert_eq!(deadline(), None);
}

#[tokio::test(start_paused = true)]
async fn the_conversion_is_the_error_types() {
    let late: std::io::Result<()> = Timeout::new(ms(1)).call(pending()).await;
    assert_eq!(late.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
    let own: std::io::Result<()> = Timeout::new(ms(1)).call(ready(Err(std::io::ErrorKind::NotFound.into()))).await;
    assert_eq!(own.unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn no_runtime_is_needed_by_what_does_not_wait() {
    assert_eq!(poll_now(Timeout::new(ms(1)).try_call(ready(7))), Poll::Ready(Flow::Returned(7)));
    assert!(poll_now(Timeout::unlimited().try_call(pending::<()>())).is_pending());
}

#[test]
fn the_future_stays_small() {
    let body = ready([0_u8; 32]);
    let bare = size_of_val(&body);
    let timeout = Timeout::new(ms(1));
    let timed = super::timeout(&timeout).around(flow::call(body));
    assert!(size_of_val(&timed) <= bare + 32);
}

#[tokio::test(start_paused = true)]
async fn a_sibling_sees_the_deadline_that_another_has_asked_for() {
    for inner in [Timeout::new(ms(5000)), Timeout::new(ms(100)), None.into()] {
        let asks = inner.try_call(async {
            assert!(remaining() <= Some(ms(1000)));
            ready(()).await;
            pending::<()>().await;
        });
        let sibling = async { assert_eq!(remaining(), Some(ms(1000)), "{inner:?}") };
        let joined = async { tokio::join!(biased; asks, sibling) };
        let _flow = Timeout::new(ms(1000)).try_call(joined).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_is_forgotten_with_the_timeout() {
    for limit in [Duration::ZERO, ms(1), ms(1000)] {
        assert!(is_timeout(
            &Timeout::new(limit)
                .name("t")
                .try_call(async {
                    assert_eq!(remaining(), Some(limit));
                    pending::<()>().await;
                })
                .await,
            "t"
        ));
        advance(ms(500)).await;
        let flow = Timeout::new(ms(1000)).try_call(async { remaining() }).await;
        assert_eq!(flow, Flow::Returned(Some(ms(1000))), "its time begins now");
    }
}
