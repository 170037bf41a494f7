//! How a breaker recovers: the open time, the probes, and calls that end late or not at all.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{Reason, State, StateChange, circuit_breaker, timeout};
use steadfast_tests::{Answer, Error, Script, drive, letter, pass, poll_once};
use tokio::task::JoinSet;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn c06_one_probe_of_fifty_callers() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "10s")]
    async fn call(script: Arc<Script>) -> Answer {
        script.run().await
    }
    assert_eq!(probes_of_fifty(call).await, 1);
}

#[tokio::test(start_paused = true)]
async fn c06b_as_many_probes_as_allowed() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "10s", max_probes = 7, success_threshold = 7)]
    async fn call(script: Arc<Script>) -> Answer {
        script.run().await
    }
    assert_eq!(probes_of_fifty(call).await, 7);
    // All seven have succeeded, so it is closed.
    assert_eq!(probes_of_fifty_at_once(call).await, 50);
}

/// How many bodies run when fifty callers come at once after the open time.
async fn probes_of_fifty<F>(call: impl Fn(Arc<Script>) -> F) -> usize
where
    F: Future<Output = Answer> + Send + 'static,
{
    assert_eq!(call(Arc::new(Script::new("F"))).await, Err(Error::Failed));
    pass(10 * SECOND);
    probes_of_fifty_at_once(call).await
}

async fn probes_of_fifty_at_once<F>(call: impl Fn(Arc<Script>) -> F) -> usize
where
    F: Future<Output = Answer> + Send + 'static,
{
    let script = Arc::new(Script::new("s"));
    let mut callers: JoinSet<_> = (0..50).map(|_| call(Arc::clone(&script))).collect();
    let mut succeeded = 0;
    while let Some(answer) = callers.join_next().await {
        match answer.unwrap() {
            Ok(_) => succeeded += 1,
            // Nobody knows when a place is free.
            Err(error) => assert_eq!(error.rejection().retry_after(), None),
        }
    }
    assert_eq!(script.runs(), succeeded);
    succeeded
}

#[tokio::test(start_paused = true)]
async fn c06c_a_sync_probe_holds_its_place() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s")]
    fn call(depth: u32) -> Answer {
        if depth == 0 {
            return Err(Error::Failed);
        }
        assert_eq!(letter(&call(depth - 1)), 'R');
        Ok(depth)
    }
    assert_eq!(call(0), Err(Error::Failed));
    pass(SECOND);
    assert_eq!(call(3), Ok(3));
}

#[tokio::test(start_paused = true)]
async fn c07_a_dropped_probe_frees_its_place() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FTS");
    assert_eq!(letter(&call(&script).await), 'F');
    pass(SECOND);
    {
        let mut probe = pin!(call(&script));
        assert!(poll_once(probe.as_mut()).is_pending());
        assert_eq!(letter(&call(&script).await), 'R');
    }
    assert_eq!(call(&script).await, Ok(3));
    assert_eq!(call(&script).await, Ok(4));
}

#[tokio::test(start_paused = true)]
async fn c07b_a_future_that_is_never_polled_holds_nothing() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FS");
    assert_eq!(letter(&call(&script).await), 'F');
    pass(SECOND);
    let unpolled = call(&script);
    assert_eq!(call(&script).await, Ok(2));
    drop(unpolled);
    assert_eq!(call(&script).await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn c08_a_probe_that_panics_has_failed() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s")]
    async fn call(what: &'static str) -> Answer {
        tokio::task::yield_now().await;
        assert_ne!(what, "panic");
        if what == "fail" { Err(Error::Failed) } else { Ok(1) }
    }
    assert_eq!(call("fail").await, Err(Error::Failed));
    pass(SECOND);
    assert!(tokio::spawn(call("panic")).await.unwrap_err().is_panic());
    let rejection = call("succeed").await.unwrap_err().rejection();
    assert_eq!(rejection.retry_after(), Some(SECOND));
    pass(SECOND);
    assert_eq!(call("succeed").await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn c08b_a_sync_probe_that_panics_has_failed() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s")]
    fn call(what: &'static str) -> Answer {
        assert_ne!(what, "panic");
        if what == "fail" { Err(Error::Failed) } else { Ok(1) }
    }
    assert_eq!(call("fail"), Err(Error::Failed));
    pass(SECOND);
    assert!(catch_unwind(AssertUnwindSafe(|| call("panic"))).is_err());
    let rejection = call("succeed").unwrap_err().rejection();
    assert_eq!(rejection.retry_after(), Some(SECOND));
    pass(SECOND);
    assert_eq!(call("succeed"), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn c08c_a_panic_is_a_failure_while_closed_too() {
    #[circuit_breaker(failure_threshold = 2)]
    async fn call(panics: bool) -> Answer {
        assert!(!panics);
        Ok(1)
    }
    assert!(tokio::spawn(call(true)).await.is_err());
    assert_eq!(call(false).await, Ok(1));
    for _ in 0..2 {
        assert!(tokio::spawn(call(true)).await.is_err());
    }
    assert_eq!(letter(&call(false).await), 'R');
}

#[tokio::test(start_paused = true)]
async fn c09_neutral_probes_leave_it_half_open() {
    // A failure while half-open opens it at once; one after the success does not.
    drive!(
        #[circuit_breaker(failure_threshold = 2, reset_timeout = "1s", ignore(Err(Error::Io)))]
        => "FF R <1000> IIII S F S", "FF <1000> IIII F R"
    );
    drive!(
        #[circuit_breaker(failure_threshold = 2, reset_timeout = "1s")]
        => "FF <1000> LLNN S F S", "FF <1000> LLNN F R", "FF <1000> P F S"
    );
    drive!(
        #[circuit_breaker(failure_threshold = 2, reset_timeout = "1s", success_threshold = 2)]
        => "FF <1000> SNS F S", "FF <1000> SNF R"
    );
}

#[tokio::test(start_paused = true)]
async fn c10_an_open_circuit_says_how_long() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "10s", name = "payments")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("F");
    assert_eq!(letter(&call(&script).await), 'F');
    for passed in [0, 1, 6_500, 3_498] {
        pass(Duration::from_millis(passed));
        let rejection = call(&script).await.unwrap_err().rejection();
        assert_eq!(rejection.retry_after(), Some(10 * SECOND - script.elapsed()));
        assert_eq!((rejection.policy(), rejection.http_status()), ("payments", 503));
    }
    assert_eq!(script.runs(), 1);
}

#[tokio::test(start_paused = true)]
async fn c11_a_failed_recovery_opens_it_for_as_long_again() {
    drive!(
        #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s")]
        => "F R <999> R <1> F R <999> R <1> F <999> R <1> S"
    );
}

#[tokio::test(start_paused = true)]
async fn c11b_or_for_twice_as_long_up_to_a_limit() {
    drive!(
        #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s", max_reset_timeout = "5s")]
        => "F <999> R <1> F <1999> R <1> F <3999> R <1> F <4999> R <1> F <4999> R <1> S"
    );
    // Having closed, it begins anew.
    drive!(
        #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s", max_reset_timeout = "5s")]
        => "F <1000> F <1999> R <1> S F <999> R <1> F <1999> R <1> S"
    );
}

#[tokio::test(start_paused = true)]
async fn c11c_it_stays_open_until_somebody_calls() {
    drive!(#[circuit_breaker(failure_threshold = 1, reset_timeout = "1s")] => "F <3600000> F <999> R <1> S");
}

thread_local! {
    static CHANGES: RefCell<Vec<(State, State, Reason)>> = const { RefCell::new(Vec::new()) };
}

fn note(change: &StateChange) {
    assert!(change.name.ends_with("::call"), "{}", change.name);
    CHANGES.with_borrow_mut(|changes| changes.push((change.from, change.to, change.reason)));
}

#[tokio::test(start_paused = true)]
async fn c11d_each_change_is_told() {
    use State::{Closed, HalfOpen, Open};
    let recovery = [
        (Open, HalfOpen, Reason::ResetTimeout(SECOND)),
        (HalfOpen, Open, Reason::ProbeFailed),
        (Open, HalfOpen, Reason::ResetTimeout(2 * SECOND)),
        (HalfOpen, Closed, Reason::ProbesSucceeded),
    ];
    drive!(
        #[circuit_breaker(failure_threshold = 2, reset_timeout = "1s", on_state_change = note)]
        => "FF R <1000> F <2000> S S"
    );
    let mut expected = vec![(Closed, Open, Reason::ConsecutiveFailures)];
    expected.extend(recovery);
    assert_eq!(CHANGES.take(), [expected.clone(), expected].concat());

    drive!(async #[circuit_breaker(failure_rate = 0.5, window = 2, on_state_change = note)] => "SF");
    assert_eq!(CHANGES.take(), [(Closed, Open, Reason::FailureRate)]);
    drive!(async #[circuit_breaker(slow_call = "1s", window = 2, on_state_change = note)] => "ss");
    assert_eq!(CHANGES.take(), [(Closed, Open, Reason::SlowCallRate)]);
}

#[tokio::test(start_paused = true)]
async fn c12_timeouts_around_it_open_it() {
    drive!(async #[timeout("500ms")] #[circuit_breaker(failure_threshold = 2)] => "TT R", "TSTT R");
}

#[tokio::test(start_paused = true)]
async fn c12b_also_while_half_open() {
    drive!(
        async
        #[timeout("500ms")]
        #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s")]
        => "T <1000> T R <1000> S"
    );
}

#[tokio::test(start_paused = true)]
async fn c13_so_do_timeouts_beneath_it() {
    drive!(async #[circuit_breaker(failure_threshold = 2)] #[timeout("500ms")] => "TT R", "TSTT R");
}

#[tokio::test(start_paused = true)]
async fn c21_a_late_success_counts_while_half_open() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "30s", probe_timeout = "2s")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let (late, other) = (Script::new("Fs"), Script::new("TS"));
    assert_eq!(letter(&call(&late).await), 'F');
    pass(30 * SECOND);
    let mut probe = pin!(call(&late));
    assert!(poll_once(probe.as_mut()).is_pending());
    pass(2 * SECOND - Duration::from_millis(1));
    assert_eq!(letter(&call(&other).await), 'R', "its time is not over");
    pass(Duration::from_millis(1));
    let mut second = pin!(call(&other));
    assert!(poll_once(second.as_mut()).is_pending(), "its place is given to another");
    assert_eq!(letter(&call(&other).await), 'R', "once");
    assert_eq!(probe.await, Ok(2));
    for run in 2..5 {
        assert_eq!(call(&other).await, Ok(run), "closed");
    }
}

#[tokio::test(start_paused = true)]
async fn c21b_the_time_of_a_probe_is_the_open_time_by_default() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "7s", max_probes = 2)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FTTTS");
    assert_eq!(letter(&call(&script).await), 'F');
    pass(7 * SECOND);
    let mut probes = [Box::pin(call(&script)), Box::pin(call(&script))];
    for probe in &mut probes {
        assert!(poll_once(probe.as_mut()).is_pending());
    }
    pass(7 * SECOND - Duration::from_millis(1));
    assert_eq!(letter(&call(&script).await), 'R');
    pass(Duration::from_millis(1));
    let mut third = pin!(call(&script));
    assert!(poll_once(third.as_mut()).is_pending());
    assert_eq!(call(&script).await, Ok(5), "both were overdue");
}

#[tokio::test(start_paused = true)]
async fn c21c_reports_of_an_earlier_period_change_nothing() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "10s", probe_timeout = "1s")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    // Admitted while closed: one that fails and one that succeeds, both after the circuit has opened.
    let (fails, succeeds) = (Script::new("f"), Script::new("s"));
    let (mut fails, mut succeeds) = (pin!(call(&fails)), pin!(call(&succeeds)));
    assert!(poll_once(fails.as_mut()).is_pending());
    assert!(poll_once(succeeds.as_mut()).is_pending());
    let script = Script::new("F TF TS");
    assert_eq!(letter(&call(&script).await), 'F');
    assert_eq!(letter(&succeeds.await), 'S');
    pass(9 * SECOND);

    // A probe of the first half-open period, which ends by the failure of another.
    let mut hung = Box::pin(call(&script));
    assert!(poll_once(hung.as_mut()).is_pending());
    assert_eq!(letter(&fails.await), 'F');
    pass(SECOND);
    assert_eq!(letter(&call(&script).await), 'F', "half-open still, whatever the late failure says");
    pass(10 * SECOND);

    // In the second one a probe is under way; the hung one has no place to free.
    let mut probe = Box::pin(call(&script));
    assert!(poll_once(probe.as_mut()).is_pending());
    drop(hung);
    assert_eq!(letter(&call(&script).await), 'R');
    drop(probe);
    assert_eq!(letter(&call(&script).await), 'S');
}

#[tokio::test(start_paused = true)]
async fn c22_a_call_is_not_blamed_for_a_panic_beside_it() {
    #[circuit_breaker(failure_threshold = 1)]
    async fn call(script: Arc<Script>) -> Answer {
        script.run().await
    }
    let (hung, well) = (Arc::new(Script::new("T")), Arc::new(Script::new("S")));
    let both = tokio::spawn({
        let hung = Arc::clone(&hung);
        async move { tokio::join!(call(hung), async { panic!("beside it") }).0 }
    });
    assert!(both.await.unwrap_err().is_panic());
    assert_eq!((hung.runs(), call(well).await), (1, Ok(1)));
}

#[tokio::test(start_paused = true)]
async fn c22b_a_call_dropped_by_others_is_neutral() {
    #[circuit_breaker(failure_threshold = 2)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FTTTFS");
    assert_eq!(letter(&call(&script).await), 'F');
    for _ in 0..3 {
        assert!(tokio::time::timeout(SECOND, call(&script)).await.is_err());
    }
    assert_eq!(letter(&call(&script).await), 'F');
    assert_eq!(letter(&call(&script).await), 'R', "they have not reset the count either");
}

#[tokio::test(start_paused = true)]
async fn c22c_or_a_failure_on_request() {
    #[circuit_breaker(failure_threshold = 2, abandoned = failure)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FTS");
    assert_eq!(letter(&call(&script).await), 'F');
    assert!(tokio::time::timeout(SECOND, call(&script)).await.is_err());
    assert_eq!(letter(&call(&script).await), 'R');
}

#[tokio::test(start_paused = true)]
async fn c22d_abandoned_probes() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s", abandoned = failure)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FTS");
    assert_eq!(letter(&call(&script).await), 'F');
    pass(SECOND);
    assert!(tokio::time::timeout(SECOND, call(&script)).await.is_err());
    assert_eq!(letter(&call(&script).await), 'R', "open again");
    pass(SECOND);
    assert_eq!(letter(&call(&script).await), 'S');
}

#[tokio::test(start_paused = true)]
async fn c22e_a_timeout_of_ours_elsewhere_in_the_task_is_none_of_its_business() {
    #[circuit_breaker(failure_threshold = 1)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    /// Drops, within its own poll, a call that is not beneath it.
    #[timeout("1s")]
    async fn other(dropped: &mut (dyn FnMut() + Send)) -> Answer {
        dropped();
        std::future::pending().await
    }
    let script = Script::new("TS");
    let mut hung = Some(Box::pin(call(&script)));
    assert!(poll_once(hung.as_mut().unwrap().as_mut()).is_pending());
    assert_eq!(letter(&other(&mut || hung = None).await), 'T');
    assert_eq!(call(&script).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn c22f_the_loser_of_a_select_is_neutral() {
    #[circuit_breaker(failure_threshold = 1)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("TSS");
    let quicker = async {
        tokio::task::yield_now().await;
        call(&script).await
    };
    tokio::select! {
        biased;
        _ = call(&script) => unreachable!("it hangs"),
        answer = quicker => assert_eq!(answer, Ok(2)),
    }
    assert_eq!(call(&script).await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn c22g_a_call_of_an_earlier_period_may_be_abandoned_at_any_time() {
    #[circuit_breaker(failure_threshold = 1, reset_timeout = "1s", abandoned = failure)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("TT FsS");
    let mut hung = [Box::pin(call(&script)), Box::pin(call(&script))].map(Some);
    for call in hung.iter_mut().flatten() {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    assert_eq!(letter(&call(&script).await), 'F');
    pass(SECOND);
    let mut probe = pin!(call(&script));
    assert!(poll_once(probe.as_mut()).is_pending());
    hung[0] = None;
    assert_eq!(probe.await, Ok(4), "closed, as if nothing had been dropped");
    hung[1] = None;
    assert_eq!(call(&script).await, Ok(5));
}
