use core::future::pending;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use tokio::time::{Instant, timeout as foreign_timeout};

use crate::registry::said::settings;
use crate::registry::table::{counted, put, refuses, takes};
use crate::registry::{Managed, Value};
use crate::{Deadline, Decision, Event, Percentile, PercentileTimeout};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn timeout() -> PercentileTimeout {
    PercentileTimeout::new(Percentile::new(0.9).max(Duration::from_secs(5)).min_calls(10))
}

#[test]
fn every_setting_is_shown_and_can_be_changed() {
    let timeout = timeout().name("search").critical(true);
    assert_eq!((Managed::name(&timeout), timeout.is_named(), timeout.kind().as_str()), ("search", true, "timeout"));
    let all = ["share = 0.9", "factor = 1.0", r#"max = "5s""#, r#"window = "1m""#, "min_calls = 10"];
    assert_eq!(settings(&timeout), [&all[..], &["enabled = true", "critical = true"]].concat());
    takes(
        &timeout,
        &[
            ("share", 0.99.into(), "0.99"),
            ("factor", 2.5.into(), "2.5"),
            ("factor", Value::Integer(3), "3.0"),
            ("min", "50ms".into(), r#""50ms""#),
            ("max", "1s".into(), r#""1s""#),
            ("min_calls", Value::Integer(200), "200"),
            ("window", "60s".into(), r#""1m""#),
            ("enabled", false.into(), "false"),
            ("critical", false.into(), "false"),
        ],
    );
    let sorted = "`window` cannot be changed while the program runs, since the latencies that were seen are sorted by it; \
                  change it where the policy is made";
    refuses(
        &timeout,
        &[
            (&[("share", 1.0.into())], &["`share` takes a share above 0 and below 1, e.g. 0.99, and not 1.0"]),
            (&[("share", 1e-12.into())], &["`share` takes a share above 0 and below 1, e.g. 0.99, and not 1e-12"]),
            (
                &[("share", 0.999_999_999_9.into())],
                &["`share` takes a share above 0 and below 1, e.g. 0.99, and not 0.9999999999"],
            ),
            (&[("share", Value::Integer(99))], &["`share` takes a share above 0 and below 1, e.g. 0.99, and not 99"]),
            (&[("factor", Value::Integer(0))], &["`factor` takes a number above 0, e.g. 2.0, and not 0"]),
            (&[("factor", f64::INFINITY.into())], &["`factor` takes a number above 0, e.g. 2.0, and not inf"]),
            (&[("min", "6s".into())], &["`min` is longer than `max` (5s)"]),
            (&[("min", "2s".into()), ("max", "1s".into())], &["`min` is longer than `max` (1s)"]),
            (&[("window", "5m".into())], &[sorted]),
            (
                &[("min_calls", Value::Integer(0))],
                &["`min_calls` takes a whole number from 1 to 4294967295, and not 0"],
            ),
            (
                &[("limit", "1s".into())],
                &["unknown setting `limit`; expected one of: `share`, `factor`, `min`, `max`, \
                `window`, `min_calls`, `enabled`, `critical`"],
            ),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn the_limit_follows_at_once_and_what_was_measured_stays() {
    let timeout = timeout();
    for millis in 1..=100 {
        timeout.percentile().record(ms(millis));
    }
    let about = |expected: u64| {
        let limit = timeout.limit().unwrap();
        assert!((ms(expected)..=ms(expected * 104 / 100)).contains(&limit), "{limit:?} is not {expected} ms");
    };
    put(&timeout, &[("share", 0.5.into())]).unwrap();
    about(50);
    put(&timeout, &[("factor", Value::Integer(10)), ("max", "400ms".into())]).unwrap();
    assert_eq!(timeout.limit(), Some(ms(400)));
    put(&timeout, &[("min_calls", Value::Integer(1000))]).unwrap();
    assert_eq!(timeout.limit(), Some(Duration::from_secs(5)), "too few are known");
    put(&timeout, &[]).unwrap();
    about(90);
    assert_eq!(timeout.percentile().calls(), 100);
}

#[tokio::test(start_paused = true)]
async fn switched_off_it_only_measures() {
    let ends = async |timeout: &PercentileTimeout, after: u64| {
        foreign_timeout(ms(after), timeout.try_call(pending::<()>())).await.is_ok()
    };
    let timeout = PercentileTimeout::new(Percentile::new(0.9).max(ms(10)).min_calls(1)).enabled(false);
    assert!(!ends(&timeout, 100).await);
    assert!(timeout.try_call(tokio::time::sleep(ms(5))).await.rejection().is_none());
    assert_eq!(timeout.percentile().calls(), 1);
    let start = Instant::now();
    let given = Deadline::after(ms(5)).scope(foreign_timeout(ms(100), timeout.try_call(pending::<()>())));
    assert!(given.await.is_err(), "a deadline that is given is none of its own");
    assert_eq!((start.elapsed(), counted(&timeout)), (ms(100), vec![("timed_out", 0)]));
    put(&timeout, &[("enabled", true.into())]).unwrap();
    assert!(ends(&timeout, 100).await);
    assert_eq!(counted(&timeout), [("timed_out", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_tells_the_limit_that_it_had() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let _observer = crate::observe(move |event: &Event| {
        if let (Decision::TimedOut { limit }, "had") = (event.decision, event.policy) {
            listener.lock().unwrap().push(limit);
        }
    });
    for over in [("max", "1s".into()), ("max", "1ms".into()), ("enabled", false.into())] {
        let timeout = PercentileTimeout::new(Percentile::new(0.9).max(ms(100))).name("had");
        let change = async {
            tokio::time::sleep(ms(50)).await;
            put(&timeout, &[over]).unwrap();
        };
        assert!(tokio::join!(timeout.try_call(pending::<()>()), change).0.rejection().is_some());
        assert_eq!(std::mem::take(&mut *told.lock().unwrap()), [ms(100)]);
    }
    let timeout = PercentileTimeout::new(Percentile::new(0.9).max(Duration::ZERO)).name("had");
    assert!(timeout.try_call(pending::<()>()).await.rejection().is_some());
    let timeout = PercentileTimeout::new(Percentile::new(0.9)).name("had");
    let given = Deadline::after(ms(5)).scope(timeout.try_call(pending::<()>()));
    assert!(given.await.rejection().is_some(), "the deadline that is given ends it");
    assert_eq!(told.lock().unwrap().as_slice(), [Duration::ZERO, Duration::MAX]);
}
