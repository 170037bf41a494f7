//! The part that hedges have in a budget.

use core::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::time::advance;

use super::*;

/// Grants so many calls above those that are made.
fn granting(calls: u32) -> &'static RetryBudget {
    let budget = RetryBudget::new().ratio(0.0).min_per_second(calls).window(Duration::from_secs(1));
    Box::leak(Box::new(budget))
}

/// The calls, the granted ones and the refused.
fn counts(budget: &RetryBudget) -> (u64, u64, u64) {
    let counts = budget.counts();
    (counts.calls, counts.retries, counts.refused)
}

#[tokio::test(start_paused = true)]
async fn p37_a_spent_budget_leaves_the_calls_under_way() {
    type Case = (&'static str, u32, &'static [(u64, Says)], (usize, u64, &'static [u64]), (u64, u64, u64));
    const CASES: &[Case] = &[
        ("no other call is needed", 0, &[(10, Good)], (0, 10, &[0]), (1, 0, 0)),
        ("none is left", 0, &[(200, Good)], (0, 200, &[0]), (1, 0, 1)),
        ("none is left for a failure", 0, &[(20, TRANSIENT)], (0, 20, &[0]), (1, 0, 1)),
        ("it is asked once", 0, &[(60, TRANSIENT)], (0, 60, &[0]), (1, 0, 1)),
        ("one is left", 1, &[(200, Good)], (0, 200, &[0, 50]), (1, 1, 1)),
        ("two are left", 2, &[(200, Good), (200, Good), (10, Good)], (2, 110, &[0, 50, 100]), (1, 2, 0)),
    ];
    for &(what, left, calls, (outcome, at, started), counted) in CASES {
        let budget = granting(left);
        let went = race(Hedge::new(ms(50)).attempts(3).budget(budget), calls).await;
        assert_eq!(went, Went { outcome, at, started: started.to_vec() }, "{what}");
        assert_eq!(counts(budget), counted, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_counts_once_when_it_begins() {
    let budget = granting(1);
    let hedge = Hedge::new(ms(50)).budget(budget);
    drop(hedge.call(pending::<Result<(), Failure>>));
    assert_eq!(counts(budget), (0, 0, 0));
    let mut call = Box::pin(hedge.call(pending::<Result<(), Failure>>));
    for _ in 0..3 {
        assert!(poll_now(call.as_mut()).is_pending());
        assert_eq!(counts(budget), (1, 0, 0));
    }
    advance(ms(51)).await;
    assert!(poll_now(call.as_mut()).is_pending());
    assert_eq!(counts(budget), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_could_not_start_is_given_back() {
    let budget = granting(1);
    let started = RefCell::new(0);
    let body = || {
        started.replace_with(|started| *started + 1);
        assert!(*started.borrow() < 2, "of the body");
        pending::<Result<(), Failure>>()
    };
    let mut call = Box::pin(Hedge::new(Duration::ZERO).budget(budget).call(body));
    let caught = catch_unwind(AssertUnwindSafe(|| poll_now(call.as_mut()).is_ready()));
    assert!(caught.is_err());
    assert_eq!(counts(budget), (1, 0, 0));
}
