//! What becomes of the calls that did not win.

use core::cell::Cell;
use core::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use tokio::time::advance;

use super::*;
use crate::scope::{self, Dropping};
use crate::{Abandoned, Bulkhead, CircuitBreaker, RateLimit, State, Timeout};

/// A call, and as what it was dropped.
type Dropped = (usize, Option<Dropping>);

/// Notes how each call was dropped.
#[derive(Clone, Default)]
struct Drops(Rc<RefCell<Vec<Dropped>>>);

struct Watch {
    number: usize,
    drops: Drops,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.drops.0.borrow_mut().push((self.number, scope::dropping()));
    }
}

impl Drops {
    fn watch(&self, number: usize) -> Watch {
        Watch { number, drops: self.clone() }
    }

    fn take(&self) -> Vec<Dropped> {
        assert_eq!(scope::dropping(), None, "the mark is taken back");
        self.0.take()
    }
}

/// Counts from 0.
#[derive(Default)]
struct Numbers(Cell<usize>);

impl Numbers {
    fn next(&self) -> usize {
        self.0.replace(self.0.get() + 1)
    }
}

/// Calls of which the one with the number `good` succeeds after 10 ms, and the others hang.
async fn hang_unless(good: usize, number: usize, drops: Drops) -> Result<usize, Failure> {
    let _watch = drops.watch(number);
    if number != good {
        pending::<()>().await;
    }
    sleep(ms(10)).await;
    Ok(number)
}

#[tokio::test(start_paused = true)]
async fn p37_losers_are_dropped_with_the_outcome_and_marked() {
    let hedge = Hedge::new(ms(50)).attempts(3);
    let cases: [(usize, &[Dropped]); 3] = [
        (0, &[(0, None)]),
        (1, &[(1, None), (0, Some(Dropping::Lost))]),
        (2, &[(2, None), (0, Some(Dropping::Lost)), (1, Some(Dropping::Lost))]),
    ];
    for (good, expected) in cases {
        let (drops, numbers) = (Drops::default(), Numbers::default());
        let mut call = Box::pin(hedge.call(|| hang_unless(good, numbers.next(), drops.clone())));
        assert_eq!(call.as_mut().await, Ok(good));
        assert_eq!(drops.take(), expected, "while the future is still there");
        drop(call);
        assert_eq!(drops.take(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn asked_again_after_the_end_it_starts_nothing() {
    let (drops, numbers) = (Drops::default(), Numbers::default());
    let hedge = Hedge::new(ms(50)).attempts(9);
    let body = || crate::flow::call(hang_unless(1, numbers.next(), drops.clone()));
    let mut call = Box::pin(layer::hedge(&hedge).around(body, |_: &Result<usize, Failure>| -> Option<Class> { None }));
    assert_eq!(call.as_mut().await, Flow::<_>::Returned(Ok(1)));
    advance(ms(500)).await;
    assert!(poll_now(call.as_mut()).is_pending());
    assert_eq!(numbers.next(), 2);
}

#[tokio::test(start_paused = true)]
async fn p37_no_call_goes_on_when_the_caller_is_gone() {
    let (drops, numbers) = (Drops::default(), Numbers::default());
    let mut call = Box::pin(Hedge::new(ms(50)).attempts(3).call(|| hang_unless(9, numbers.next(), drops.clone())));
    assert!(poll_now(call.as_mut()).is_pending());
    advance(ms(51)).await;
    assert!(poll_now(call.as_mut()).is_pending());
    drop(call);
    assert_eq!(drops.take(), [(0, None), (1, None)], "dropped by someone else");
    advance(ms(500)).await;
    assert_eq!(numbers.next(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_panic_unwinds_and_the_others_have_lost() {
    for panicking in [0, 1] {
        let (drops, numbers) = (Drops::default(), Numbers::default());
        let breaker = CircuitBreaker::new().failure_threshold(9).abandoned(Abandoned::Failure);
        let body = || {
            let (number, drops) = (numbers.next(), drops.clone());
            breaker.try_call(async move {
                let _watch = drops.watch(number);
                sleep(ms(if number == panicking { 60 } else { 500 })).await;
                assert_ne!(number, panicking, "of the body");
                Ok::<_, Failure>(number)
            })
        };
        let mut call = Box::pin(Hedge::new(ms(50)).try_call(body));
        assert!(poll_now(call.as_mut()).is_pending());
        advance(ms(51)).await;
        assert!(poll_now(call.as_mut()).is_pending());
        advance(ms(61)).await;
        let caught = catch_unwind(AssertUnwindSafe(|| poll_now(call.as_mut()).is_ready()));
        assert!(caught.is_err());
        let drops = drops.take();
        assert_eq!(drops[0], (panicking, None));
        assert_eq!(drops[1], (1 - panicking, Some(Dropping::Lost)), "while the future is still there");
        assert_eq!(breaker.counts().consecutive_failures, 1, "the panic, and not the call beside it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_loser_that_panics_when_dropped_keeps_nobody() {
    struct Panics(Watch);
    impl Drop for Panics {
        fn drop(&mut self) {
            assert_ne!(self.0.number, 0, "in the drop");
        }
    }
    let (drops, numbers) = (Drops::default(), Numbers::default());
    let body = || {
        let (number, panics) = (numbers.next(), Panics(drops.watch(numbers.0.get() - 1)));
        async move {
            let _panics = panics;
            if number < 2 {
                pending::<()>().await;
            }
            Ok::<_, Failure>(number)
        }
    };
    let mut call = Box::pin(Hedge::new(Duration::ZERO).attempts(3).call(body));
    let caught = catch_unwind(AssertUnwindSafe(|| poll_now(call.as_mut()).is_ready()));
    assert!(caught.is_err());
    assert_eq!(drops.take(), [(2, None), (0, Some(Dropping::Lost)), (1, Some(Dropping::Lost))]);
}

#[tokio::test(start_paused = true)]
async fn p37_a_breaker_beneath_takes_losers_for_neutral() {
    for abandoned in [Abandoned::Neutral, Abandoned::Failure] {
        let breaker = CircuitBreaker::new().failure_threshold(1).abandoned(abandoned);
        let numbers = Numbers::default();
        let call = || breaker.try_call(hang_unless(1, numbers.next(), Drops::default()));
        assert_eq!(Hedge::new(ms(50)).try_call(call).await, Flow::Returned(Ok(1)));
        assert_eq!((breaker.state(), breaker.counts().consecutive_failures), (State::Closed, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn p37_a_half_open_breaker_takes_losers_for_neutral() {
    let breaker = CircuitBreaker::new()
        .failure_threshold(1)
        .reset_timeout(ms(100))
        .max_probes(2)
        .success_threshold(2)
        .abandoned(Abandoned::Failure);
    breaker.try_acquire().unwrap().failure();
    advance(ms(101)).await;
    let numbers = Numbers::default();
    let call = || breaker.try_call(hang_unless(1, numbers.next(), Drops::default()));
    assert_eq!(Hedge::new(ms(50)).try_call(call).await, Flow::Returned(Ok(1)));
    assert_eq!(breaker.state(), State::HalfOpen, "one of two successes");
    let places = [breaker.try_acquire(), breaker.try_acquire()];
    assert!(places.iter().all(Result::is_ok), "both are free");
}

#[tokio::test(start_paused = true)]
async fn a_slow_loser_is_slow() {
    let breaker = CircuitBreaker::new().slow_call(ms(40)).slow_call_rate(0.5).min_calls(2);
    let numbers = Numbers::default();
    let call = || breaker.try_call(hang_unless(1, numbers.next(), Drops::default()));
    assert_eq!(Hedge::new(ms(50)).try_call(call).await, Flow::Returned(Ok(1)));
    assert_eq!(breaker.state(), State::Open, "one of two was");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_above_blames_all_of_them() {
    let breaker = CircuitBreaker::new().failure_threshold(2);
    let call = || breaker.try_call(pending::<Result<(), Failure>>());
    let flow = Timeout::new(ms(80)).try_call(Hedge::new(ms(50)).try_call(call)).await;
    assert!(flow.rejection().is_some_and(|rejection| rejection.is_timeout()));
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn an_open_circuit_beneath_is_not_asked_again() {
    let breaker = CircuitBreaker::new().failure_threshold(1);
    breaker.try_acquire().unwrap().failure();
    let call = || breaker.try_call(ready(Ok::<_, Failure>(())));
    let flow = Hedge::new(ms(50)).attempts(5).try_call(call).await;
    assert!(flow.rejection().is_some_and(|rejection| rejection.is_circuit_open()));
    assert_eq!(breaker.counts().rejected, 1);
}

#[tokio::test(start_paused = true)]
async fn places_and_waits_of_losers_are_free() {
    let bulkhead = Bulkhead::new(2);
    let numbers = Numbers::default();
    let call = || bulkhead.try_call(hang_unless(1, numbers.next(), Drops::default()));
    assert_eq!(Hedge::new(ms(50)).try_call(call).await, Flow::Returned(Ok(1)));
    assert_eq!(bulkhead.running(), 0);

    // The second waits for a place that the first has.
    let bulkhead = Bulkhead::new(1).max_wait(ms(1000));
    let numbers = Numbers::default();
    let mut call = Box::pin(Hedge::new(ms(50)).try_call(|| {
        bulkhead.try_call(async {
            sleep(ms(100)).await;
            Ok::<_, Failure>(numbers.next())
        })
    }));
    assert!(poll_now(call.as_mut()).is_pending());
    advance(ms(51)).await;
    assert!(poll_now(call.as_mut()).is_pending());
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (1, 1));
    assert_eq!(call.await, Flow::Returned(Ok(0)));
    assert_eq!((bulkhead.running(), bulkhead.waiting()), (0, 0));

    // The second waits for a permit.
    let limit = RateLimit::new(1).max_wait(ms(1000));
    let call = Hedge::new(ms(50)).try_call(|| {
        limit.try_call(async {
            sleep(ms(100)).await;
            Ok::<_, Failure>(())
        })
    });
    assert_eq!(call.await, Flow::Returned(Ok(())));
    assert_eq!(limit.waiting(), 0);
}
