//! What is kept and what is forgotten, whatever the order of the threads.

use core::any::TypeId;
use core::time::Duration;
use std::sync::Arc;

use loom::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::StaleFallback;
use crate::key::KeyBytes;
use crate::models::{check, join, spawn};

/// A fallback, and what the calls ask.
struct Asked {
    stale: StaleFallback,
    price: AtomicU32,
}

impl Asked {
    fn new() -> Arc<Self> {
        let stale = StaleFallback::new(Duration::MAX);
        stale.completions.touch();
        stale.removals.iter().for_each(|removals| _ = removals.touch());
        Arc::new(Self { stale, price: AtomicU32::new(1) })
    }

    fn call(&self) -> u64 {
        let key = KeyBytes::of("tea");
        let began = self.stale.begin(&key);
        let price = self.price.load(Relaxed);
        let completion = self.stale.completion();
        self.stale.keep(TypeId::of::<u32>(), &key, began, completion, Arc::new(price));
        completion.order
    }

    fn last(&self) -> Option<u32> {
        let (_, kept) = self.stale.last(TypeId::of::<u32>(), &KeyBytes::of("tea"), Duration::MAX)?;
        kept.downcast_ref().copied()
    }
}

#[test]
fn what_was_before_a_change_is_not_kept_after_it() {
    for forget in [|stale: &StaleFallback| _ = stale.remove("tea"), StaleFallback::clear] {
        check(3, move || {
            let asked = Asked::new();
            let threads = [spawn(&asked, Asked::call), spawn(&asked, Asked::call)];
            asked.price.store(2, Relaxed);
            forget(&asked.stale);
            join(threads);
            assert!(matches!(asked.last(), None | Some(2)));
        });
    }
}

#[test]
fn the_last_success_stays() {
    check(3, || {
        let asked = Asked::new();
        let later = |price| {
            move |asked: &Asked| {
                let key = KeyBytes::of("tea");
                let completion = asked.stale.completion();
                asked.stale.keep(TypeId::of::<u32>(), &key, 0, completion, Arc::new(price));
                (completion.order, price)
            }
        };
        let threads = [spawn(&asked, later(1)), spawn(&asked, later(2))];
        let last = join(threads).into_iter().max().map(|(_, price)| price);
        assert_eq!(asked.last(), last);
    });
}
