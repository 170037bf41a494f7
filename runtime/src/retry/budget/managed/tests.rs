use core::time::Duration;
use std::sync::{Arc, Mutex};

use crate::registry::table::{counted, put, refuses, shown, takes};
use crate::registry::{Managed, Value};
use crate::{Event, RetryBudget};

#[test]
fn every_setting_is_shown_and_can_be_changed() {
    let budget = RetryBudget::new().name("upstream");
    assert_eq!((Managed::name(&budget), budget.is_named(), budget.kind().as_str()), ("upstream", true, "retry_budget"));
    let all = ["ratio = 0.1", "min_per_second = 1", r#"window = "10s""#, "enabled = true", "critical = false"];
    assert_eq!(shown(&budget), all);
    takes(
        &budget,
        &[
            ("ratio", 0.25.into(), "0.25"),
            ("ratio", Value::Integer(0), "0.0"),
            ("ratio", Value::Integer(2), "2.0"),
            ("min_per_second", Value::Integer(0), "0"),
            ("min_per_second", Value::Integer(50), "50"),
            ("window", "10s".into(), r#""10s""#),
            ("enabled", false.into(), "false"),
            ("critical", true.into(), "true"),
        ],
    );
    let sorted = "`window` cannot be changed while the program runs, since the calls and retries that were seen are sorted \
                  by it; change it where the budget is made";
    refuses(
        &budget,
        &[
            (&[("ratio", (-0.1).into())], &["`ratio` takes a share of the calls, e.g. 0.1, and not -0.1"]),
            (&[("ratio", f64::NAN.into())], &["`ratio` takes a share of the calls, e.g. 0.1, and not NaN"]),
            (&[("ratio", "10%".into())], &[r#"`ratio` takes a share of the calls, e.g. 0.1, and not "10%""#]),
            (&[("min_per_second", 0.5.into())], &["`min_per_second` takes a whole number, and not 0.5"]),
            (&[("window", "1m".into())], &[sorted]),
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
    assert_eq!(counted(&budget), [("calls", 100), ("retries", 20), ("refused", 1)]);
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
