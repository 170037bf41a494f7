use core::cell::Cell;
use core::future::pending;
use core::time::Duration;

use tokio::time::{sleep, timeout as foreign_timeout};

use crate::registry::said::settings;
use crate::registry::table::{counted, put, refuses, takes};
use crate::registry::{HedgeControl, Managed, Value};
use crate::{Hedge, Percentile, RetryBudget};

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// How many calls there are of one that never ends, until a time.
async fn calls(policy: Hedge, until: u64) -> u32 {
    let calls = Cell::new(0);
    let call = policy.call(|| {
        calls.set(calls.get() + 1);
        pending::<Result<(), &str>>()
    });
    assert!(foreign_timeout(ms(until), call).await.is_err());
    calls.get()
}

#[test]
fn every_setting_is_shown_and_can_be_changed() {
    static CONTROL: HedgeControl = HedgeControl::new();
    static VARYING: HedgeControl = HedgeControl::new().varying(&["after", "attempts"]);
    let hedge = Hedge::new(ms(50)).name("read").controlled(&CONTROL);
    assert_eq!((Managed::name(&hedge), hedge.is_named(), hedge.kind().as_str()), ("read", true, "hedge"));
    assert_eq!(settings(&hedge), [r#"after = "50ms""#, "attempts = 2", "enabled = true", "critical = false"]);
    assert_eq!(settings(&Hedge::new(ms(50)).controlled(&VARYING)), ["enabled = true", "critical = false"]);
    assert_eq!(
        settings(&Hedge::new(ms(50)).attempts(0).critical(true))[1..],
        ["attempts = 1", "enabled = true", "critical = true"]
    );
    takes(
        &hedge,
        &[
            ("after", "0s".into(), r#""0s""#),
            ("after", "1m".into(), r#""1m""#),
            ("attempts", Value::Integer(2), "2"),
            ("attempts", Value::Integer(9), "9"),
            ("enabled", false.into(), "false"),
            ("critical", true.into(), "true"),
        ],
    );
    let too_few = "`attempts` is at least 2: it counts all calls, and the first alone is no hedge";
    let measured = "`after` takes a duration while the program runs, or the percentile that it had from the beginning: no \
                    latencies were measured for another one";
    refuses(
        &hedge,
        &[
            (&[("attempts", Value::Integer(1))], &[too_few]),
            (&[("attempts", Value::Integer(-3))], &[too_few]),
            (&[("attempts", "two".into())], &[r#"`attempts` takes a whole number, and not "two""#]),
            (&[("after", "percentile(0.99)".into())], &[measured]),
            (
                &[("after", Value::Integer(50))],
                &[r#"`after` takes a duration with its unit, e.g. "250ms" or "5s", and not 50"#],
            ),
            (
                &[("budget", Value::Integer(1))],
                &[
                    "unknown setting `budget`; expected one of: `after`, `attempts`, `enabled`, `critical`; `budget` stands in the attribute alone",
                ],
            ),
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn its_own_percentile_can_be_put_back() {
    static LATENCIES: Percentile = Percentile::new(0.95).factor(2.0).min(ms(1)).max(ms(40)).min_calls(3);
    static CONTROL: HedgeControl = HedgeControl::new();
    let hedge = Hedge::percentile(&LATENCIES).controlled(&CONTROL);
    let own = r#"after = "percentile(0.95, factor = 2.0, min = 1ms, max = 40ms, window = 1m, min_calls = 3)""#;
    assert_eq!(settings(&hedge)[0], own);
    takes(&hedge, &[("after", "5ms".into(), r#""5ms""#), ("attempts", Value::Integer(3), "3")]);
    assert_eq!(calls(hedge, 39).await, 1);
    put(&hedge, &[("after", "5ms".into())]).unwrap();
    assert_eq!(calls(hedge, 39).await, 2);
    LATENCIES.reset();
    let answer = hedge.call(async || Ok::<_, String>(7)).await;
    assert_eq!((answer, LATENCIES.calls()), (Ok(7), 1), "it is measured all the while");
}

#[tokio::test(start_paused = true)]
async fn it_takes_effect_on_the_next_call() {
    static CONTROL: HedgeControl = HedgeControl::new();
    let hedge = Hedge::new(ms(10)).controlled(&CONTROL);
    for (over, expected) in [
        (vec![], 2),
        (vec![("attempts", Value::Integer(4))], 4),
        (vec![("after", "60ms".into())], 2),
        (vec![("after", "200ms".into())], 1),
        (vec![("attempts", Value::Integer(4)), ("enabled", false.into())], 1),
        (vec![], 2),
    ] {
        put(&hedge, &over).unwrap();
        let before = counted(&hedge)[0].1;
        assert_eq!(calls(hedge, 100).await, expected, "{over:?}");
        assert_eq!(counted(&hedge), [("hedged", before + u64::from(expected) - 1), ("won", 0)]);
    }
    let first = Cell::new(true);
    let won = hedge.call(|| {
        let is_first = first.replace(false);
        async move {
            if is_first {
                pending::<()>().await;
            }
            Ok::<_, String>(())
        }
    });
    assert_eq!(won.await, Ok(()));
    assert_eq!(counted(&hedge)[1], ("won", 1));
    // A call that waits goes by what was in force then, both settings of one time.
    let change = async {
        sleep(ms(5)).await;
        put(&hedge, &[("attempts", Value::Integer(9)), ("after", "1ms".into())]).unwrap();
    };
    assert_eq!(tokio::join!(calls(hedge, 100), change).0, 2);
    assert_eq!(calls(hedge, 100).await, 9);
}

#[tokio::test(start_paused = true)]
async fn switched_off_there_is_one_call_and_no_use_of_the_budget() {
    static BUDGET: RetryBudget = RetryBudget::new();
    static CONTROL: HedgeControl = HedgeControl::new();
    let hedge = Hedge::new(ms(1)).attempts(9).budget(&BUDGET).controlled(&CONTROL);
    assert_eq!(calls(hedge.enabled(false), 100).await, 1);
    let failing = hedge.enabled(false).call(async || Err::<(), _>("down"));
    assert_eq!(failing.await, Err("down"));
    put(&hedge, &[("enabled", false.into())]).unwrap();
    assert_eq!(calls(hedge, 100).await, 1);
    assert_eq!(BUDGET.counts().calls, 0);
    put(&hedge, &[("enabled", true.into())]).unwrap();
    assert!(calls(hedge.enabled(false), 100).await > 1, "what is put over it goes before");
    assert_eq!(BUDGET.counts().calls, 1);
}
