//! Retries beneath retries: each has all its attempts, or leaves them to the one around.

use std::cell::RefCell;

use steadfast::{Backoff, GiveUp, Nested, Retry, RetryBudget, retry};
use steadfast_tests::{Answer, Error, Script};

/// Three functions that call each other, each with three attempts.
macro_rules! levels {
    ($($nested:tt)*) => {{
        #[retry(attempts = 3, backoff = none $($nested)*)]
        async fn top(script: &Script) -> Answer {
            middle(script).await
        }
        #[retry(attempts = 3, backoff = none $($nested)*)]
        async fn middle(script: &Script) -> Answer {
            bottom(script).await
        }
        #[retry(attempts = 3, backoff = none $($nested)*)]
        async fn bottom(script: &Script) -> Answer {
            script.run().await
        }
        #[retry(attempts = 3, backoff = none $($nested)*)]
        fn top_blocking(script: &Script) -> Answer {
            middle_blocking(script)
        }
        #[retry(attempts = 3, backoff = none $($nested)*)]
        fn middle_blocking(script: &Script) -> Answer {
            bottom_blocking(script)
        }
        #[retry(attempts = 3, backoff = none $($nested)*)]
        fn bottom_blocking(script: &Script) -> Answer {
            script.run_blocking()
        }
        let runs = [Script::new("F"), Script::new("F"), Script::new("F"), Script::new("F")];
        assert_eq!(top(&runs[0]).await, Err(Error::Failed));
        assert_eq!(top_blocking(&runs[1]), Err(Error::Failed));
        // Alone it has all its attempts.
        assert_eq!(bottom(&runs[2]).await, Err(Error::Failed));
        assert_eq!(bottom_blocking(&runs[3]), Err(Error::Failed));
        runs.map(|script| script.runs())
    }};
}

#[tokio::test(start_paused = true)]
async fn r19_three_levels() {
    assert_eq!(levels!(), [27, 27, 3, 3]);
    assert_eq!(levels!(, nested = multiply), [27, 27, 3, 3]);
    assert_eq!(levels!(, nested = once), [3, 3, 3, 3]);
}

#[tokio::test(start_paused = true)]
async fn r19b_within_one_stack() {
    #[retry(attempts = 2, backoff = none)]
    #[retry(attempts = 5, backoff = none, nested = once)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(attempts = 2, backoff = none)]
    #[retry(attempts = 5, backoff = none, nested = once)]
    fn call_blocking(script: &Script) -> Answer {
        script.run_blocking()
    }
    let (script, blocking) = (Script::new("F"), Script::new("F"));
    assert!(call(&script).await.is_err() && call_blocking(&blocking).is_err());
    assert_eq!((script.runs(), blocking.runs()), (2, 2));
}

/// The retry around goes with the call, and not with the thread: what runs beside it, or after it, has its attempts.
#[tokio::test(start_paused = true)]
async fn r19c_only_beneath() {
    #[retry(attempts = 3, nested = once)]
    async fn inner(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(attempts = 2)]
    async fn outer(script: &Script) -> Answer {
        tokio::task::yield_now().await;
        inner(script).await
    }
    let (beneath, beside, after) = (Script::new("F"), Script::new("F"), Script::new("F"));
    let (one, two) = tokio::join!(outer(&beneath), inner(&beside));
    assert!(one.is_err() && two.is_err() && inner(&after).await.is_err());
    assert_eq!((beneath.runs(), beside.runs(), after.runs()), (2, 3, 3));

    // Nor in another task, which outlives the attempt.
    #[retry(attempts = 2)]
    async fn spawns() -> Result<(), usize> {
        let task = tokio::spawn(async {
            let script = Script::new("F");
            inner(&script).await.unwrap_err();
            script.runs()
        });
        Err(task.await.unwrap())
    }
    assert_eq!(spawns().await, Err(3));
}

/// What is passed through is not seen: the attempt is that of the retry at work, and the reason is told.
#[tokio::test(start_paused = true)]
async fn r19d_attempts_and_reasons() {
    type Told = RefCell<Vec<(u32, GiveUp)>>;
    #[retry(nested = once, on_give_up = |event| told.borrow_mut().push((event.attempts, event.reason)))]
    async fn inner(told: &Told, seen: &mut Vec<u32>) -> Answer {
        seen.push(steadfast::attempt());
        Err(if seen.len() < 3 { Error::Failed } else { Error::Permanent })
    }
    #[retry(attempts = 4)]
    async fn outer(told: &Told, seen: &mut Vec<u32>) -> Answer {
        inner(told, seen).await
    }
    let (told, mut seen) = (Told::default(), Vec::new());
    assert_eq!(outer(&told, &mut seen).await, Err(Error::Permanent));
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(told.take(), [(1, GiveUp::Nested), (1, GiveUp::Nested), (1, GiveUp::NotRetryable)]);
    assert_eq!(steadfast::attempt(), 1);
}

#[tokio::test(start_paused = true)]
async fn r19e_shared_policies_and_values() {
    static THREE: Retry = Retry::new().backoff(Backoff::NONE);
    static ONCE: Retry = THREE.nested(Nested::Once);

    #[retry(THREE, nested = once)]
    async fn by_attribute(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(ONCE)]
    async fn by_policy(script: &Script) -> Answer {
        script.run().await
    }
    #[retry(ONCE, nested = multiply)]
    async fn not_any_more(script: &Script) -> Answer {
        script.run().await
    }
    let scripts: Vec<_> = (0..4).map(|_| Script::new("F")).collect();
    assert!(THREE.call(|| by_attribute(&scripts[0])).await.is_err());
    assert!(THREE.call(|| by_policy(&scripts[1])).await.is_err());
    assert!(THREE.call(|| not_any_more(&scripts[2])).await.is_err());
    assert!(THREE.call_local(async || ONCE.call(|| scripts[3].run()).await).await.is_err());
    assert_eq!(scripts.iter().map(Script::runs).collect::<Vec<_>>(), [3, 3, 9, 3]);
}

/// What leaves its retries to another asks no budget and counts no call.
#[tokio::test(start_paused = true)]
async fn r19f_beside_a_budget() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(2.0).min_per_second(0);
    #[retry(backoff = none, budget = BUDGET)]
    async fn outer(script: &Script) -> Answer {
        inner(script).await
    }
    #[retry(backoff = none, budget = BUDGET, nested = once)]
    async fn inner(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("F");
    assert!(outer(&script).await.is_err());
    let counts = BUDGET.counts();
    assert_eq!((script.runs(), counts.calls, counts.retries, counts.refused), (3, 1, 2, 0));
}
