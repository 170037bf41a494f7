//! Calls and retries of a budget, whatever the order of the threads.

use std::sync::Arc;

use super::RetryBudget;
use crate::models::{check, join, spawn};

/// No more retries than calls, and as many as `reserve` beside.
fn budget(ratio: f64, reserve: u32) -> Arc<RetryBudget> {
    let budget = RetryBudget::new().ratio(ratio).window(core::time::Duration::from_secs(1)).min_per_second(reserve);
    budget.calls.touch();
    Arc::new(budget)
}

fn takes(budget: &RetryBudget) -> u64 {
    budget.take().map_or(0, |token| {
        token.spend();
        1
    })
}

#[test]
fn the_last_retry_is_granted_once() {
    check(3, || {
        let budget = budget(0.0, 1);
        let threads = [spawn(&budget, takes), spawn(&budget, takes)];
        let taken = takes(&budget) + join(threads).iter().sum::<u64>();
        let counts = budget.counts();
        assert_eq!((taken, counts.retries, counts.refused), (1, 1, 2));
    });
}

#[test]
fn who_goes_away_gives_the_retry_back() {
    check(3, || {
        let budget = budget(0.0, 1);
        let threads = [
            spawn(&budget, |budget| {
                drop(budget.take());
                0
            }),
            spawn(&budget, takes),
        ];
        let taken = join(threads).iter().sum::<u64>();
        assert_eq!((budget.counts().retries, budget.balance()), (taken, 1 - taken));
    });
}

#[test]
fn each_call_counts_once() {
    check(3, || {
        let budget = budget(1.0, 0);
        let call = |budget: &RetryBudget| {
            budget.count();
            assert_eq!(takes(budget), 1, "its own call buys its retry");
        };
        let thread = spawn(&budget, call);
        call(&budget);
        thread.join().unwrap();
        let counts = budget.counts();
        assert_eq!((counts.calls, counts.retries, counts.refused), (2, 2, 0));
    });
}

#[test]
fn what_is_from_before_a_reset_is_not_given_back() {
    check(3, || {
        let budget = budget(0.0, 1);
        let early = budget.take().unwrap().grant.take().unwrap();
        let thread = spawn(&budget, move |budget| budget.lock().give_back(&early));
        budget.reset();
        assert_eq!(takes(&budget), 1);
        thread.join().unwrap();
        assert_eq!((budget.counts().retries, budget.balance()), (1, 0));
    });
}
