//! A budget that calls share: how many of them may call again.

use std::cell::RefCell;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{GiveUp, Jitter, Retry, RetryBudget, Timeout, retry, testing, timeout};
use steadfast_tests::{Answer, Error, SLOW, Script, pass, poll_once};

const fn none() -> RetryBudget {
    RetryBudget::new().ratio(0.0).min_per_second(0)
}
const fn one_each() -> RetryBudget {
    RetryBudget::new().ratio(1.0).min_per_second(0)
}

fn counts(budget: &RetryBudget) -> (u64, u64, u64) {
    let counts = budget.counts();
    (counts.calls, counts.retries, counts.refused)
}

#[tokio::test(start_paused = true)]
async fn r14_an_empty_budget() {
    static EMPTY: RetryBudget = none();

    #[retry(attempts = 5, budget = EMPTY)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(attempts = 5, budget = EMPTY)]
    fn call_blocking(script: &Script) -> Answer {
        script.run_blocking()
    }
    let (script, blocking) = (Script::new("FS"), Script::new("IS"));
    assert_eq!(call(&script).await, Err(Error::Failed));
    assert_eq!(call_blocking(&blocking), Err(Error::Io));
    assert_eq!((script.runs(), blocking.runs(), script.elapsed()), (1, 1, Duration::ZERO));
    assert_eq!(counts(&EMPTY), (2, 0, 2));
    assert!(EMPTY.is_exhausted());
}

#[tokio::test(start_paused = true)]
async fn r14b_the_last_outcome_is_the_outcome() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(2.0).min_per_second(0);

    #[retry(attempts = 9, budget = BUDGET, on(Ok(_)))]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    // Two retries for the one call; the value that is not wanted is what comes back.
    assert_eq!(call(&Script::new("FIS")).await, Ok(3));
    assert_eq!(counts(&BUDGET), (1, 2, 1));
    // What is not retried anyhow takes nothing.
    assert_eq!(call(&Script::new("P")).await, Err(Error::Permanent));
    assert_eq!(call(&Script::new("FFP")).await, Err(Error::Permanent));
    assert_eq!(counts(&BUDGET), (3, 4, 1));
    assert_eq!(BUDGET.balance(), 2);
}

#[tokio::test(start_paused = true)]
async fn r14c_hooks_are_told() {
    static EMPTY: RetryBudget = none();
    let told = RefCell::new(Vec::new());
    #[retry(
        budget = EMPTY,
        on_retry = |event| panic!("{event:?}"),
        on_give_up = |event| told.borrow_mut().push((event.attempts, event.reason))
    )]
    async fn call(script: &Script, told: &RefCell<Vec<(u32, GiveUp)>>) -> Answer {
        script.run().await
    }
    assert!(call(&Script::new("F"), &told).await.is_err());
    assert!(call(&Script::new("P"), &told).await.is_err());
    assert_eq!(told.take(), [(1, GiveUp::Budget), (1, GiveUp::NotRetryable)]);
}

/// The same budget for functions and values of every kind.
#[tokio::test(start_paused = true)]
async fn r14d_one_budget_for_all_who_share_it() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.1).min_per_second(0).name("upstream");
    static POLICY: Retry = Retry::new().attempts(2).jitter(Jitter::None).budget(&BUDGET);

    #[retry(budget = BUDGET)]
    async fn one(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(budget = &BUDGET)]
    fn two(script: &Script) -> Answer {
        script.run_blocking()
    }
    #[retry(POLICY)]
    async fn three(script: &Script) -> Answer {
        script.run().await
    }
    let _sleeps = testing::advance_on_sleep();
    for _ in 0..7 {
        one(&Script::new("S")).await.unwrap();
        two(&Script::new("S")).unwrap();
        three(&Script::new("S")).await.unwrap();
        POLICY.call(|| async { Ok::<_, Error>(()) }).await.unwrap();
    }
    assert_eq!(counts(&BUDGET), (28, 0, 0));
    // The calls that fail count as well: with these four there are 32.
    let scripts: Vec<_> = (0..3).map(|_| Script::new("FF")).collect();
    assert!(one(&scripts[0]).await.is_err());
    assert!(two(&scripts[1]).is_err());
    assert!(three(&scripts[2]).await.is_err());
    assert!(POLICY.call(|| async { Err::<(), _>(Error::Failed) }).await.is_err());
    assert_eq!(scripts.iter().map(Script::runs).collect::<Vec<_>>(), [3, 2, 1]);
    assert_eq!(counts(&BUDGET), (32, 3, 3));
}

struct Client {
    budget: RetryBudget,
    shared: Arc<RetryBudget>,
    calls: u32,
}

impl Client {
    #[retry(attempts = 9, backoff = none, budget = self.budget)]
    async fn by_field(&self, script: &Script) -> Answer {
        script.run().await
    }

    #[retry(attempts = 9, backoff = none, budget = self.shared)]
    fn by_arc(&mut self, script: &Script) -> Answer {
        self.calls += 1;
        script.run_blocking()
    }
}

#[tokio::test(start_paused = true)]
async fn r14e_a_budget_by_field_argument_and_arc() {
    static PATIENT: Retry = Retry::new().attempts(9).backoff(steadfast::Backoff::NONE);

    #[retry(PATIENT, budget = budget, on(Err(Error::Failed)))]
    async fn by_argument(budget: &RetryBudget, script: &Script) -> Answer {
        script.run().await
    }
    let mut client = Client { budget: one_each(), shared: Arc::new(one_each()), calls: 0 };
    let scripts: Vec<_> = (0..4).map(|_| Script::new("F")).collect();
    assert!(client.by_field(&scripts[0]).await.is_err());
    assert!(client.by_arc(&scripts[1]).is_err());
    assert!(by_argument(&client.budget, &scripts[2]).await.is_err());
    assert!(by_argument(&client.shared, &Script::new("I")).await.is_err());
    assert_eq!([&scripts[0], &scripts[1], &scripts[2]].map(Script::runs), [2, 2, 2]);
    assert_eq!(counts(&client.budget), (2, 2, 2));
    assert_eq!((counts(&client.shared), client.calls), ((2, 1, 1), 2));
}

/// That of the function counts in the place of the policy's own.
#[tokio::test(start_paused = true)]
async fn r14f_two_budgets() {
    static OF_POLICY: RetryBudget = one_each();
    static OF_FUNCTION: RetryBudget = none();
    static POLICY: Retry = Retry::new().budget(&OF_POLICY);

    #[retry(POLICY, budget = OF_FUNCTION)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("F");
    assert!(call(&script).await.is_err());
    assert_eq!((script.runs(), counts(&OF_POLICY), counts(&OF_FUNCTION)), (1, (0, 0, 0), (1, 0, 1)));
}

/// Nothing is taken for a retry that other limits rule out.
#[tokio::test(start_paused = true)]
async fn r14g_taken_last() {
    static BUDGET: RetryBudget = one_each();

    #[timeout("1s")]
    #[retry(budget = BUDGET, backoff = fixed("1s"), jitter = none)]
    async fn deadline(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(budget = BUDGET, max_duration = "1s", backoff = fixed("1s"), jitter = none)]
    async fn max_duration(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(budget = BUDGET, attempts = 1)]
    async fn attempts(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(budget = BUDGET, retry_after = |_| Duration::MAX)]
    async fn hint(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("F");
    assert!(deadline(&script).await.is_err());
    assert!(max_duration(&script).await.is_err());
    assert!(attempts(&script).await.is_err());
    assert!(hint(&script).await.is_err());
    assert_eq!((script.runs(), counts(&BUDGET)), (4, (4, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn r14h_given_back_by_those_who_go_away() {
    static BUDGET: RetryBudget = one_each();

    #[retry(budget = BUDGET, backoff = fixed("1s"), jitter = none)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FT");
    {
        let mut call = pin!(call(&script));
        assert!(poll_once(call.as_mut()).is_pending());
        assert_eq!((BUDGET.counts().retries, BUDGET.balance()), (1, 0));
    }
    assert_eq!((BUDGET.counts().retries, BUDGET.balance()), (0, 1));
    // A foreign timeout during the delay, and a task that is aborted.
    assert!(tokio::time::timeout(SLOW / 2, call(&Script::new("F"))).await.is_err());
    let task = tokio::spawn(async { call(&Script::new("F")).await });
    tokio::task::yield_now().await;
    assert_eq!(BUDGET.counts().retries, 1);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!((BUDGET.counts().retries, BUDGET.balance()), (0, 3));
    // A retry that has begun has been used, whatever becomes of it.
    {
        let mut call = pin!(call(&script));
        assert!(poll_once(call.as_mut()).is_pending());
    }
    let mut hangs = Box::pin(call(&script));
    assert!(poll_once(hangs.as_mut()).is_pending());
    drop(hangs);
    assert_eq!((script.runs(), counts(&BUDGET)), (3, (5, 0, 0)));
    let two = Script::new("FT");
    let mut hangs = Box::pin(call(&two));
    assert!(poll_once(hangs.as_mut()).is_pending());
    tokio::time::advance(SLOW).await;
    assert!(poll_once(hangs.as_mut()).is_pending());
    assert_eq!(two.runs(), 2);
    drop(hangs);
    assert_eq!(BUDGET.counts().retries, 1);
}

/// An outage: every call fails, and the load on what is down is a tenth above that of the calls.
#[tokio::test(start_paused = true)]
async fn r14i_the_window_slides() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.1).min_per_second(0).window(Duration::from_secs(10));

    #[retry(attempts = 4, backoff = none, budget = BUDGET)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let up = Script::new("S");
    for _ in 0..1_000 {
        call(&up).await.unwrap();
    }
    pass(Duration::from_millis(10_001));
    let down = Script::new("F");
    for _ in 0..100 {
        call(&down).await.unwrap_err();
    }
    // The thousand are forgotten.
    assert_eq!(down.runs(), 110);
}

#[tokio::test(start_paused = true)]
async fn r14j_rejections_take_from_it_as_well() {
    static BUDGET: RetryBudget = one_each();

    #[retry(attempts = 9, backoff = none, budget = BUDGET)]
    #[timeout("1s")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("T");
    assert!(call(&script).await.unwrap_err().rejection().is_timeout());
    assert_eq!((script.runs(), counts(&BUDGET)), (2, (1, 1, 1)));

    let policy = Retry::new().budget(&BUDGET);
    let limit = Timeout::new(SLOW);
    let outcome = policy.try_call(|| limit.try_call(script.run())).await;
    assert!(matches!(outcome, steadfast::Flow::Rejected(_)));
    assert_eq!((script.runs(), counts(&BUDGET)), (4, (2, 2, 2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn r14k_a_thousand_at_once() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.25).min_per_second(0).window(Duration::from_secs(3_600));

    #[retry(attempts = 3, backoff = none, budget = BUDGET)]
    async fn call(script: Arc<Script>) -> Answer {
        script.run().await
    }
    let script = Arc::new(Script::new("F"));
    let calls: Vec<_> = (0..1_000).map(|_| tokio::spawn(call(Arc::clone(&script)))).collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Err(Error::Failed));
    }
    let counts = BUDGET.counts();
    assert_eq!((counts.calls, counts.retries), (1_000, script.runs() as u64 - 1_000));
    // Early calls may have come before there was a whole retry; the rest is left, and no more.
    assert_eq!(counts.retries + BUDGET.balance(), 250);
    assert!(counts.retries <= 250);
}
