//! What `#[outcome]` says once for the whole stack.

use std::time::Duration;

use steadfast::{CircuitBreaker, State, circuit_breaker, fallback, outcome, retry, timeout};
use steadfast_tests::{Answer, Error, Script};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Response {
    status: u16,
    hint: Option<Duration>,
}

#[tokio::test(start_paused = true)]
async fn f07_one_outcome_for_the_stack() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(3);
    const BUSY: Response = Response { status: 503, hint: Some(SECOND) };
    const DEFAULT: Response = Response { status: 200, hint: None };

    #[outcome(on(Ok(r) if r.status >= 500), retry_after(Ok(r) => r.hint))]
    #[fallback(Ok(DEFAULT))]
    #[retry(attempts = 3, backoff = none)]
    #[circuit_breaker(BREAKER)]
    async fn call(response: Response, script: &Script) -> Result<Response, Error> {
        script.run().await.map(|_| response)
    }
    let script = Script::new("S");
    assert_eq!(call(BUSY, &script).await, Ok(DEFAULT));
    assert_eq!(script.delays(), [SECOND, SECOND]);
    assert_eq!(BREAKER.state(), State::Open);
    assert_eq!(call(BUSY, &script).await, Ok(DEFAULT), "the open circuit is handled as well");
    assert_eq!(script.runs(), 3);
    BREAKER.reset();
    let missing = Response { status: 404, hint: None };
    assert_eq!(call(missing, &script).await, Ok(missing));
}

#[tokio::test(start_paused = true)]
async fn f07a_wherever_it_stands() {
    macro_rules! runs {
        ($(#[$($attribute:tt)*])*) => {{
            $(#[$($attribute)*])*
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            let script = Script::new("SI");
            (call(&script).await, script.runs())
        }};
    }
    let expected = (Err(Error::Io), 2);
    assert_eq!(runs!(#[outcome(on(Ok(1)), ignore(Err(_)))] #[retry(backoff = none)] #[timeout("1s")]), expected);
    assert_eq!(runs!(#[retry(backoff = none)] #[outcome(on(Ok(1)), ignore(Err(_)))] #[timeout("1s")]), expected);
    assert_eq!(runs!(#[retry(backoff = none)] #[timeout("1s")] #[outcome(on(Ok(1)), ignore(Err(_)))]), expected);
}

#[tokio::test(start_paused = true)]
async fn f07e_one_policy_sees_it_otherwise() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    #[outcome(on(Ok(1)))]
    #[retry(attempts = 2, backoff = none)]
    #[circuit_breaker(BREAKER, on(Ok(7)))]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("S");
    assert_eq!(call(&script).await, Ok(2));
    assert_eq!(BREAKER.state(), State::Closed, "for the breaker only 7 is a failure");
}

#[tokio::test(start_paused = true)]
async fn f07f_hints_of_the_outcome_and_of_the_retry() {
    macro_rules! delay {
        ($(#[$($attribute:tt)*])*) => {{
            $(#[$($attribute)*])*
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            let script = Script::new("F");
            assert!(call(&script).await.is_err());
            script.delays()
        }};
    }
    let second = SECOND;
    assert_eq!(delay!(#[outcome(retry_after = |_| Some(SECOND))] #[retry(attempts = 2, backoff = none)]), [second]);
    assert_eq!(
        delay!(
            #[outcome(retry_after(Err(_) => SECOND))]
            #[retry(attempts = 2, backoff = none, retry_after(Err(_) => 2 * SECOND))]
        ),
        [second * 2]
    );
}
