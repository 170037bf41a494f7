//! Limits that follow recent latencies: an estimate that wedges, that never slides, or that overflows.

use std::future::pending;
use std::time::Duration;

use steadfast::{Percentile, PercentileTimeout, Rejection, timeout};
use tokio::time::{advance, sleep};

use super::common::{Answer, is_timeout, millis, timed};

#[tokio::test(start_paused = true)]
async fn p28_a_dependency_that_became_slow_is_not_cut_for_ever() {
    // A call that is ended would have taken longer. Counted for as long as it ran, it would keep the limit where it is.
    #[timeout(percentile(0.99, factor = 1.5, max = "5s"))]
    async fn ask(takes: Duration) -> Answer {
        sleep(takes).await;
        Ok(1)
    }
    for _ in 0..1000 {
        assert!(ask(millis(20)).await.is_ok());
    }
    let mut late = 0;
    for _ in 0..1000 {
        late += usize::from(is_timeout(&ask(millis(400)).await));
    }
    assert_eq!(late, 11, "one in a hundred of 1,011");
}

#[tokio::test(start_paused = true)]
async fn p25_the_window_slides() {
    let percentile = Percentile::new(0.5).min_calls(10).window(Duration::from_secs(10));
    for _ in 0..100_000 {
        percentile.record(millis(10));
    }
    for _ in 0..10 {
        advance(Duration::from_secs(1)).await;
        percentile.record(millis(300));
    }
    advance(Duration::from_secs(1)).await;
    assert!(percentile.calls() < 10);
    assert_eq!(percentile.estimate(), None);
    for _ in 0..10 {
        percentile.record(millis(300));
    }
    assert!(percentile.estimate() >= Some(millis(300)));
}

#[test]
fn p26_enough_calls_are_enough() {
    for min_calls in [1, 2, 20, 333] {
        let percentile = Percentile::new(0.9).min_calls(min_calls).max(millis(1000));
        for _ in 1..min_calls {
            percentile.record(millis(1));
        }
        assert_eq!(percentile.current(), Some(millis(1000)));
        percentile.record(millis(1));
        assert!(percentile.current() < Some(millis(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn p12_p30_nothing_overflows() {
    for share in [f64::NAN, f64::NEG_INFINITY, -1.0, 0.0, f64::MIN_POSITIVE, 1.0, f64::INFINITY] {
        for factor in [f64::NAN, f64::NEG_INFINITY, 0.0, f64::MIN_POSITIVE, 1e300, f64::INFINITY] {
            for (min, max) in
                [(Duration::MAX, Duration::ZERO), (Duration::ZERO, Duration::MAX), (Duration::MAX, Duration::MAX)]
            {
                for window in [Duration::ZERO, Duration::from_nanos(5), Duration::MAX] {
                    let percentile =
                        Percentile::new(share).factor(factor).min(min).max(max).window(window).min_calls(0);
                    let timeout = PercentileTimeout::new(percentile);
                    for latency in [Duration::MAX, Duration::ZERO, millis(5)] {
                        timeout.percentile().record(latency);
                        timeout.percentile().record_at_least(latency);
                        assert!(timeout.limit().is_none_or(|limit| limit <= max));
                        let answer: Result<u32, Rejection> = timeout.call(async { Ok(1) }).await;
                        assert_eq!(answer, Ok(1));
                    }
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p22_callers_who_go_away_leave_it_usable() {
    #[timeout(percentile(0.9, max = "1s"))]
    async fn ask(hangs: bool) -> Answer {
        if hangs { pending().await } else { Ok(1) }
    }
    for _ in 0..1000 {
        let gone = tokio::time::timeout(millis(3), ask(true)).await;
        assert!(gone.is_err());
    }
    let (answer, after) = timed(ask(true)).await;
    assert!(is_timeout(&answer));
    assert_eq!(after, millis(1000), "nothing is known of how long a call takes");
    assert!(ask(false).await.is_ok());
}
