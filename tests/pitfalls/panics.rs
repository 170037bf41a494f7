//! P42: who is to blame for a panic.

use std::future::pending;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use steadfast::{CircuitBreaker, State, circuit_breaker};

use super::common::{Answer, poll_once};

#[circuit_breaker(breaker)]
async fn hangs(breaker: &CircuitBreaker) -> Answer {
    pending().await
}

/// Tells when it is dropped while its thread panics.
struct Witness(&'static AtomicBool);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.store(std::thread::panicking(), Relaxed);
    }
}

#[circuit_breaker(breaker)]
async fn healthy(breaker: &CircuitBreaker, witness: Witness) -> Answer {
    pending::<()>().await;
    drop(witness);
    Ok(1)
}

/// A sibling in `join!` panics: the healthy call is dropped while the thread unwinds, and is not to blame.
#[tokio::test]
async fn p42_a_panic_next_to_a_healthy_call() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    static UNWOUND: AtomicBool = AtomicBool::new(false);
    let joined = tokio::spawn(async {
        tokio::join!(healthy(&BREAKER, Witness(&UNWOUND)), async {
            tokio::task::yield_now().await;
            panic!("the sibling")
        })
    });
    assert!(joined.await.unwrap_err().is_panic());
    assert!(UNWOUND.load(Relaxed), "it was dropped by the unwinding");
    assert_eq!((BREAKER.state(), BREAKER.counts().consecutive_failures), (State::Closed, 0));
}

#[circuit_breaker(breaker)]
async fn panics(breaker: &CircuitBreaker) -> Answer {
    tokio::task::yield_now().await;
    panic!("as planned")
}

/// The one that panics itself is.
#[tokio::test]
async fn p42_a_call_that_panics_itself() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    assert!(tokio::spawn(panics(&BREAKER)).await.unwrap_err().is_panic());
    assert_eq!(BREAKER.state(), State::Open);
}

/// A call that is made and ends within a destructor, while its thread unwinds, is as good as any.
#[test]
fn p42_a_call_while_unwinding() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    struct Calls;
    impl Drop for Calls {
        fn drop(&mut self) {
            assert_eq!(ask_now(&BREAKER), Ok(1));
            let mut call = Box::pin(hangs(&BREAKER));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            assert!(runtime.block_on(poll_once(&mut call)).is_pending());
        }
    }
    let unwound = catch_unwind(|| {
        let _calls = Calls;
        panic!("elsewhere");
    });
    assert!(unwound.is_err());
    assert_eq!((BREAKER.state(), BREAKER.counts().consecutive_failures), (State::Closed, 0));
}

#[circuit_breaker(breaker)]
fn ask_now(breaker: &CircuitBreaker) -> Answer {
    Ok(1)
}
