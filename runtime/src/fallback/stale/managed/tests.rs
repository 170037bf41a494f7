use core::time::Duration;

use tokio::time::advance;

use crate::fallback::stale::layer::{key, stale};
use crate::fallback::stale::{Success, keeper};
use crate::registry::said::settings;
use crate::registry::table::{counted, put, refuses, takes};
use crate::registry::{Managed, Value};
use crate::{Class, Flow, StaleFallback};

const fn s(s: u64) -> Duration {
    Duration::from_secs(s)
}

fn keep(policy: &StaleFallback, key: &str, value: u32) {
    assert_eq!(policy.call_blocking(key, || Ok::<_, String>(value)), Ok(value));
}

fn fails(policy: &StaleFallback, key: &str) -> Option<u32> {
    policy.call_blocking(key, || Err::<u32, _>("down")).ok()
}

#[test]
fn every_setting_is_shown_and_can_be_changed() {
    let policy = StaleFallback::new(s(600)).name("prices").critical(true);
    assert_eq!((Managed::name(&policy), policy.is_named(), policy.kind().as_str()), ("prices", true, "fallback"));
    assert_eq!(settings(&policy), [r#"stale = "10m""#, "max_keys = 1024", "enabled = true", "critical = true"]);
    assert_eq!(settings(&StaleFallback::new(Duration::MAX))[0], "max_keys = 1024", "of each call its own");
    takes(
        &policy,
        &[
            ("stale", "1s".into(), r#""1s""#),
            ("max_keys", Value::Integer(1), "1"),
            ("max_keys", Value::Integer(5000), "5000"),
            ("enabled", false.into(), "false"),
            ("critical", false.into(), "false"),
        ],
    );
    let nothing = "`stale` takes a duration above zero, e.g. \"10m\": how old an answer may be";
    refuses(
        &policy,
        &[
            (&[("stale", "0s".into())], &[nothing]),
            (
                &[("stale", Value::Integer(5))],
                &[r#"`stale` takes a duration with its unit, e.g. "250ms" or "5s", and not 5"#],
            ),
            (&[("max_keys", Value::Integer(0))], &["`max_keys` takes a whole number from 1 to 4294967295, and not 0"]),
            (
                &[("key", "a".into())],
                &[
                    "unknown setting `key`; expected one of: `stale`, `max_keys`, `enabled`, `critical`; `key` stands in the attribute alone",
                ],
            ),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn the_age_is_that_in_force_and_what_is_kept_stays() {
    let policy = StaleFallback::new(s(10));
    keep(&policy, "a", 1);
    advance(s(20)).await;
    assert_eq!(fails(&policy, "a"), None);
    put(&policy, &[("stale", "1m".into())]).unwrap();
    assert_eq!(fails(&policy, "a"), Some(1));
    // Before that of a call, too.
    let own = stale(&policy, key("a")).max_age(s(1));
    let failed = || Flow::<Result<u32, &str>>::Returned(Err("down"));
    let answer = own.run(failed, |_| Some(Class::TRANSIENT), |_| keeper(Success), |_| ());
    assert_eq!(answer, Flow::Returned(Ok(1)));
    put(&policy, &[]).unwrap();
    assert_eq!((fails(&policy, "a"), counted(&policy)), (None, vec![("answered", 2)]));
}

#[test]
fn fewer_keys_are_forgotten_at_once() {
    let policy = StaleFallback::new(s(600));
    for (value, key) in ["a", "b", "c", "d"].into_iter().enumerate() {
        keep(&policy, key, u32::try_from(value).unwrap());
    }
    assert_eq!(fails(&policy, "a"), Some(0));
    put(&policy, &[("max_keys", Value::Integer(2))]).unwrap();
    assert_eq!(policy.len(), 2);
    assert_eq!(["a", "b", "c", "d"].map(|key| fails(&policy, key)), [Some(0), None, None, Some(3)]);
    keep(&policy, "e", 4);
    assert_eq!(policy.len(), 2);
    put(&policy, &[]).unwrap();
    keep(&policy, "f", 5);
    assert_eq!(policy.len(), 3);
}

#[test]
fn switched_off_it_neither_keeps_nor_answers() {
    let policy = StaleFallback::new(s(600)).on_stale(|event| assert_eq!(event.policy, "unnamed"));
    keep(&policy, "a", 1);
    put(&policy, &[("enabled", false.into())]).unwrap();
    keep(&policy, "a", 2);
    keep(&policy, "b", 3);
    assert_eq!((fails(&policy, "a"), policy.len()), (None, 1));
    put(&policy, &[("enabled", true.into())]).unwrap();
    assert_eq!((fails(&policy, "a"), fails(&policy, "b")), (Some(1), None));
    let off = StaleFallback::new(s(600)).enabled(false);
    keep(&off, "a", 1);
    assert!(off.is_empty());
}
