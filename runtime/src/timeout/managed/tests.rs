use core::future::pending;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use tokio::time::{Instant, advance, sleep, timeout as foreign_timeout};

use crate::registry::said::settings;
use crate::registry::table::{counted, put, refuses, takes};
use crate::registry::{Managed, Steer, TimeoutControl, Value};
use crate::{Decision, Event, Flow, Timeout};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// After how long a call that never ends is dropped; `None` where it is not.
async fn ends(policy: Timeout) -> Option<Duration> {
    let start = Instant::now();
    foreign_timeout(Duration::from_secs(60), policy.try_call(pending::<()>())).await.ok().map(|_| start.elapsed())
}

#[test]
fn what_it_is_in_the_registry() {
    static VARYING: TimeoutControl = TimeoutControl::new().varying(&["limit"]);
    static CONTROL: TimeoutControl = TimeoutControl::new();
    let timeout = Timeout::new(ms(2500)).name("lookup").controlled(&CONTROL);
    let facts = (Managed::name(&timeout), timeout.is_named(), timeout.kind().as_str(), timeout.state());
    assert_eq!(facts, ("lookup", true, "timeout", None));
    assert!(!timeout.steer(Steer::Reset));
    assert_eq!(settings(&timeout), [r#"limit = "2s500ms""#, "enabled = true", "critical = false"]);
    let other = Timeout::unlimited().enabled(false).critical(true);
    assert_eq!(settings(&other), [r#"limit = "none""#, "enabled = false", "critical = true"]);
    assert!(other.counts().is_empty());
    assert_eq!(settings(&Timeout::unlimited().controlled(&VARYING)), ["enabled = true", "critical = false"]);
}

#[test]
fn every_setting_can_be_changed() {
    static CONTROL: TimeoutControl = TimeoutControl::new();
    let timeout = Timeout::new(ms(100)).controlled(&CONTROL);
    takes(
        &timeout,
        &[
            ("limit", "5s".into(), r#""5s""#),
            ("limit", "0s".into(), r#""0s""#),
            ("limit", "none".into(), r#""none""#),
            ("limit", "200000d".into(), r#""none""#),
            ("enabled", false.into(), "false"),
            ("critical", true.into(), "true"),
        ],
    );
    let unknown = "unknown setting `max`; expected one of: `limit`, `enabled`, `critical`";
    let unit = r#"`limit` takes a duration with its unit, e.g. "250ms" or "5s", and not 5"#;
    let word = r#"`limit` takes a duration with its unit, e.g. "250ms" or "1h30m", and not "soon""#;
    refuses(
        &timeout,
        &[
            (&[("limit", Value::Integer(5))], &[unit]),
            (&[("limit", "soon".into()), ("max", Value::Integer(1))], &[word, unknown]),
            (&[("enabled", "off".into())], &[r#"`enabled` takes `true` or `false`, and not "off""#]),
        ],
    );
    assert_eq!(put(&Timeout::new(ms(1)), &[("limit", "1s".into())]).unwrap_err().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn it_takes_effect_on_the_next_call() {
    static CONTROL: TimeoutControl = TimeoutControl::new();
    let timeout = Timeout::new(ms(100)).controlled(&CONTROL);
    let off = ("enabled", Value::from(false));
    for (over, expected) in [
        (vec![], Some(ms(100))),
        (vec![("limit", "1s".into())], Some(ms(1000))),
        (vec![("limit", "0s".into())], Some(ms(0))),
        (vec![("limit", "none".into())], None),
        (vec![("limit", "1s".into()), off.clone()], None),
        (vec![off], None),
        (vec![], Some(ms(100))),
    ] {
        put(&timeout, &over).unwrap();
        let before = counted(&timeout)[0].1;
        assert_eq!(ends(timeout).await, expected, "{over:?}");
        assert_eq!(counted(&timeout), [("timed_out", before + u64::from(expected.is_some()))]);
    }
    put(&timeout, &[("limit", "7ms".into())]).unwrap();
    assert_eq!(ends(Timeout::new(ms(3)).controlled(&CONTROL)).await, Some(ms(7)), "also of each call its own");
    assert_eq!(timeout.limit(), Some(ms(100)), "that is what it was made with");
    assert_eq!(ends(Timeout::new(ms(3)).enabled(false)).await, None);
    assert_eq!(ends(Timeout::new(ms(3)).enabled(false).enabled(true)).await, Some(ms(3)));
    assert_eq!(Timeout::new(ms(3)).enabled(false).limit(), Some(ms(3)));
    assert_eq!(Timeout::unlimited().enabled(false).enabled(true).limit(), None);
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_the_limit_that_it_began_with() {
    static CONTROL: TimeoutControl = TimeoutControl::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let _observer = crate::observe(move |event: &Event| {
        if let (Decision::TimedOut { limit }, "keeps") = (event.decision, event.policy) {
            listener.lock().unwrap().push(limit);
        }
    });
    let timeout = Timeout::new(ms(100)).name("keeps").controlled(&CONTROL);
    let change = async |after: u64, limit: &str| {
        sleep(ms(after)).await;
        put(&timeout, &[("limit", limit.into())]).unwrap();
    };
    assert_eq!(tokio::join!(ends(timeout), change(50, "none")).0, Some(ms(100)));
    assert_eq!(told.lock().unwrap().as_slice(), [ms(100)], "the limit that it had");
    // One without a limit gets none, however often it is polled.
    let call = timeout.try_call(async {
        for _ in 0..5 {
            sleep(ms(50)).await;
        }
    });
    assert_eq!(tokio::join!(call, change(60, "10ms")).0, Flow::Returned(()));
    assert_eq!(ends(timeout).await, Some(ms(10)));
}

#[tokio::test(start_paused = true)]
async fn switched_off_it_is_no_deadline() {
    let off = Timeout::new(ms(5)).enabled(false);
    let deadline = off.try_call(async {
        tokio::task::yield_now().await;
        crate::deadline()
    });
    assert_eq!(deadline.await, Flow::Returned(None));
    // Beneath another one, that counts.
    let both = Timeout::new(ms(20)).try_call(off.try_call(pending::<()>()));
    let start = Instant::now();
    assert!(both.await.rejection().is_some());
    assert_eq!(start.elapsed(), ms(20));
    advance(ms(1)).await;
}
