use core::time::Duration;
use std::sync::{Arc, Mutex};

use tokio::time::advance;

use crate::registry::said::settings;
use crate::registry::table::{counted, put, refuses, takes};
use crate::registry::{Managed, Value};
use crate::{Event, RetryBudget};

#[test]
fn every_setting_is_shown_and_can_be_changed() {
    let budget = RetryBudget::new().name("upstream");
    assert_eq!((Managed::name(&budget), budget.is_named(), budget.kind().as_str()), ("upstream", true, "retry_budget"));
    let all = ["ratio = 0.1", "min_per_second = 1", r#"window = "10s""#, "enabled = true", "critical = false"];
    assert_eq!(settings(&budget), all);
    takes(
        &budget,
        &[
            ("ratio", 0.25.into(), "0.25"),
            ("ratio", Value::Integer(0), "0.0"),
            ("ratio", Value::Integer(2), "2.0"),
            ("min_per_second", Value::Integer(0), "0"),
            ("min_per_second", Value::Integer(50), "50"),
            ("window", "1m".into(), r#""1m""#),
            ("window", "1ms".into(), r#""1ms""#),
            ("enabled", false.into(), "false"),
            ("critical", true.into(), "true"),
        ],
    );
    refuses(
        &budget,
        &[
            (&[("ratio", (-0.1).into())], &["`ratio` takes a share of the calls, e.g. 0.1, and not -0.1"]),
            (&[("ratio", f64::NAN.into())], &["`ratio` takes a share of the calls, e.g. 0.1, and not NaN"]),
            (&[("ratio", "10%".into())], &[r#"`ratio` takes a share of the calls, e.g. 0.1, and not "10%""#]),
            (&[("min_per_second", 0.5.into())], &["`min_per_second` takes a whole number, and not 0.5"]),
            (&[("window", "999us".into())], &[r#"`window` is at least 1ms, and not "999us""#]),
            (
                &[("rate", Value::Integer(1))],
                &[
                    "unknown setting `rate`; expected one of: `ratio`, `min_per_second`, `window`, `enabled`, `critical`",
                ],
            ),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn it_takes_effect_at_once_and_what_was_counted_stays() {
    let budget = RetryBudget::new().ratio(0.1).min_per_second(0);
    for _ in 0..100 {
        budget.count();
    }
    assert_eq!(budget.balance(), 10);
    put(&budget, &[("ratio", 0.5.into())]).unwrap();
    assert_eq!(budget.balance(), 50);
    for _ in 0..20 {
        budget.take().unwrap().spend();
    }
    put(&budget, &[("ratio", 0.1.into()), ("min_per_second", Value::Integer(1))]).unwrap();
    assert_eq!(budget.balance(), 0);
    assert!(budget.take().is_none());
    put(&budget, &[]).unwrap();
    assert_eq!(counted(&budget), [("retries", 20), ("refused", 1)]);
}

/// It is a counter of the metrics, and these never go back.
#[test]
fn what_was_refused_is_counted_over_a_reset() {
    let budget = RetryBudget::new().ratio(0.0).min_per_second(0);
    for _ in 0..2 {
        assert!(budget.take().is_none());
    }
    budget.reset();
    assert_eq!((counted(&budget)[1], budget.counts().refused), (("refused", 2), 0));
    assert!(budget.take().is_none());
    assert_eq!((counted(&budget)[1], budget.counts().refused), (("refused", 3), 1));
}

#[tokio::test(start_paused = true)]
async fn switched_off_it_refuses_nothing_and_counts_on() {
    let told = Arc::new(Mutex::new(0));
    let listener = Arc::clone(&told);
    let _observer = crate::observe(move |event: &Event| {
        if event.policy == "switched off" {
            *listener.lock().unwrap() += 1;
        }
    });
    let budget = RetryBudget::new().ratio(0.0).min_per_second(0).name("switched off").window(Duration::from_secs(1));
    assert!(budget.take().is_none());
    put(&budget, &[("enabled", false.into())]).unwrap();
    assert!(!budget.is_exhausted());
    for _ in 0..5 {
        budget.take().unwrap().spend();
    }
    put(&budget, &[("enabled", true.into()), ("ratio", Value::Integer(1))]).unwrap();
    assert_eq!((budget.counts().retries, *told.lock().unwrap()), (5, 1));
    budget.count();
    assert!(budget.is_exhausted(), "what took place meanwhile is not forgotten");
    assert!(!RetryBudget::new().ratio(0.0).min_per_second(0).enabled(false).is_exhausted());
}

/// The clock is that of the test, and what is counted is known to the second.
#[tokio::test(start_paused = true)]
async fn another_window_keeps_what_lies_within() {
    let budget = RetryBudget::new().ratio(1.0).min_per_second(0).window(Duration::from_secs(32));
    // Ten calls and a retry each second.
    let lives = async |seconds: u32| {
        for _ in 0..seconds {
            (0..10).for_each(|_| budget.count());
            budget.take().unwrap().spend();
            advance(Duration::from_secs(1)).await;
        }
    };
    let about = |seconds: u64| {
        let counts = budget.counts();
        // Calls are forgotten a little early, and retries as much late.
        assert!(((seconds - 2) * 10..=seconds * 10).contains(&counts.calls), "{seconds} s: {counts:?}");
        assert!((seconds..=seconds + 2).contains(&counts.retries), "{seconds} s: {counts:?}");
    };
    lives(20).await;
    about(20);
    for (window, seconds) in [("64s", 20), ("40s", 20), ("16s", 15), ("60s", 15)] {
        put(&budget, &[("window", window.into())]).unwrap();
        about(seconds);
    }
    lives(30).await;
    about(45);
    put(&budget, &[]).unwrap();
    about(31);
    advance(Duration::from_secs(33)).await;
    assert_eq!((budget.counts().calls, budget.counts().retries), (0, 0));
    lives(3).await;
    about(3);
}

#[tokio::test(start_paused = true)]
async fn who_counts_by_the_window_before_is_not_taken_for_others() {
    let budget = RetryBudget::new().window(Duration::from_secs(32));
    budget.count();
    // Though the numbers of their buckets are ones of this window, too.
    for window in ["40s", "50s", "60s", "32s"] {
        let (now, before) = (crate::time::nanos(), budget.limits());
        put(&budget, &[("window", window.into())]).unwrap();
        budget.calls.add(now / before.width, before.generation);
        assert_eq!(budget.counts().calls, 1, "{window}");
    }
    let (now, before) = (crate::time::nanos(), budget.limits());
    put(&budget, &[("window", "1ms".into())]).unwrap();
    let late = || budget.calls.add(now / before.width, before.generation);
    late();
    for _ in 0..3 {
        budget.count();
    }
    late();
    assert!((3..=4).contains(&budget.counts().calls), "{:?}", budget.counts());
    advance(Duration::from_millis(2)).await;
    assert_eq!(budget.counts().calls, 0);
}

#[test]
fn what_nobody_has_asked_for_yet_is_kept() {
    let budget = RetryBudget::new();
    let changes: [(&str, Value); 3] = [("window", "20s".into()), ("ratio", 0.5.into()), ("window", "30s".into())];
    for (calls, change) in (1..).zip(changes) {
        (0..5).for_each(|_| budget.count());
        put(&budget, &[change]).unwrap();
        assert_eq!(budget.counts().calls, 5 * calls);
    }
    assert_eq!(settings(&budget)[0], "ratio = 0.1", "one change takes the place of the one before");
    // Of another window, who was held up until that had gone.
    let before = budget.limits();
    put(&budget, &[]).unwrap();
    let present = crate::time::nanos() / budget.limits().width;
    assert_eq!(budget.counts().calls, 15);
    budget.calls.add(present, before.generation);
    (0..3).for_each(|_| budget.count());
    assert_eq!(budget.counts().calls, 18);
}

/// For so long that all is one bucket.
#[test]
fn what_waits_while_the_window_changes_or_it_is_reset_is_not_given_back() {
    let budget = RetryBudget::new().ratio(1.0).min_per_second(0).window(Duration::from_secs(360_000_000));
    (0..3).for_each(|_| budget.count());
    let (waits, spent) = (budget.take().unwrap(), budget.take().unwrap());
    spent.spend();
    put(&budget, &[("window", "200000h".into())]).unwrap();
    drop(waits);
    assert_eq!(budget.counts().retries, 2);
    put(&budget, &[("ratio", Value::Integer(0)), ("window", "200000h".into())]).unwrap();
    assert!(budget.take().is_none());
    assert_eq!(budget.counts().refused, 1);
    budget.reset();
    assert_eq!((budget.counts().calls, budget.counts().retries, budget.counts().refused), (0, 0, 0));
}

#[test]
fn a_storm_of_changes_counts_nothing_twice_and_leaves_it_usable() {
    const CALLS: u64 = if cfg!(miri) { 50 } else { 20_000 };
    let budget = RetryBudget::new().ratio(1.0).min_per_second(0).window(Duration::from_secs(3600));
    std::thread::scope(|scope| {
        let calls = [(); 3].map(|()| {
            scope.spawn(|| {
                (0..CALLS).for_each(|_| {
                    budget.count();
                    drop(budget.take());
                });
            })
        });
        let mut hours = 1;
        while !calls.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            hours = hours % 9 + 1;
            put(&budget, &[("window", Value::Text(format!("{hours}h")))]).unwrap();
        }
    });
    let counts = budget.counts();
    // Each change may lose what was counted, or given back, at that very moment.
    assert!(counts.calls <= 3 * CALLS && counts.retries <= 3 * CALLS, "{counts:?}");
    budget.reset();
    (0..10).for_each(|_| budget.count());
    let tokens: Vec<_> = (0..11).map_while(|_| budget.take()).collect();
    assert_eq!((tokens.len(), budget.balance()), (10, 0));
}
