//! X6 to X9: scripts, records, forced states, and retries without delays.

use super::testing::{SECOND, failed};
use std::thread;
use steadfast::testing::{self, Fault};
use steadfast::{
    Backoff, Bulkhead, CircuitBreaker, RateLimit, Rejection, Retry, State, bulkhead, circuit_breaker, fallback,
    rate_limit, retry, timeout,
};
use steadfast_tests::{Answer, Error};
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn x06_a_script_goes_call_by_call() {
    #[retry(attempts = 9, backoff = none)]
    #[timeout("1s")]
    async fn call() -> Answer {
        Ok(steadfast::attempt())
    }
    let script = testing::script(
        "call",
        [
            failed().first(2),
            Fault::hang(),
            Fault::none(),
            Fault::value(|| 70_u32),
            failed().after(1),
            Fault::error(|| Error::Permanent).when(|call| call.attempt > 2),
        ],
    );
    assert_eq!((script.remaining(), script.is_finished()), (Some(8), false));
    let start = Instant::now();
    assert_eq!(call().await, Ok(4), "failed twice, hung, and ran");
    assert_eq!((start.elapsed(), script.remaining()), (SECOND, Some(4)));
    assert_eq!(call().await, Ok(70));
    assert_eq!(call().await, Ok(1));
    assert_eq!(call().await, Ok(2), "failed, and the last step did not take the second attempt");
    assert!(script.is_finished());
    assert_eq!(call().await, Ok(1), "it is over");
    assert_eq!((script.calls(), script.injected()), (9, 6));
    assert_eq!(testing::inject("call", failed()).optional().remaining(), None);
    assert_eq!(testing::inject("call", failed().after(1).first(3)).optional().remaining(), Some(4));
}

#[tokio::test(start_paused = true)]
async fn x07_a_record_is_of_this_test() {
    #[fallback(Ok(0), name = "f")]
    #[retry(attempts = 2, backoff = fixed("50ms"), jitter = none, name = "r")]
    #[timeout("1s", name = "t")]
    async fn call() -> Answer {
        Ok(1)
    }
    #[rate_limit(RATE)]
    fn limited() -> Answer {
        Ok(1)
    }
    static RATE: RateLimit = RateLimit::new(1).name("l");
    let recorded = testing::record();
    let _faults = testing::script("call", [failed(), Fault::hang()]);
    assert_eq!(call().await, Ok(0));
    assert!(limited().is_ok() && limited().is_err());
    let shown = "\
retry `r` follows attempt 1 with another in 50.000ms
timeout `t` ended a call after 1.000s
retry `r` gave up after 2 attempts: attempts
fallback `f` answered
";
    let (before, rejection) = shown.split_at(shown.len());
    assert_eq!(rejection, "");
    assert!(recorded.to_string().starts_with(before), "{recorded}");
    assert_eq!((recorded.retries(), recorded.timeouts(), recorded.fallbacks()), (1, 1, 1));
    assert_eq!(recorded.rejections().iter().map(Rejection::policy).collect::<Vec<_>>(), ["l"]);
    assert_eq!((recorded.of("r").len(), recorded.of("nobody").len()), (2, 0));
    assert_eq!(recorded.take().len(), 5);
    assert_eq!(recorded.events(), []);
    let elsewhere = thread::spawn(limited).join().unwrap();
    assert!(elsewhere.is_err());
    assert_eq!(recorded.events(), [], "of another thread");
}

#[tokio::test]
async fn x08_states_are_forced_and_reset() {
    let (breaker, places, rate) = (CircuitBreaker::new(), Bulkhead::new(2), RateLimit::new(2));
    {
        let (_one, _two, _three) =
            (testing::force_open(&breaker), testing::force_open(&places), testing::force_open(&rate));
        assert!(breaker.try_acquire().is_err() && places.try_acquire().is_err() && rate.try_acquire().is_err());
    }
    assert!(breaker.try_acquire().is_ok() && places.try_acquire().is_ok() && rate.try_acquire().is_ok());
    {
        let _closed = testing::force_closed(&rate);
        assert!((0..9).all(|_| rate.try_acquire().is_ok()));
    }
    breaker.force_open();
    let fresh = testing::fresh(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    breaker.force_open();
    drop(fresh);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn x08a_all_of_a_name_or_of_a_path() {
    #[circuit_breaker(name = "x08a")]
    #[rate_limit(permits = 9, name = "x08a")]
    fn x08a_call() -> Answer {
        Ok(1)
    }
    #[bulkhead(max_concurrent = 1)]
    fn x08a_of_a_path() -> Answer {
        Ok(1)
    }
    let states = |name: &str| -> Vec<_> {
        let policies = steadfast::registry::policies();
        policies
            .iter()
            .filter(|policy| policy.name().ends_with(name))
            .filter_map(steadfast::registry::Policy::state)
            .collect()
    };
    let open = testing::force_open("x08a");
    assert_eq!(states("x08a"), ["forced_open"; 2]);
    drop(open);
    assert_eq!((states("x08a"), x08a_call()), (vec!["closed", "limited"], Ok(1)));
    let closed = testing::force_closed("x08a_of_a_path");
    assert_eq!(states("x08a_of_a_path"), ["forced_closed"]);
    drop(closed);
    assert_eq!((states("x08a_of_a_path"), x08a_of_a_path()), (vec!["limited"], Ok(1)));
    for (how, said) in [
        (testing::force_open::<str> as fn(&'static str) -> _, "no policy called `x08a_cal` can be forced open"),
        (testing::force_closed, "no policy called `x08a_cal` can be forced closed"),
        (testing::fresh, "no policy of this name can be reset"),
    ] {
        let panic = std::panic::catch_unwind(|| drop(how("x08a_cal"))).unwrap_err();
        let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        assert_eq!(text, Some(said));
    }
}

#[test]
fn x09_retries_without_delays_and_with_fewer_attempts() {
    #[retry(attempts = 5, backoff = fixed("1h"), max_delay = "1h")]
    fn call() -> Answer {
        Err(Error::Failed)
    }
    let sleeps = testing::record_sleeps();
    let faults = testing::inject("call", Fault::none());
    let attempts = || {
        let before = faults.calls();
        assert!(call().is_err());
        faults.calls() - before
    };
    {
        let _no_delays = testing::no_delays();
        assert_eq!(attempts(), 5);
        assert_eq!(sleeps.taken(), []);
        let three = testing::attempts(3);
        let nine = testing::attempts(9);
        assert_eq!(attempts(), 3, "the fewest");
        drop(three);
        assert_eq!(attempts(), 5, "never more than it says itself");
        drop(nine);
        let _none = testing::attempts(0);
        assert_eq!(attempts(), 1);
    }
    assert_eq!(attempts(), 5);
    assert_eq!(sleeps.taken().len(), 4);
    let _no_delays = testing::no_delays();
    let mut runs = 0;
    let _: Result<(), Error> = Retry::new().attempts(3).backoff(Backoff::fixed(SECOND)).call_blocking(|| {
        runs += 1;
        Err(Error::Failed)
    });
    assert_eq!((runs, sleeps.taken().len()), (3, 4), "values as well");
    assert_eq!(thread::spawn(|| testing::record_sleeps().taken().len()).join().unwrap(), 0);
}
