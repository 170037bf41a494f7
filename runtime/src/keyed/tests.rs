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

/// All keys wait for it, so each is looked at once, however many go.
#[test]
fn to_forget_many_takes_as_long_as_to_forget_one() {
    #[derive(Default)]
    struct Looked(core::sync::atomic::AtomicU64);
    impl Policy for Looked {}
    impl sealed::Policy for Looked {
        fn fresh(&self) -> Self {
            Self::default()
        }
        fn is_clean(&self) -> bool {
            true
        }
        fn is_rejecting(&self) -> bool {
            self.0.fetch_add(1, Relaxed) > 0
        }
        #[cfg(feature = "registry")]
        fn follow(&self, _: &Self) {}
        #[cfg(feature = "registry")]
        fn obey(&self, _: &Self) {}
    }

    let keyed = Keyed::new(Looked::default());
    let held = keyed.get(&0_u32);
    (1..100_u32).for_each(|key| drop(keyed.get(&key)));
    let mut entries = write(keyed.entries.get().unwrap());
    assert_eq!(forget(&mut entries, 10).len(), 90);
    let left: Vec<_> = entries.values().map(|entry| entry.used.load(Relaxed)).collect();
    assert!(left.iter().all(|used| *used == 0 || *used > 90), "{left:?}");
    assert_eq!(entries.values().map(|entry| entry.policy.0.load(Relaxed)).sum::<u64>(), 9);
    // All but the one that is held.
    assert_eq!((forget(&mut entries, 0).len(), entries.len()), (9, 1));
    drop((entries, held));
}
