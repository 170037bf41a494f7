#[cfg(feature = "registry")]
mod changes;

use core::time::Duration;

use super::*;

/// So long that no permit comes back meanwhile.
const NEVER: Duration = Duration::from_secs(1_000_000_000);

#[test]
fn the_least_wanted_is_forgotten_first() {
    fn take(limit: &RateLimit) {
        limit.try_acquire().unwrap();
    }
    fn fail(breaker: &CircuitBreaker) {
        breaker.try_acquire().unwrap().failure();
    }
    let limits = || RateLimit::new(2).per(NEVER).keyed().max_keys(3);
    forgets(&limits(), [|_| (), take, |limit| (take(limit), take(limit)).0]);
    forgets(&Bulkhead::new(1).keyed().max_keys(3), [|_| (), Bulkhead::force_closed, Bulkhead::force_open]);
    let breakers = || CircuitBreaker::new().failure_threshold(2).keyed().max_keys(3);
    forgets(&breakers(), [|_| (), fail, CircuitBreaker::force_open]);
    forgets(&breakers(), [|_| (), CircuitBreaker::force_closed, |breaker| (fail(breaker), fail(breaker)).0]);
}

/// Keys with policies in these states are forgotten in this order.
fn forgets<P: Policy>(keyed: &Keyed<P>, states: [fn(&P); 3]) {
    assert!(keyed.is_empty());
    // The least wanted has been used last, so that this does not decide.
    for (key, state) in (0..3_u32).zip(states).rev() {
        state(&keyed.get(&key));
    }
    for (new, expected) in (3..6_u32).zip(1..) {
        states[2](&keyed.get(&new));
        let forgotten: Vec<_> = (0..=new).filter(|key| keyed.peek(key).is_none()).collect();
        assert_eq!(forgotten, (0..expected).collect::<Vec<_>>());
        assert!(!keyed.is_empty());
    }
}
