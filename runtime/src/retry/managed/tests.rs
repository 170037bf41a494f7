use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use crate::registry::said::settings;
use crate::registry::table::{counted, put, refuses, takes};
use crate::registry::{Managed, RetryControl, Steer, Value};
use crate::retry::{Run, retry};
use crate::{Backoff, Class, Event, Flow, GiveUpEvent, Jitter, Nested, Rejections, Retry, RetryBudget, RetryEvent};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Fails always, and tells how many attempts there were.
fn attempts(policy: Retry) -> u32 {
    let calls = Cell::new(0);
    let _ = policy.backoff(Backoff::NONE).call_blocking(|| {
        calls.set(calls.get() + 1);
        Err::<(), _>("down")
    });
    calls.get()
}

const DEFAULTS: [&str; 8] = [
    "attempts = 3",
    r#"backoff = "exponential(100ms, factor = 2.0)""#,
    r#"jitter = "full""#,
    r#"max_delay = "10s""#,
    r#"rejections = "timeout, rate_limited, bulkhead_full""#,
    r#"nested = "multiply""#,
    "enabled = true",
    "critical = false",
];

#[test]
fn what_it_is_in_the_registry() {
    static CONTROL: RetryControl = RetryControl::new();
    let retry = Retry::new().name("payments").controlled(&CONTROL);
    let facts = (Managed::name(&retry), retry.is_named(), retry.kind().as_str(), retry.state());
    assert_eq!(facts, ("payments", true, "retry", None));
    assert!([Steer::ForceOpen, Steer::ForceClosed, Steer::Reset].into_iter().all(|steer| !retry.steer(steer)));
    let unnamed = [Retry::new(), Retry::new().inside(&|| {})];
    assert!(unnamed.iter().all(|retry| !retry.is_named() && retry.counts().is_empty()));
    assert_eq!(settings(&retry), DEFAULTS);
}

#[test]
fn its_own_settings_are_shown() {
    let base = Duration::from_secs(30);
    for (retry, expected) in [
        (Retry::new().attempts(0), "attempts = 1"),
        (Retry::new().unlimited(), r#"attempts = "unlimited""#),
        (Retry::new().max_duration(ms(1500)), r#"max_duration = "1s500ms""#),
        (Retry::new().max_delay(ms(5)), r#"max_delay = "5ms""#),
        (Retry::new().backoff(Backoff::linear(base)), r#"max_delay = "30s""#),
        (Retry::new().backoff(Backoff::NONE), r#"backoff = "none""#),
        (Retry::new().backoff(Backoff::fibonacci(base)), r#"backoff = "fibonacci(30s)""#),
        (Retry::new().backoff(Backoff::exponential(base).factor(0.5)), r#"backoff = "exponential(30s, factor = 1.0)""#),
        (Retry::new().jitter(Jitter::Fraction(7.0)), "jitter = 1.0"),
        (Retry::new().jitter(Jitter::Fraction(f64::NAN)), r#"jitter = "none""#),
        (Retry::new().narrowed(), r#"rejections = "none""#),
        (Retry::new().rejections(Rejections::NONE.circuit_open()), r#"rejections = "circuit_open""#),
        (Retry::new().nested(Nested::Once), r#"nested = "once""#),
        (Retry::new().enabled(false), "enabled = false"),
        (Retry::new().critical(true), "critical = true"),
    ] {
        assert!(settings(&retry).iter().any(|setting| setting == expected), "{expected}: {:?}", settings(&retry));
    }
    let by_function = Retry::new().backoff(Backoff::custom(|_| Duration::ZERO));
    assert!(!settings(&by_function).iter().any(|setting| setting.starts_with("backoff")));
}

#[test]
fn every_setting_can_be_changed() {
    static CONTROL: RetryControl = RetryControl::new();
    let retry = Retry::new().controlled(&CONTROL);
    takes(
        &retry,
        &[
            ("attempts", Value::Integer(5), "5"),
            ("attempts", Value::Integer(1), "1"),
            ("backoff", "exponential(100ms, factor = 2.0)".into(), r#""exponential(100ms, factor = 2.0)""#),
            ("backoff", " exponential ( 50ms , factor=3 ) ".into(), r#""exponential(50ms, factor = 3.0)""#),
            ("backoff", "exponential(factor = 1.5)".into(), r#""exponential(100ms, factor = 1.5)""#),
            ("backoff", r#"exponential("1s", factor = 1.5,)"#.into(), r#""exponential(1s, factor = 1.5)""#),
            ("backoff", "exponential".into(), r#""exponential(100ms, factor = 2.0)""#),
            ("backoff", "fixed".into(), r#""fixed(1s)""#),
            ("backoff", "fixed()".into(), r#""fixed(1s)""#),
            ("backoff", "fixed(20s)".into(), r#""fixed(20s)""#),
            ("backoff", "linear(7ms)".into(), r#""linear(7ms)""#),
            ("backoff", "fibonacci".into(), r#""fibonacci(100ms)""#),
            ("backoff", "none".into(), r#""none""#),
            ("jitter", "none".into(), r#""none""#),
            ("jitter", "full".into(), r#""full""#),
            ("jitter", 0.25.into(), "0.25"),
            ("jitter", Value::Integer(1), "1.0"),
            ("max_delay", "100ms".into(), r#""100ms""#),
            ("max_duration", "1m30s".into(), r#""1m30s""#),
            ("max_duration", "0s".into(), r#""0s""#),
            ("rejections", "".into(), r#""none""#),
            ("rejections", "none".into(), r#""none""#),
            ("rejections", "circuit_open,timeout".into(), r#""timeout, circuit_open""#),
            ("nested", "once".into(), r#""once""#),
            ("nested", "multiply".into(), r#""multiply""#),
            ("enabled", false.into(), "false"),
            ("critical", true.into(), "true"),
        ],
    );
    let both = [("max_duration", "1m".into()), ("attempts", "unlimited".into())];
    assert_eq!(put(&retry, &both), Ok(()));
    assert_eq!(settings(&retry)[0], r#"attempts = "unlimited""#);
    assert_eq!(put(&retry, &[("backoff", "fixed(20s)".into())]), Ok(()));
    assert!(settings(&retry).contains(&r#"max_delay = "20s""#.to_owned()), "the default follows the base");
}

#[test]
fn what_an_attribute_refuses_is_refused() {
    static OTHER: RetryControl = RetryControl::new();
    static CONTROL: RetryControl = RetryControl::new();
    let retry = Retry::new().controlled(&CONTROL);
    let text = |key: &'static str, value: &str| (key, Value::from(value));
    let curves = "expected one of: `exponential`, `fixed`, `linear`, `fibonacci`, `none`";
    let rows = [
        (("attempts", Value::Integer(0)), "`attempts` takes a whole number from 1 to 4294967295, and not 0".to_owned()),
        (("attempts", Value::Integer(1 << 32)), format!("`attempts` takes a whole number from 1 to 4294967295, and not {}", 1_u64 << 32)),
        (("attempts", 2.5.into()), "`attempts` takes a whole number, and not 2.5".to_owned()),
        (text("attempts", "many"), r#"`attempts` takes a whole number, or "unlimited", and not "many""#.to_owned()),
        (text("attempts", "unlimited"), r#"`unlimited` needs an end; add `max_duration = "1m"` or the like"#.to_owned()),
        (text("backoff", "steep"), format!(r#"`backoff` takes a curve, e.g. "exponential(100ms)", and not "steep"; {curves}"#)),
        (text("backoff", "1s"), format!(r#"`backoff` takes a curve, e.g. "exponential(100ms)", and not "1s"; {curves}"#)),
        (("backoff", Value::Integer(1)), r#"`backoff` takes a curve, e.g. "exponential(100ms)", and not 1"#.to_owned()),
        (text("backoff", "none()"), "`backoff` is no curve: `none` takes no arguments".to_owned()),
        (text("backoff", "fixed(1s"), r#"`backoff` is no curve: "fixed(1s" lacks its `)`"#.to_owned()),
        (text("backoff", "fixed(1s, 2s)"), "`backoff` is no curve: `fixed` takes one duration, e.g. `fixed(1s)`".to_owned()),
        (text("backoff", "fixed(,)"), r#"`backoff` is no curve: it takes a duration with its unit, e.g. "250ms" or "1h30m", and not """#.to_owned()),
        (text("backoff", "linear(1s, factor = 2)"), "`backoff` is no curve: `linear` takes no `factor`; `exponential` does".to_owned()),
        (text("backoff", "exponential(1s, 2.0)"), "`backoff` is no curve: expected `factor = ..`".to_owned()),
        (text("backoff", "exponential(1s, base = 2.0)"), "`backoff` is no curve: unknown argument `base`; expected one of: `factor`".to_owned()),
        (text("backoff", "exponential(1s, factor = 2, factor = 2)"), "`backoff` is no curve: duplicate argument `factor`".to_owned()),
        (text("backoff", "exponential(1s, factor = 0.5)"), "`backoff` is no curve: `factor` is a number of at least 1, e.g. `factor = 2.0`".to_owned()),
        (text("backoff", "exponential(1s, factor = inf)"), "`backoff` is no curve: `factor` is a number of at least 1, e.g. `factor = 2.0`".to_owned()),
        (text("backoff", "exponential(-1s)"), r#"`backoff` is no curve: it takes a duration with its unit, e.g. "250ms" or "1h30m", and not "-1s""#.to_owned()),
        (("jitter", 0.0.into()), r#"`jitter` takes "full", "none", or the share that varies, e.g. 0.25, and not 0.0"#.to_owned()),
        (("jitter", 1.5.into()), r#"`jitter` takes "full", "none", or the share that varies, e.g. 0.25, and not 1.5"#.to_owned()),
        (("jitter", f64::NAN.into()), r#"`jitter` takes "full", "none", or the share that varies, e.g. 0.25, and not NaN"#.to_owned()),
        (text("jitter", "half"), r#"`jitter` takes "full", "none", or the share that varies, e.g. 0.25, and not "half""#.to_owned()),
        (("max_delay", Value::Integer(5)), r#"`max_delay` takes a duration with its unit, e.g. "250ms" or "5s", and not 5"#.to_owned()),
        (text("max_delay", "50ms"), "`max_delay` is shorter than the first delay, which is 100ms".to_owned()),
        (text("max_duration", "soon"), r#"`max_duration` takes a duration with its unit, e.g. "250ms" or "1h30m", and not "soon""#.to_owned()),
        (text("rejections", "timeouts"), r#"`rejections` takes a list of rejections, and not "timeouts"; expected one of: `timeout`, `rate_limited`, `bulkhead_full`, `circuit_open`"#.to_owned()),
        (text("rejections", "timeout, timeout"), "`rejections` names `timeout` twice".to_owned()),
        (("rejections", true.into()), r#"`rejections` takes a list, e.g. "timeout, rate_limited", and not true"#.to_owned()),
        (text("nested", "twice"), r#"`nested` takes "once", to leave the retries to a retry around this one, or "multiply", and not "twice""#.to_owned()),
        (text("enabled", "no"), r#"`enabled` takes `true` or `false`, and not "no""#.to_owned()),
        (("critical", Value::Integer(1)), "`critical` takes `true` or `false`, and not 1".to_owned()),
        (("shadow", true.into()), "unknown setting `shadow`; expected one of: `attempts`, `backoff`, `jitter`, `max_delay`, `max_duration`, `rejections`, `nested`, `enabled`, `critical`".to_owned()),
    ];
    for (over, message) in rows {
        refuses(&retry, &[(&[over], &[&message])]);
    }
    // All at once, and nothing of a list in which anything is wrong.
    let wrong = [("attempts", Value::Integer(9)), ("jitter", 2.0.into()), ("max_delay", false.into())];
    assert_eq!(put(&retry, &wrong).unwrap_err().len(), 2);
    assert_eq!(settings(&retry), DEFAULTS);

    // At odds with what is its own.
    let capped = Retry::new().max_delay(ms(500)).controlled(&CONTROL);
    let steep = [("backoff", "fixed(1s)".into())];
    refuses(&capped, &[(&steep, &["`max_delay` is shorter than the first delay, which is 1s"])]);
    let both = [("backoff", "fixed(1s)".into()), ("max_delay", "1s".into())];
    assert_eq!(put(&capped, &both), Ok(()));
    // What was at odds already is not the fault of what is put over it.
    let endless = Retry::new().unlimited().max_delay(ms(1)).controlled(&OTHER);
    assert_eq!(put(&endless, &[("jitter", "none".into())]), Ok(()));
}

#[test]
fn one_that_keeps_nothing_can_be_shown_alone() {
    let message = "`attempts` can only be changed of a policy with `.controlled(&CONTROL)`";
    refuses(&Retry::new(), &[(&[("attempts", Value::Integer(2))], &[message])]);
    assert_eq!(put(&Retry::new(), &[]), Ok(()));
}

#[test]
fn settings_of_each_call_its_own_are_not_shown() {
    static CONTROL: RetryControl = RetryControl::new().varying(&["attempts", "backoff", "max_delay", "max_duration"]);
    let in_registry = Retry::new().controlled(&CONTROL);
    assert_eq!(settings(&in_registry), [&DEFAULTS[2..3], &DEFAULTS[4..]].concat());
    assert_eq!(attempts(Retry::new().attempts(4).controlled(&CONTROL)), 4);
    // There is an end, and nobody knows the first delay.
    let over = [("attempts", "unlimited".into()), ("backoff", "fixed(1h)".into())];
    assert_eq!(put(&in_registry, &over), Ok(()));
    assert_eq!(put(&in_registry, &[("attempts", Value::Integer(2))]), Ok(()));
    assert_eq!(settings(&in_registry)[0], "attempts = 2");
    assert_eq!(attempts(Retry::new().attempts(4).controlled(&CONTROL)), 2);
    assert_eq!(put(&in_registry, &[]), Ok(()));
    assert_eq!(attempts(Retry::new().attempts(4).controlled(&CONTROL)), 4);
}

#[test]
fn it_takes_effect_on_the_next_call() {
    static CONTROL: RetryControl = RetryControl::new();
    static RETRY: Retry = Retry::new().controlled(&CONTROL);
    assert_eq!(attempts(RETRY), 3);
    for (over, expected) in [
        (vec![("attempts", Value::Integer(5))], 5),
        (vec![("attempts", Value::Integer(5)), ("enabled", false.into())], 1),
        (vec![("max_duration", "0s".into())], 1),
        (vec![], 3),
    ] {
        assert_eq!(put(&RETRY, &over), Ok(()));
        let before = counted(&RETRY);
        assert_eq!(attempts(RETRY), expected, "{over:?}");
        let is_off = over.iter().any(|(key, _)| *key == "enabled");
        let retries = before[0].1 + u64::from(expected) - 1;
        assert_eq!(counted(&RETRY), [("retries", retries), ("gave_up", before[1].1 + u64::from(!is_off))]);
    }
    // Found before it is put in force, and not in force before.
    let change = RETRY.change(&[("attempts", Value::Integer(7))]).unwrap();
    assert_eq!(attempts(RETRY), 3);
    change();
    assert_eq!(attempts(RETRY), 7);
}

/// The delays that a retry begins, as it fails over and over; `each` is told how many there were.
async fn delays(mut run: Run<'_>, mut each: impl FnMut(usize)) -> Vec<Duration> {
    let mut delays = Vec::new();
    loop {
        let start = tokio::time::Instant::now();
        each(delays.len());
        match run.next(&Flow::<_>::Returned(Err::<(), _>("down")), |_| Some(Class::TRANSIENT)) {
            Some(delay) => delay.await,
            None => return delays,
        }
        delays.push(start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_under_way_goes_by_what_is_in_force_when_it_decides() {
    static CONTROL: RetryControl = RetryControl::new();
    static RETRY: Retry =
        Retry::new().attempts(9).backoff(Backoff::fixed(ms(10))).jitter(Jitter::None).controlled(&CONTROL);
    let over = |list: &[(&str, Value)]| put(&RETRY, list).unwrap();

    let found = delays(retry(&RETRY), |decided| match decided {
        1 => over(&[("backoff", "linear(20ms)".into())]),
        2 => over(&[("attempts", Value::Integer(4))]),
        _ => {}
    });
    assert_eq!(found.await, [ms(10), ms(40), ms(10)]);
    over(&[]);
    // It counts from the moment when it was first seen.
    let found = delays(retry(&RETRY), |decided| {
        if decided == 2 {
            over(&[("max_duration", "25ms".into())]);
        }
    });
    assert_eq!(found.await, [ms(10); 4]);
    over(&[]);
    let found = delays(retry(&RETRY), |decided| {
        if decided == 3 {
            over(&[("enabled", false.into())]);
        }
    });
    assert_eq!(found.await, [ms(10); 3]);
    let found = delays(retry(&RETRY), |decided| {
        if decided == 0 {
            over(&[("attempts", Value::Integer(3))]);
        }
    });
    assert_eq!(found.await, [ms(10); 2], "switched on before the first attempt had failed");
    over(&[]);
    // A curve of the function gives way to what is put over it.
    let mut run = retry(&RETRY).backoff(|_| ms(7));
    over(&[("backoff", "fixed(3ms)".into())]);
    let start = tokio::time::Instant::now();
    run.next(&Flow::<_>::Returned(Err::<(), _>("down")), |_| Some(Class::TRANSIENT)).unwrap().await;
    assert_eq!(start.elapsed(), ms(3));
}

#[test]
fn switched_off_it_is_not_there() {
    static BUDGET: RetryBudget = RetryBudget::new();
    static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
    fn again(event: &RetryEvent<'_>) {
        panic!("{event:?}");
    }
    fn over(event: &GiveUpEvent<'_>) {
        panic!("{event:?}");
    }
    let _observer = crate::observe(|event: &Event| {
        if event.policy == "off" {
            TOLD.lock().unwrap_or_else(PoisonError::into_inner).push(event.to_string());
        }
    });
    let on = Retry::new().backoff(Backoff::NONE).name("off").budget(&BUDGET);
    let off = on.on_retry(again).on_give_up(over).enabled(false);
    assert_eq!(attempts(off), 1);
    assert_eq!(BUDGET.counts().calls, 0);
    assert!(TOLD.lock().unwrap().is_empty());
    let mut run = retry(&off).observed();
    let failure = Flow::<_>::Returned(Err::<(), _>("down"));
    let told = run.next_observed(&failure, |_| Some(Class::TRANSIENT), |_| unreachable!(), |_| unreachable!());
    assert!(told.is_none());

    // Neither for what is beneath: its attempts are its own, or those of the retry around.
    let beneath = on.nested(Nested::Once).name("beneath");
    let seen = Cell::new(0);
    let _ = off.call_blocking(|| {
        beneath.call_blocking(|| {
            seen.set(seen.get() * 10 + crate::attempt());
            Err::<(), _>("down")
        })
    });
    assert_eq!(seen.take(), 123);
    let _ = Retry::new().backoff(Backoff::NONE).call_blocking(|| {
        off.call_blocking(|| {
            seen.set(seen.get() * 10 + crate::attempt());
            Err::<(), _>("down")
        })
    });
    assert_eq!(seen.get(), 123);
    assert_eq!(attempts(off.enabled(true).enabled(false)), 1);
}

thread_local! {
    static DELAY: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

#[test]
fn no_decision_goes_by_half_a_change() {
    const ROUNDS: u32 = if cfg!(miri) { 20 } else { 20_000 };
    static CONTROL: RetryControl = RetryControl::new();
    static RETRY: Retry = Retry::new()
        .jitter(Jitter::None)
        .backoff(Backoff::fixed(ms(10)))
        .max_delay(ms(20))
        .on_retry(|event| DELAY.set(event.delay))
        .controlled(&CONTROL);
    static DONE: AtomicBool = AtomicBool::new(false);
    let long = [("backoff", "fixed(40ms)".into()), ("max_delay", "50ms".into())];
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut both = [false; 2];
                while !DONE.load(Ordering::Relaxed) || both != [true; 2] {
                    let mut run = retry(&RETRY);
                    assert!(run.next(&Flow::<_>::Returned(Err::<(), _>("down")), |_| Some(Class::TRANSIENT)).is_some());
                    match DELAY.get().as_millis() {
                        10 => both[0] = true,
                        40 => both[1] = true,
                        torn => panic!("{torn} ms is of no one's settings"),
                    }
                    let shown = settings(&RETRY);
                    let pair = (shown[1].contains("(10ms)"), shown[3].contains("\"20ms\""));
                    assert!(pair == (true, true) || pair == (false, false), "{shown:?}");
                    if DONE.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
        }
        for round in 0..ROUNDS {
            let over = if round % 2 == 0 { &long[..] } else { &[] };
            put(&RETRY, over).unwrap();
        }
        DONE.store(true, Ordering::Relaxed);
    });
}
