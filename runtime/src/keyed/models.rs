//! The policies of keys, whatever the order of the threads.

use std::sync::Arc;

use loom::sync::atomic::{AtomicU32, Ordering::SeqCst};

use super::{Keyed, Policy, sealed};
use crate::Bulkhead;
use crate::models::{check, join, spawn};

fn keyed(max_keys: usize) -> Arc<Keyed<Bulkhead>> {
    let keyed = Bulkhead::new(1).keyed().max_keys(max_keys);
    keyed.tick.touch();
    keyed.entries.touch();
    Arc::new(keyed)
}

#[test]
fn all_who_ask_for_a_key_get_the_same() {
    check(3, || {
        let keyed = keyed(2);
        let threads = [spawn(&keyed, |keyed| keyed.get("a")), spawn(&keyed, |keyed| keyed.get("a"))];
        let here = keyed.get("a");
        for there in join(threads) {
            assert!(Arc::ptr_eq(&here, &there));
        }
        assert_eq!(keyed.len(), 1);
    });
}

/// A policy that lets one call run at a time.
struct One(AtomicU32);

impl Policy for One {}

impl sealed::Policy for One {
    fn fresh(&self) -> Self {
        Self(AtomicU32::new(0))
    }

    fn is_clean(&self) -> bool {
        true
    }

    fn is_rejecting(&self) -> bool {
        false
    }
}

#[test]
fn calls_under_way_share_their_policy_while_others_come() {
    struct Guarded {
        keyed: Keyed<One>,
        running: AtomicU32,
    }
    check(3, || {
        let guarded = Guarded { keyed: Keyed::new(One(AtomicU32::new(0))).max_keys(1), running: AtomicU32::new(0) };
        guarded.keyed.tick.touch();
        guarded.keyed.entries.touch();
        let guarded = Arc::new(guarded);
        let call = |guarded: &Guarded| {
            let one = guarded.keyed.get("a");
            if one.0.swap(1, SeqCst) == 0 {
                assert_eq!(guarded.running.fetch_add(1, SeqCst), 0, "two run at once");
                guarded.running.fetch_sub(1, SeqCst);
                one.0.store(0, SeqCst);
            }
        };
        let threads = [spawn(&guarded, call), spawn(&guarded, |guarded| drop(guarded.keyed.get("b")))];
        call(&guarded);
        join(threads);
        assert_eq!(guarded.keyed.len(), 1);
    });
}
