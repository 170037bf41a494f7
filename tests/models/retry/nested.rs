//! Retries within retries.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;

use proptest::prelude::*;
use steadfast::{Backoff, Nested, Retry};
use steadfast_tests::Error;

use crate::models::common::check;

/// The outermost first: how many attempts, and what it does beneath another.
type Levels = Vec<(u32, Nested)>;

fn levels() -> impl Strategy<Value = Levels> {
    let nested = prop_oneof![Just(Nested::Multiply), Just(Nested::Once)];
    proptest::collection::vec((1..4_u32, nested), 1..5)
}

/// The attempt that the body is told in each of its runs; it fails in so many of them.
fn reference(levels: &[(u32, Nested)], around: Option<u32>, failures: usize, runs: &mut Vec<u32>) -> bool {
    let Some((&(attempts, nested), beneath)) = levels.split_first() else {
        runs.push(around.unwrap_or(1));
        return runs.len() > failures;
    };
    if nested == Nested::Once && around.is_some() {
        return reference(beneath, around, failures, runs);
    }
    (1..=attempts).any(|attempt| reference(beneath, Some(attempt), failures, runs))
}

fn real<'a>(
    levels: &'a [(u32, Nested)],
    failures: usize,
    runs: &'a RefCell<Vec<u32>>,
) -> Pin<Box<dyn Future<Output = Result<(), Error>> + 'a>> {
    Box::pin(async move {
        let Some((&(attempts, nested), beneath)) = levels.split_first() else {
            runs.borrow_mut().push(steadfast::attempt());
            return if runs.borrow().len() > failures { Ok(()) } else { Err(Error::Failed) };
        };
        let retry = Retry::new().attempts(attempts).backoff(Backoff::NONE).nested(nested);
        retry.call(|| real(beneath, failures, runs)).await
    })
}

async fn history((levels, failures): (Levels, usize)) {
    let mut expected = Vec::new();
    let success = reference(&levels, None, failures, &mut expected);
    let runs = RefCell::default();
    assert_eq!(real(&levels, failures, &runs).await.is_ok(), success);
    assert_eq!(runs.into_inner(), expected);
}

#[test]
fn they_multiply_or_leave_it_to_the_outermost() {
    check(&(levels(), 0..90_usize), history);
}
