//! X3e to X5: guards and scopes.

use super::testing::{Client, SECOND, failed, letters};
use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::thread;
use steadfast::testing::{self, Fault, Scope};
use steadfast::{circuit_breaker, retry};
use steadfast_tests::{Answer, Error, letter};
use tokio::time::Instant;

/// A fault that nobody meets proves nothing, whether it is called otherwise or the call is elsewhere.
#[tokio::test]
async fn x03e_what_no_call_comes_to_is_told() {
    let client = Client::new();
    let said = |name: &'static str, call: &dyn Fn()| {
        let faults = testing::inject(name, failed());
        call();
        let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| drop(faults)));
        panicked.err().map(|panic| panic.downcast_ref::<String>().unwrap().clone())
    };
    let pay = || {
        client.pay_blocking().ok();
    };
    assert_eq!(said("pay_blocking", &pay), None);
    let typo = said("pay_blokking", &pay).unwrap();
    assert!(typo.starts_with("no call came to what was injected into `pay_blokking`: "), "{typo}");
    let elsewhere = || drop(thread::scope(|scope| scope.spawn(|| client.pay_blocking().ok()).join()));
    assert!(said("pay_blocking", &elsewhere).is_some());
    let scope = Scope::current();
    let taken_along =
        || drop(thread::scope(|threads| threads.spawn(|| scope.run(|| client.pay_blocking().ok())).join()));
    assert_eq!(said("pay_blocking", &taken_along), None);

    let script = testing::script("pay_blokking", [failed()]);
    assert!(std::panic::catch_unwind(AssertUnwindSafe(|| drop(script))).is_err());
    drop(testing::inject("pay_blokking", failed()).optional());
    drop(testing::chaos("pay_blokking", failed()));
    {
        // The newer one leaves nothing to the older, which is called right all the same.
        let _older = testing::inject("pay", failed());
        let _newer = testing::inject("payments", failed());
        client.pay().await.unwrap_err();
    }
    let panicked = tokio::spawn(async {
        let _never = testing::inject("pay_blokking", failed());
        panic!("a test that fails");
    });
    assert_eq!(panicked.await.unwrap_err().into_panic().downcast_ref::<&str>(), Some(&"a test that fails"));
}

#[tokio::test(start_paused = true)]
async fn x04_guards_stack_and_go_in_any_order() {
    let client = Client::new();
    let start = Instant::now();
    let oldest = testing::inject("pay", Fault::latency(SECOND));
    let middle = testing::inject("pay", failed().first(4));
    let newest = testing::inject("payments", Fault::error(|| Error::Io).first(1));
    assert_eq!(letters!(2, client.pay().await), "IF", "the newest first, then the next");
    assert_eq!((newest.calls(), middle.calls(), oldest.calls()), (2, 1, 0));
    drop(middle);
    assert_eq!(letters!(1, client.pay().await), "S");
    assert_eq!(start.elapsed(), SECOND);
    drop(oldest);
    assert_eq!(letters!(1, client.pay().await), "S");
    assert_eq!((start.elapsed(), newest.calls()), (SECOND, 4));
}

#[tokio::test(start_paused = true)]
async fn x04b_one_that_only_delays_leaves_the_rest_to_the_older_ones() {
    #[retry(attempts = 1, name = "x04b")]
    async fn call() -> Answer {
        Ok(1)
    }
    let start = Instant::now();
    let _drill = testing::chaos("x04b", Fault::error(|| Error::Io));
    assert_eq!(call().await, Err(Error::Io));
    let _older = testing::inject("call", failed().with_latency(SECOND));
    let _newer = testing::inject("x04b", Fault::latency(SECOND));
    assert_eq!(call().await, Err(Error::Failed), "before what is for the whole program");
    assert_eq!(start.elapsed(), 2 * SECOND, "what they take adds up");
}

#[test]
fn x04a_a_test_that_panics_leaves_nothing() {
    let client = Client::new();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _faults = testing::inject("pay_blocking", Fault::panic("out of luck"));
        client.pay_blocking()
    }));
    assert!(panicked.is_err());
    assert_eq!(client.pay_blocking(), Ok(1));
}

#[test]
fn x05_tests_side_by_side() {
    let threads: Vec<_> = (0..8_u32)
        .map(|number| {
            thread::spawn(move || {
                let client = Client::new();
                let recorded = testing::record();
                let _faults = testing::inject("pay_blocking", Fault::value(move || number));
                for _ in 0..200 {
                    assert_eq!(client.pay_blocking(), Ok(number));
                }
                assert_eq!(recorded.events(), []);
                client.bodies()
            })
        })
        .collect();
    let client = Client::new();
    for run in 1..=200 {
        assert_eq!(client.pay_blocking(), Ok(run), "here is none");
    }
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x05a_a_scope_is_taken_to_other_tasks() {
    async fn pay() -> Answer {
        tokio::task::yield_now().await;
        Client::new().pay().await
    }
    let _faults = testing::inject("pay", failed());
    let recorded = testing::record();
    let scope = Scope::current();
    assert_eq!(tokio::spawn(pay()).await.unwrap(), Ok(1));
    assert_eq!(tokio::spawn(scope.enter(pay())).await.unwrap(), Err(Error::Failed));
    let inside = scope.enter(async { tokio::spawn(Scope::current().enter(pay())).await.unwrap() });
    assert_eq!(tokio::spawn(inside).await.unwrap(), Err(Error::Failed));
    let blocking = scope.clone();
    let on_a_thread = tokio::task::spawn_blocking(move || blocking.run(|| Client::new().pay_blocking()));
    assert_eq!(on_a_thread.await.unwrap(), Ok(1), "another function");
    assert_eq!(recorded.of("payments").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn x05b_a_new_scope_has_nothing_of_that_around() {
    let client = Client::new();
    let _outer = testing::inject("pay", failed());
    let scope = Scope::new();
    let inner = scope.inject("pay", Fault::error(|| Error::Io).with_latency(SECOND));
    // Side by side in one task, each call in the scope of its own.
    let (outside, inside) = tokio::join!(client.pay(), scope.enter(client.pay()));
    assert_eq!((outside, inside), (Err(Error::Failed), Err(Error::Io)));
    drop(inner);
    assert_eq!(scope.enter(client.pay()).await, Ok(1));
    assert_eq!(client.pay().await, Err(Error::Failed));
}

#[tokio::test(start_paused = true)]
async fn x05c_what_is_dropped_is_so_in_its_scope() {
    #[circuit_breaker(failure_threshold = 1, abandoned = failure, name = "x05c")]
    async fn call() -> Answer {
        pending().await
    }
    let scope = Scope::new();
    let recorded = scope.run(testing::record);
    let mut calling = Box::pin(scope.enter(call()));
    assert!(steadfast_tests::poll_once(calling.as_mut()).is_pending());
    drop(calling);
    assert_eq!(recorded.of("x05c").len(), 1, "{recorded}");
    assert_eq!(scope.enter(async { 1 }).await, 1);
}
