//! H8 to H13: a hedge among others, and what its calls share.

use super::hedge::{Calls, MS, SECOND, race};
use std::cell::Cell;
use std::sync::Mutex;
use std::time::Duration;
use steadfast::{
    CircuitBreaker, Flow, Hedge, Rejection, RetryBudget, State, circuit_breaker, fallback, hedge, retry, timeout,
};
use steadfast_tests::{Answer, Error, letter};
use tokio::time::sleep;

#[tokio::test(start_paused = true)]
async fn h08_policies_around_it_wrap_in_written_order() {
    race! {
        #[retry(attempts = 2, backoff = fixed("100ms"), jitter = none)]
        #[hedge(after = "50ms")]
        "20 F 20 F 1000 S 10 S" => 'S' 200 [0, 20, 140, 190],
        "20 F 20 F 20 I 20 F" => 'I' 180 [0, 20, 140, 160];

        #[hedge(after = "50ms")]
        #[retry(attempts = 2, backoff = fixed("100ms"), jitter = none)]
        // The first fails at 20 ms and tries again at 120 ms; the second starts at 50 ms.
        "20 F 1000 S 1000 S" => 'S' 1050 [0, 50, 120],
        "20 F 40 F 10 S 10 S" => 'S' 130 [0, 50, 120],
        "20 F 40 F 10 I 10 F" => 'I' 200 [0, 50, 120, 190];

        #[hedge(after = "100ms")]
        #[hedge(after = "50ms")]
        "1 T 1 T 1 T 10 S" => 'S' 160 [0, 50, 100, 150];

        #[hedge(after = "50ms")]
        #[hedge(after = "100ms")]
        "1 T 1 T 1 T 10 S" => 'S' 160 [0, 50, 100, 150],
        "20 F 10 S" => 'S' 30 [0, 20];

        #[fallback(Ok(0))]
        #[hedge(after = "50ms")]
        "20 F 30 F" => 'S' 50 [0, 20];

        // Beneath, it makes a success of each failure.
        #[hedge(after = "50ms")]
        #[fallback(Ok(0))]
        "20 F 10 F" => 'S' 20 [0],
        "90 F 10 F" => 'S' 60 [0, 50];

        #[circuit_breaker(failure_threshold = 1)]
        #[hedge(after = "50ms")]
        "20 F 10 S" => 'S' 30 [0, 20];
    }
}

#[tokio::test(start_paused = true)]
async fn h08a_a_fallback_beneath_is_part_of_each_call() {
    #[hedge(after = "50ms")]
    #[fallback(replica.run().await)]
    async fn call(calls: &Calls, replica: &Calls) -> Answer {
        calls.run().await
    }
    for (plan, replica, came_to, at, started) in [
        ("20 F", "10 S", 'S', 30, (vec![0], vec![20])),
        ("20 F", "10 F 10 S", 'S', 60, (vec![0, 30], vec![20, 50])),
        ("20 F 1 T", "100 S", 'S', 120, (vec![0, 50], vec![20])),
        ("60 F 1 T", "10 P", 'P', 70, (vec![0, 50], vec![60])),
    ] {
        let (calls, replica) = (Calls::new(plan), Calls::new(replica));
        assert_eq!((letter(&call(&calls, &replica).await), calls.now()), (came_to, at), "{plan}");
        assert_eq!((calls.went(), replica.went()), ((started.0, 0), (started.1, 0)), "{plan}");
    }
}

#[tokio::test(start_paused = true)]
async fn h08b_a_breaker_around_it_sees_one_call() {
    static AROUND: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    #[circuit_breaker(AROUND)]
    #[hedge(after = "50ms")]
    async fn call(calls: &Calls) -> Answer {
        calls.run().await
    }
    assert_eq!(call(&Calls::new("20 F 10 S")).await, Ok(2));
    assert_eq!(AROUND.state(), State::Closed);
    assert_eq!(call(&Calls::new("20 F")).await, Err(Error::Failed));
    assert_eq!(AROUND.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn h09_a_budget_limits_the_calls_that_are_added() {
    static BUDGET: RetryBudget = RetryBudget::new().ratio(0.5).min_per_second(0);
    #[hedge(after = "50ms", attempts = 3, budget = BUDGET)]
    async fn call(calls: &Calls) -> Answer {
        calls.run().await
    }
    // Half a call for each.
    let expected = [vec![0], vec![0, 50], vec![0], vec![0, 50]];
    for started in expected {
        let calls = Calls::new("200 S");
        assert_eq!(call(&calls).await, Ok(1), "the first goes on");
        assert_eq!((calls.now(), calls.went().0), (200, started));
    }
    let counts = BUDGET.counts();
    assert_eq!((counts.calls, counts.retries, counts.refused), (4, 2, 4));
    // Neither is one that was not needed taken for added.
    assert_eq!(call(&Calls::new("10 S")).await, Ok(1));
    assert_eq!(BUDGET.counts().retries, 2);
}

#[tokio::test(start_paused = true)]
async fn h14_after_a_percentile_of_its_own_calls() {
    #[hedge(after = percentile(0.5, min_calls = 4))]
    async fn call(calls: &Calls) -> Answer {
        calls.run().await
    }
    #[hedge(after = percentile(0.5, factor = 2.0, min = "30ms", max = "50ms", min_calls = 4), attempts = attempts)]
    #[timeout("1s")]
    async fn bounded(attempts: u32, calls: &Calls) -> Answer {
        calls.run().await
    }
    // Not known yet: none starts, but after a failure.
    let calls = Calls::new("1000 S");
    assert_eq!((call(&calls).await, calls.went()), (Ok(1), (vec![0], 0)));
    let calls = Calls::new("10 F 10 S");
    assert_eq!((call(&calls).await, calls.went()), (Ok(2), (vec![0, 10], 0)));
    assert_eq!(call(&Calls::new("10 S")).await, Ok(1));
    // The median is 10 ms, to within a 32nd; the timer rounds up to a millisecond.
    let calls = Calls::new("1000 S 5 S");
    assert_eq!((call(&calls).await, calls.went()), (Ok(2), (vec![0, 11], 0)));
    // At first the longest; both calls count.
    for _ in 0..2 {
        let calls = Calls::new("900 S 4 S");
        assert_eq!((bounded(2, &calls).await, calls.went()), (Ok(2), (vec![0, 50], 0)));
    }
    // And then the shortest that it may be.
    let calls = Calls::new("900 S 900 S 4 S");
    assert_eq!((bounded(3, &calls).await, calls.went()), (Ok(3), (vec![0, 30, 60], 0)));
}

#[tokio::test(start_paused = true)]
async fn h10_each_call_has_its_own_of_what_it_consumes() {
    #[hedge(after = "50ms", attempts = 3, clone(order))]
    async fn call(mut order: Vec<u32>, seen: &Mutex<Vec<Vec<u32>>>) -> Answer {
        order.push(4);
        let count = {
            let mut seen = seen.lock().unwrap();
            seen.push(order);
            seen.len()
        };
        sleep(if count < 3 { SECOND } else { 10 * MS }).await;
        Ok(3)
    }
    let seen = Mutex::default();
    assert_eq!(call(vec![1, 2, 3], &seen).await, Ok(3));
    assert_eq!(*seen.lock().unwrap(), vec![vec![1, 2, 3, 4]; 3]);
}

#[tokio::test(start_paused = true)]
async fn h10b_settings_are_expressions_that_are_evaluated_once() {
    struct Client {
        late: Duration,
        looked: Cell<u32>,
        budget: RetryBudget,
    }
    impl Client {
        fn late(&self) -> Duration {
            self.looked.set(self.looked.get() + 1);
            self.late
        }

        #[hedge(after = self.late(), attempts = limit + 1, budget = self.budget)]
        async fn call(&self, limit: u32, calls: &Calls) -> Answer {
            calls.run().await
        }
    }
    let client = Client { late: 20 * MS, looked: Cell::default(), budget: RetryBudget::new() };
    let calls = Calls::new("200 S");
    assert_eq!(client.call(2, &calls).await, Ok(1));
    assert_eq!((calls.went().0, client.looked.get(), client.budget.counts().retries), (vec![0, 20, 40], 1, 2));
}

#[tokio::test(start_paused = true)]
async fn h11_the_attempt_is_that_of_the_retry_around() {
    #[retry(attempts = 2, backoff = none)]
    #[hedge(after = "50ms")]
    async fn call(seen: &Mutex<Vec<u32>>) -> Answer {
        seen.lock().unwrap().push(steadfast::attempt());
        sleep(60 * MS).await;
        seen.lock().unwrap().push(steadfast::attempt());
        Err(Error::Failed)
    }
    let seen = Mutex::default();
    assert_eq!(call(&seen).await, Err(Error::Failed));
    assert_eq!(*seen.lock().unwrap(), [1, 1, 1, 1, 2, 2, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn h12_the_value_does_the_same() {
    static HEDGE: Hedge = Hedge::new(Duration::from_millis(50)).attempts(3).name("replicas");
    static REPLICAS: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    for (plan, came_to, at, started) in [
        ("1000 S 10 S", 'S', 60, vec![0, 50]),
        ("10 S", 'S', 10, vec![0]),
        ("20 I 10 F", 'I', 40, vec![0, 20, 30]),
        ("20 P", 'P', 20, vec![0]),
    ] {
        let calls = Calls::new(plan);
        assert_eq!(letter(&HEDGE.call(|| calls.run()).await), came_to, "{plan}");
        assert_eq!((calls.now(), calls.went()), (at, (started, 0)), "{plan}");
    }
    let calls = Calls::new("1000 S 10 S");
    assert_eq!(HEDGE.try_call(|| REPLICAS.try_call(calls.run())).await, Flow::Returned(Ok(2)));
    assert_eq!(HEDGE.policy(), "replicas");
    let calls = Calls::new("20 P 10 S");
    assert_eq!(HEDGE.when(|error| *error == Error::Permanent).call(|| calls.run()).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn h13_of_any_return_type() {
    #[hedge(after = "50ms", on(None))]
    async fn option(calls: &Calls) -> Option<u32> {
        calls.run().await.ok()
    }
    #[hedge(after = "50ms")]
    async fn plain(calls: &Calls) -> u32 {
        calls.run().await.unwrap_or_default()
    }
    #[hedge(after = "50ms")]
    async fn boxed(calls: &Calls) -> Result<Box<dyn Send>, Box<dyn std::error::Error + Send + Sync>> {
        calls.run().await?;
        Ok(Box::new(1))
    }
    #[hedge(after = "50ms")]
    #[timeout("1s")]
    async fn rejecting(calls: &Calls) -> Result<u32, Rejection> {
        calls.run().await.map_err(Error::rejection)
    }
    let calls = Calls::new("20 F 10 S");
    assert_eq!((option(&calls).await, calls.now()), (Some(2), 30));
    let calls = Calls::new("20 F 10 S");
    assert_eq!((plain(&calls).await, calls.now()), (0, 20), "every value is a success");
    let calls = Calls::new("20 F 10 S");
    assert!(boxed(&calls).await.is_ok());
    assert_eq!(rejecting(&Calls::new("1000 S 10 S")).await, Ok(2));
}
