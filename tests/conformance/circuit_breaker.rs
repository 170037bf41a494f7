//! When a breaker opens: thresholds, windows, slow calls, and what counts as what.

use steadfast::{circuit_breaker, timeout};
use steadfast_tests::{Error, drive};

#[tokio::test(start_paused = true)]
async fn c01_opens_at_the_rate_of_a_full_window() {
    drive!(
        #[circuit_breaker(failure_rate = 0.75, window = 4, success_threshold = 2, reset_timeout = "50s")] => "FFFF RRR"
    );
}

#[tokio::test(start_paused = true)]
async fn c02_closes_after_the_probes_that_it_asks_for() {
    // Closed after the second: a failure of a probe would open it at once.
    drive!(
        #[circuit_breaker(failure_rate = 0.75, window = 4, success_threshold = 2, reset_timeout = "1ms")] => "FFFF <1> SSS FFF R"
    );
    drive!(
        #[circuit_breaker(failure_rate = 0.75, window = 4, success_threshold = 2, reset_timeout = "1ms")] => "FFFF <1> SF R"
    );
}

#[tokio::test(start_paused = true)]
async fn c03_a_success_may_be_the_call_that_fills_the_window() {
    drive!(#[circuit_breaker(failure_rate = 0.5, window = 4)] => "SFFS R");
}

#[tokio::test(start_paused = true)]
async fn c04_early_successes_are_in_the_window() {
    drive!(#[circuit_breaker(failure_rate = 0.75, window = 4)] => "SFFF R");
}

#[tokio::test(start_paused = true)]
async fn c04b_what_left_the_window_is_not() {
    drive!(#[circuit_breaker(failure_rate = 0.75, window = 4)] => "FFSS FSFF R");
    drive!(#[circuit_breaker(failure_rate = 1.0, window = 2)] => "FSFSFSSF F R");
    drive!(#[circuit_breaker(failure_rate = 0.5, window = 1)] => "SSSF R");
}

#[tokio::test(start_paused = true)]
async fn c05_only_consecutive_failures_count() {
    drive!(#[circuit_breaker(failure_threshold = 3)] => "FFSFFF R");
}

#[tokio::test(start_paused = true)]
async fn c05b_five_in_a_row_by_default_for_thirty_seconds() {
    drive!(#[circuit_breaker] => "FFFFSFFFFF R <29999> R <1> S FFFF S");
    drive!(#[circuit_breaker(failure_threshold = 1)] => "SSF R");
}

#[tokio::test(start_paused = true)]
async fn c05c_the_rate_is_reached_from_below() {
    // 1 of 3 is below 0.34, and not above 0.33.
    drive!(#[circuit_breaker(failure_rate = 0.34, window = 3)] => "SSFSSFSSF");
    drive!(#[circuit_breaker(failure_rate = 0.33, window = 3)] => "SSF R");
    // 3 of 30 is 0.1, though neither number is exact.
    let calls = format!("{}FF F R", "S".repeat(27));
    drive!(#[circuit_breaker(failure_rate = 0.1, window = 30)] => &calls);
}

#[tokio::test(start_paused = true)]
async fn c14_the_window_slides() {
    let calls = format!("{}FFFFF R", "S".repeat(1_000));
    drive!(#[circuit_breaker(failure_rate = 0.5, window = 10)] => &calls);
    let calls = format!("{}FFFFFFFFFF R", "S".repeat(1_000));
    drive!(#[circuit_breaker(failure_rate = 1.0, window = 10)] => &calls);
}

#[tokio::test(start_paused = true)]
async fn c14b_the_largest_window_slides_too() {
    let calls = format!("{}{} R", "S".repeat(70_000), "F".repeat(32_768));
    drive!(sync #[circuit_breaker(failure_rate = 0.5, window = 65_536)] => &calls);
}

#[tokio::test(start_paused = true)]
async fn c14c_a_rate_is_judged_on_twenty_outcomes_at_least() {
    let calls = format!("{} R", "F".repeat(20));
    drive!(#[circuit_breaker(failure_rate = 0.1)] => &calls);
    drive!(#[circuit_breaker(failure_rate = 0.1, window = 50)] => &calls);
    drive!(#[circuit_breaker(failure_rate = 0.1, window = "1m")] => &calls);
    // Unless the window holds no twenty, or something else was said.
    drive!(#[circuit_breaker(failure_rate = 0.1, window = 19)] => &format!("{} R", "F".repeat(19)));
    drive!(#[circuit_breaker(failure_rate = 0.5, window = "1m", min_calls = 2)] => "FF R");
    drive!(#[circuit_breaker(failure_rate = 0.5, min_calls = 1)] => "F R");
    drive!(#[circuit_breaker(failure_rate = 0.5, min_calls = 30)] => &format!("{} R", "F".repeat(30)));
    drive!(#[circuit_breaker(failure_rate = 0.5, window = 10, min_calls = 3)] => "SFSF R");
}

#[tokio::test(start_paused = true)]
async fn c15_what_is_older_than_the_window_does_not_count() {
    drive!(#[circuit_breaker(failure_rate = 0.5, window = "10s", min_calls = 2)] => "F <10001> F F R");
    drive!(#[circuit_breaker(failure_rate = 0.5, window = "10s", min_calls = 4)] => "FFF <10001> FFF <10001> F FFF R");
}

#[tokio::test(start_paused = true)]
async fn c15b_what_is_younger_by_a_thirtysecond_does() {
    drive!(#[circuit_breaker(failure_rate = 0.5, window = "10s", min_calls = 2)] => "F <9680> F R");
    // It slides outcome by outcome and is not cleared at intervals.
    drive!(
        #[circuit_breaker(failure_rate = 0.5, window = "10s", min_calls = 3)] => "F <4000> F <6500> F <3000> F R"
    );
    // Successes, though many are counted apart, are in it as well.
    drive!(#[circuit_breaker(failure_rate = 0.5, window = "10s", min_calls = 4)] => "SSS <5000> FF F R");
    drive!(#[circuit_breaker(failure_rate = 0.5, window = "10s", min_calls = 2)] => "SSSSSSSS <10001> FF R");
}

#[tokio::test(start_paused = true)]
async fn c15c_windows_of_expressions() {
    const CALLS: steadfast::Window = steadfast::Window::Calls(4);
    drive!(#[circuit_breaker(failure_rate = 0.75, window = CALLS)] => "SFFF R");
    drive!(
        #[circuit_breaker(
            failure_rate = 0.75,
            window = steadfast::Window::Duration(std::time::Duration::from_secs(10)),
            min_calls = 2
        )] => "F <10001> F F R"
    );
}

#[tokio::test(start_paused = true)]
async fn c16_slow_calls_open_it() {
    drive!(
        #[circuit_breaker(slow_call = "1s", slow_call_rate = 0.5, min_calls = 4)]
        => "ssSS R", "SSss R", "sSsS R", "SSSs ss R"
    );
}

#[tokio::test(start_paused = true)]
async fn c16b_all_calls_must_be_slow_by_default() {
    drive!(#[circuit_breaker(slow_call = "1s", min_calls = 3)] => "ssS sss");
    drive!(#[circuit_breaker(slow_call = "1s", min_calls = 3)] => "sss R");
    drive!(#[circuit_breaker(slow_call = "1s", window = 3)] => "Ssss R");
}

#[tokio::test(start_paused = true)]
async fn c16c_just_quicker_is_quick() {
    drive!(#[circuit_breaker(slow_call = "1001ms", min_calls = 2)] => "ssss");
    drive!(#[circuit_breaker(slow_call = "999ms", min_calls = 2)] => "ss R");
}

#[tokio::test(start_paused = true)]
async fn c16d_beside_the_failures() {
    // Five failures in a row open it still.
    drive!(#[circuit_breaker(slow_call = "10s", min_calls = 50)] => "FFFFF R");
    drive!(#[circuit_breaker(failure_rate = 0.5, slow_call = "1s", slow_call_rate = 0.5, window = 4)] => "sSSs R");
    drive!(#[circuit_breaker(failure_rate = 0.5, slow_call = "1s", slow_call_rate = 0.5, window = 4)] => "FSSF R");
    // A slow failure is both; a permanent error that is slow is slow all the same.
    drive!(#[circuit_breaker(failure_rate = 1.0, slow_call = "1s", window = 2)] => "fs R");
    drive!(#[circuit_breaker(slow_call = "1s", window = "1m", min_calls = 2)] => "S <60001> ss R");
}

#[tokio::test(start_paused = true)]
async fn c16e_a_slow_probe_is_a_failure() {
    drive!(
        #[circuit_breaker(failure_threshold = 1, slow_call = "1s", reset_timeout = "5s")] => "F R <5000> s R <5000> S S"
    );
}

#[tokio::test(start_paused = true)]
async fn c16f_an_abandoned_call_that_was_slow_counts_as_slow() {
    // Dropped by a timeout that is not ours.
    #[circuit_breaker(slow_call = "1s", min_calls = 2)]
    async fn call(script: &steadfast_tests::Script) -> steadfast_tests::Answer {
        script.run().await
    }
    let hung = steadfast_tests::Script::new("T");
    for limit in [500, 999, 1_000, 1_001] {
        let limit = std::time::Duration::from_millis(limit);
        assert!(tokio::time::timeout(limit, call(&hung)).await.is_err());
    }
    let more = steadfast_tests::Script::new("S");
    assert_eq!(steadfast_tests::letter(&call(&more).await), 'R');
    assert_eq!((hung.runs(), more.runs()), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn c20_neutral_outcomes_neither_count_nor_reset() {
    drive!(#[circuit_breaker(failure_threshold = 2, ignore(Err(Error::Io)))] => "FIIIF R");
    drive!(#[circuit_breaker(failure_threshold = 2)] => "FLLLF R");
    drive!(#[circuit_breaker(failure_threshold = 2)] => "FNNNF R");
    drive!(#[circuit_breaker(failure_rate = 0.5, window = 4)] => "FNNN LLLL SS NL F R");
    drive!(#[circuit_breaker(failure_rate = 0.5, window = "10s", min_calls = 4)] => "FNNN LLLL SS NL F R");
}

#[tokio::test(start_paused = true)]
async fn c20b_answers_are_successes() {
    drive!(#[circuit_breaker(failure_threshold = 2)] => "FPFPF F R");
    drive!(#[circuit_breaker(failure_threshold = 2, when = |error| *error == Error::Io)] => "IFI I R");
    drive!(#[circuit_breaker(failure_threshold = 2, on(Err(Error::Io)))] => "IFI I R");
    drive!(#[circuit_breaker(failure_rate = 0.5, window = 4)] => "FPPP P FF R");
}

#[tokio::test(start_paused = true)]
async fn c20c_what_is_ignored_is_not_slow_either() {
    drive!(#[circuit_breaker(slow_call = "1s", min_calls = 2, ignore(Ok(_)))] => "ssss");
}

#[tokio::test(start_paused = true)]
async fn c20d_values_may_be_failures() {
    drive!(#[circuit_breaker(failure_threshold = 2, on(Ok(run) if *run > 1))] => "S S S R");
    // Errors go on to their own class.
    drive!(#[circuit_breaker(failure_threshold = 2, on(Ok(0)))] => "FPF F R");
}

#[tokio::test(start_paused = true)]
async fn c16g_a_timeout_of_a_slow_call_is_slow_and_a_failure() {
    // Two timeouts are too few failures, but all calls were slow.
    drive!(async #[timeout("2s")] #[circuit_breaker(slow_call = "1s", window = 2)] => "TT R");
    drive!(async #[circuit_breaker(slow_call = "1s", window = 2)] #[timeout("2s")] => "TT R");
    drive!(async #[timeout("900ms")] #[circuit_breaker(slow_call = "1s", window = 2)] => "TTTT S TTTTT R");
}
