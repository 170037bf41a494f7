//! What stands around a hedge: the runtime, deadlines, retries.

use core::cell::Cell;
use core::future::{pending, ready};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;

use tokio::task::coop;
use tokio::time::advance;

use super::*;
use crate::woken::Woken;
use crate::{Backoff, Nested, Retry, Timeout};

#[test]
fn no_timer_is_made_without_need() {
    // Outside of a runtime it would panic.
    let hedge = Hedge::new(ms(50)).attempts(3);
    assert_eq!(poll_now(hedge.call(|| ready(Ok::<_, Failure>(1)))), Poll::Ready(Ok(1)));
    let failure = Err::<(), _>(Failure(0, Class::TRANSIENT));
    assert_eq!(poll_now(hedge.call(|| ready(failure))), Poll::Ready(failure));
    assert!(poll_now(hedge.attempts(1).call(pending::<Result<(), Failure>>)).is_pending());
    assert!(poll_now(Hedge::new(Duration::ZERO).call(pending::<Result<(), Failure>>)).is_pending());
}

#[test]
fn nothing_is_called_before_the_first_poll() {
    let call = Hedge::new(ms(50)).call(|| -> core::future::Ready<Result<(), Failure>> { unreachable!() });
    drop(call);
}

#[tokio::test(start_paused = true)]
async fn none_starts_at_or_after_the_deadline() {
    type Case = (&'static str, u64, &'static [(u64, Says)], Option<(usize, u64)>, &'static [u64]);
    const CASES: &[Case] = &[
        ("before", 51, &[(1000, Good)], None, &[0, 50]),
        ("at it", 50, &[(1000, Good)], None, &[0]),
        ("after it", 49, &[(1000, Good)], None, &[0]),
        ("each", 120, &[(1000, Good)], None, &[0, 50, 100]),
        ("a failure before it starts another", 40, &[(20, TRANSIENT), (10, Good)], Some((1, 30)), &[0, 20]),
        ("a failure, and a hint beyond it", 40, &[(20, throttled_for(20)), (10, Good)], Some((0, 20)), &[0]),
        ("a failure, and a hint before it", 41, &[(20, throttled_for(20)), (0, Good)], Some((1, 40)), &[0, 40]),
        ("throttled, with `after` beyond it", 40, &[(20, THROTTLED), (10, Good)], Some((0, 20)), &[0]),
        ("no time at all", 0, &[(1000, Good)], None, &[0]),
    ];
    for &(what, limit, calls, ended, started) in CASES {
        let begun = Instant::now();
        let seen = RefCell::new(Vec::new());
        let went = Cell::new(None);
        let flow = Timeout::new(ms(limit))
            .try_call(async {
                let hedge = Hedge::new(ms(50)).attempts(4);
                let outcome = hedge
                    .try_call(|| async {
                        let number = seen.borrow().len();
                        seen.borrow_mut().push(u64::try_from(begun.elapsed().as_millis()).unwrap());
                        let (takes, says) = calls[number.min(calls.len() - 1)];
                        if takes > 0 {
                            sleep(ms(takes)).await;
                        }
                        let Failed(class) = says else { return Flow::Returned(Ok(number)) };
                        Flow::Returned(Err(Failure(number, class)))
                    })
                    .await;
                let Flow::Returned(Ok(number) | Err(Failure(number, _))) = outcome else { unreachable!() };
                went.set(Some((number, u64::try_from(begun.elapsed().as_millis()).unwrap())));
            })
            .await;
        assert_eq!(went.get(), ended, "{what}");
        assert_eq!(flow.rejection().is_some(), ended.is_none(), "{what}");
        assert_eq!(seen.take(), started, "{what}");
    }
}

/// The timeout around is gone, and nobody polls but who is woken.
#[tokio::test(start_paused = true)]
async fn another_starts_at_its_time_where_the_deadline_around_is_gone() {
    let begun = Instant::now();
    let started = Cell::new(0);
    let hedge = Hedge::new(ms(50)).call(move || {
        let number = started.replace(started.get() + 1);
        async move { if number == 0 { pending().await } else { Ok::<_, Failure>(number) } }
    });
    let mut call = pin!(Woken::new(hedge));
    assert!(Timeout::new(ms(20)).try_call(call.as_mut()).await.rejection().is_some());
    let outcome = tokio::time::timeout(ms(5000), call).await;
    assert_eq!(outcome.expect("it is woken"), Ok(1));
    assert_eq!(begun.elapsed(), ms(50));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_comes_late_starts_none_after_the_deadline() {
    let started = Cell::new(0);
    let hedge = Hedge::new(ms(50)).call(|| {
        started.set(started.get() + 1);
        pending::<Result<(), Failure>>()
    });
    let mut call = Box::pin(Timeout::new(ms(100)).try_call(hedge));
    assert!(poll_now(call.as_mut()).is_pending());
    advance(ms(200)).await;
    assert!(poll_now(call.as_mut()).is_ready());
    assert_eq!(started.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn every_call_sees_what_is_around() {
    let seen = RefCell::new(Vec::new());
    let begun = Instant::now();
    let hedged = || {
        Hedge::new(ms(50)).call(|| async {
            // Before and after a wait.
            for _ in 0..2 {
                seen.borrow_mut().push((crate::attempt(), crate::deadline().map(|deadline| deadline - begun)));
                sleep(ms(30)).await;
            }
            sleep(ms(100)).await;
            Err::<(), _>(Failure(0, Class::Permanent))
        })
    };
    let retry = Retry::new().attempts(2).backoff(Backoff::NONE).when(|_| true);
    let _ = Timeout::new(ms(1000)).call(async { retry.call(hedged).await.or(Ok::<_, Rejection>(())) }).await;
    let expected = [1, 1, 1, 1, 2, 2, 2, 2].map(|attempt| (attempt, Some(ms(1000))));
    assert_eq!(seen.take(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_nested_retry_in_each_call_leaves_it_to_the_one_around() {
    let started = Cell::new(0);
    let once = Retry::new().attempts(5).backoff(Backoff::NONE).nested(Nested::Once);
    let body = || {
        once.call(|| async {
            started.set(started.get() + 1);
            sleep(ms(60)).await;
            Err::<(), _>("down".to_owned())
        })
    };
    let outcome = Retry::new().attempts(2).backoff(Backoff::NONE).call(|| Hedge::new(ms(50)).call(body)).await;
    assert!(outcome.is_err());
    assert_eq!(started.get(), 4, "two attempts of two calls");
}

#[tokio::test(start_paused = true)]
async fn p41_calls_that_use_up_the_cooperative_budget_leave_some_to_others() {
    let numbers = Cell::new(0);
    let hedge = Hedge::new(Duration::ZERO).attempts(3).call(|| {
        let number = numbers.replace(numbers.get() + 1);
        async move {
            // The first two never wait for anything else, and give up when it has taken far too long.
            let units = if number == 2 { 10 } else { 100_000 };
            for _ in 0..units {
                coop::consume_budget().await;
            }
            Ok::<_, Failure>(number)
        }
    });
    assert_eq!(hedge.await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn p41_a_busy_call_does_not_starve_the_timer() {
    let begun = Instant::now();
    let started = Cell::new(0);
    let hedge = Hedge::new(ms(50)).call(|| async {
        started.set(started.get() + 1);
        if started.get() < 2 {
            loop {
                coop::consume_budget().await;
                if begun.elapsed() < ms(1000) {
                    advance(ms(1)).await;
                }
            }
        }
        Ok::<_, Failure>(begun.elapsed())
    });
    let ended = hedge.await.unwrap();
    assert!(ended < ms(60), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_that_fail_at_once_let_others_run() {
    let started = Arc::new(AtomicUsize::new(0));
    let calls = Arc::clone(&started);
    let task = tokio::spawn(async move {
        let body = || {
            calls.fetch_add(1, SeqCst);
            ready(Err::<(), _>(Failure(0, Class::TRANSIENT)))
        };
        Hedge::new(ms(50)).attempts(u32::MAX).call(body).await
    });
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.is_err());
    assert!((1..10_000).contains(&started.load(SeqCst)), "{started:?}");
    // They come to an end all the same.
    let all = Hedge::new(ms(50)).attempts(1_000).call(|| ready(Err::<(), _>(Failure(7, Class::TRANSIENT))));
    let ended = tokio::time::timeout(ms(1), all).await;
    assert_eq!(ended.unwrap(), Err(Failure(7, Class::TRANSIENT)));
}

#[test]
fn calls_stay_send() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let text = String::from("shared");
    let hedge = Hedge::new(ms(50));
    let body = || async { Ok::<_, Failure>(text.len()) };
    drop(is_send(hedge.call(body)));
    drop(is_send(hedge.when(|_| true).call(body)));
    drop(is_send(hedge.try_call(|| Timeout::new(ms(1)).try_call(body()))));
    drop(is_send(Box::pin(hedge.when(|_| true).try_call(|| Timeout::new(ms(1)).try_call(body())))));
}

#[tokio::test(start_paused = true)]
async fn a_predicate_decides_in_place_of_the_class() {
    for (transient, calls) in [(true, 2), (false, 1)] {
        let started = Cell::new(0);
        let body = || {
            started.set(started.get() + 1);
            ready(Err::<(), _>(started.get()))
        };
        assert_eq!(Hedge::new(ms(50)).when(|_: &u32| transient).call(body).await, Err(1));
        assert_eq!(started.take(), calls);
        let flow = Hedge::new(ms(50)).when(|_: &u32| transient).try_call(|| crate::flow::call(body())).await;
        assert_eq!(flow, Flow::Returned(Err(1)));
        assert_eq!(started.get(), calls);
    }
}

#[test]
fn it_says_what_it_is_called() {
    assert_eq!(Hedge::new(ms(50)).policy(), "unnamed");
    assert_eq!(Hedge::new(ms(50)).name("search").policy(), "search");
    assert!(Hedge::new(ms(50)).inside(&|| {}).policy().ends_with("it_says_what_it_is_called"));
}
