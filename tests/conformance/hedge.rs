//! When another call starts, which one wins, and what becomes of the others.

use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

use steadfast::{Bulkhead, CircuitBreaker, State, bulkhead, circuit_breaker, hedge, outcome, rate_limit, timeout};
use steadfast_tests::{Answer, Error, letter, poll_once};
use tokio::time::{Instant, sleep};

pub(super) const MS: Duration = Duration::from_millis(1);
pub(super) const SECOND: Duration = Duration::from_secs(1);

/// What each call does: how many milliseconds it takes, and then a letter, as in a script; `T` hangs. The last stands for
/// all that follow.
pub(super) struct Calls {
    plan: Vec<(u64, char)>,
    began: Instant,
    started: Mutex<Vec<u64>>,
    ended: Mutex<Vec<usize>>,
}

/// Notes how a call goes away: with an answer or without.
struct Under<'c> {
    calls: &'c Calls,
    number: usize,
}

impl Drop for Under<'_> {
    fn drop(&mut self) {
        self.calls.ended.lock().unwrap().push(self.number);
    }
}

impl Calls {
    /// `"1000 S 10 F"`
    pub(super) fn new(plan: &str) -> Self {
        let words: Vec<&str> = plan.split_whitespace().collect();
        let plan = words.chunks(2).map(|pair| (pair[0].parse().unwrap(), pair[1].parse().unwrap())).collect();
        Self { plan, began: Instant::now(), started: Mutex::default(), ended: Mutex::default() }
    }

    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    pub(super) async fn run(&self) -> Answer {
        let number = {
            let mut started = self.started.lock().unwrap();
            started.push(self.now());
            started.len()
        };
        let _under = Under { calls: self, number };
        let (takes, letter) = self.plan[(number - 1).min(self.plan.len() - 1)];
        if takes > 0 {
            sleep(Duration::from_millis(takes)).await;
        }
        match letter {
            'S' => Ok(u32::try_from(number).unwrap()),
            'F' => Err(Error::Failed),
            'I' => Err(Error::Io),
            'A' => Err(Error::After(100 * MS)),
            'L' => Err(Error::Throttled(None)),
            'H' => Err(Error::Throttled(Some(100 * MS))),
            'P' => Err(Error::Permanent),
            'N' => Err(Error::Neutral),
            _ => pending().await,
        }
    }

    /// When the calls started; how many are still under way.
    pub(super) fn went(&self) -> (Vec<u64>, usize) {
        let started = self.started.lock().unwrap().clone();
        let under_way = started.len() - self.ended.lock().unwrap().len();
        (started, under_way)
    }
}

/// Runs a function over each of some plans: the letter that it comes to, when, and when its calls started. None of them
/// is left when it has.
macro_rules! race {
    (@ [$($attributes:tt)*] $plan:literal $letter:literal $at:literal $started:expr) => {{
        $($attributes)*
        async fn call(calls: &Calls) -> Answer {
            calls.run().await
        }
        let calls = Calls::new($plan);
        let answer = call(&calls).await;
        let came_to = (letter(&answer), calls.now(), calls.went());
        let expected: &[u64] = &$started;
        assert_eq!(came_to, ($letter, $at, (expected.to_vec(), 0)), "{} over {}", stringify!($($attributes)*), $plan);
    }};
    (@@ $attributes:tt $($plan:literal $letter:literal $at:literal $started:expr),+) => {
        $(race!(@ $attributes $plan $letter $at $started);)+
    };
    ($($(#[$($attribute:tt)*])+ $($plan:literal => $letter:literal $at:literal $started:expr),+;)+) => {
        $(race!(@@ [$(#[$($attribute)*])+] $($plan $letter $at $started),+);)+
    };
}
pub(super) use race;

#[tokio::test(start_paused = true)]
async fn h01_h02_another_call_starts_when_the_first_is_late() {
    race! {
        #[hedge(after = "50ms")]
        "1000 S 10 S" => 'S' 60 [0, 50],
        "10 S" => 'S' 10 [0],
        "50 S" => 'S' 50 [0],
        "1000 S 1000 S" => 'S' 1000 [0, 50];

        #[hedge(after = "50ms", attempts = 4)]
        "1000 S" => 'S' 1000 [0, 50, 100, 150],
        "1000 S 1000 S 1000 S 10 S" => 'S' 160 [0, 50, 100, 150],
        "0 S" => 'S' 0 [0];

        #[hedge(after = "0s", attempts = 3)]
        "30 S 20 S 10 S" => 'S' 10 [0, 0, 0],
        "0 S" => 'S' 0 [0];

        #[hedge(after = Duration::MAX, attempts = u32::MAX)]
        "1000 S" => 'S' 1000 [0];

        #[hedge(after = 50 * MS, attempts = u32::MIN)]
        "1000 S" => 'S' 1000 [0];
    }
}

#[tokio::test(start_paused = true)]
async fn h01b_the_answer_is_that_of_the_call_that_wins() {
    #[hedge(after = "50ms", attempts = 3)]
    async fn call(calls: &Calls) -> Answer {
        calls.run().await
    }
    for (plan, number) in [("70 S 1000 S", 1), ("1000 S 10 S", 2), ("1000 S 1000 S 10 S", 3), ("60 S 10 S", 1)] {
        let calls = Calls::new(plan);
        assert_eq!(call(&calls).await, Ok(number), "{plan}");
    }
}

#[tokio::test(start_paused = true)]
async fn h03_a_failure_waits_and_starts_the_next_at_once() {
    race! {
        #[hedge(after = "50ms")]
        "20 F 10 S" => 'S' 30 [0, 20],
        "0 F 10 S" => 'S' 10 [0, 0],
        "60 F 20 S" => 'S' 70 [0, 50],
        "90 S 10 F" => 'S' 90 [0, 50],
        // All fail: the outcome of the first.
        "20 I 10 F" => 'I' 30 [0, 20],
        "90 I 10 F" => 'I' 90 [0, 50],
        "0 I 0 F" => 'I' 0 [0, 0];

        #[hedge(after = "50ms", attempts = 3)]
        "1000 S 10 F 10 S" => 'S' 70 [0, 50, 60],
        // Only the failure of the newest does.
        "60 F 100 S 200 S" => 'S' 150 [0, 50, 100],
        "60 I 5 F 100 F" => 'I' 155 [0, 50, 55];
    }
}

#[tokio::test(start_paused = true)]
async fn h03b_answers_win_and_filters_say_what_is_one() {
    race! {
        #[hedge(after = "50ms")]
        "20 P 10 S" => 'P' 20 [0],
        "20 N 10 S" => 'N' 20 [0],
        "1000 S 10 N" => 'S' 1000 [0, 50],
        "60 N 20 S" => 'S' 70 [0, 50],
        "1000 S 10 P" => 'P' 60 [0, 50];

        #[hedge(after = "50ms", ignore(Err(Error::Failed)))]
        "20 F 10 S" => 'F' 20 [0],
        "1000 S 10 F" => 'S' 1000 [0, 50],
        "20 I 10 S" => 'S' 30 [0, 20];

        #[hedge(after = "50ms", on(Err(Error::Io)))]
        "20 F 10 S" => 'F' 20 [0],
        "20 I 10 S" => 'S' 30 [0, 20];

        #[hedge(after = "50ms", on(Ok(1)))]
        "20 S 10 S" => 'S' 30 [0, 20],
        "20 P 10 S" => 'P' 20 [0];

        #[hedge(after = "50ms", when = |error| *error == Error::Permanent)]
        "20 F 10 S" => 'F' 20 [0],
        "20 P 10 S" => 'S' 30 [0, 20];

        #[hedge(after = "50ms")]
        #[outcome(on(Err(Error::Permanent)))]
        "20 F 10 S" => 'F' 20 [0],
        "20 P 10 S" => 'S' 30 [0, 20];
    }
}

#[tokio::test(start_paused = true)]
async fn h03c_a_server_that_asks_for_less_is_not_asked_sooner() {
    race! {
        #[hedge(after = "50ms")]
        "20 L 10 S" => 'S' 60 [0, 50],
        "0 L 10 S" => 'S' 60 [0, 50],
        "20 H 10 S" => 'S' 130 [0, 120],
        "20 A 10 S" => 'S' 130 [0, 120];

        #[hedge(after = "50ms", retry_after = |_| 200 * MS)]
        "20 F 10 S" => 'S' 230 [0, 220];

        #[hedge(after = "50ms", retry_after = |_| 11 * SECOND)]
        "20 F 10 S" => 'F' 20 [0];

        #[timeout("100ms")]
        #[hedge(after = "50ms")]
        "20 H 10 S" => 'L' 20 [0];
    }
}

#[tokio::test(start_paused = true)]
async fn h04_no_rejection_is_good() {
    race! {
        #[hedge(after = "50ms")]
        #[timeout("30ms")]
        "1 T 10 S" => 'S' 40 [0, 30],
        "1 T" => 'T' 60 [0, 30];

        #[hedge(after = "50ms")]
        #[timeout("80ms")]
        "1 T 40 S" => 'S' 90 [0, 50],
        "1 T" => 'T' 130 [0, 50];

        // The second is turned away at once, and the first still wins.
        #[hedge(after = "50ms")]
        #[bulkhead(max_concurrent = 1)]
        "80 S" => 'S' 80 [0];

        #[hedge(after = "50ms")]
        #[rate_limit(permits = 1)]
        "80 S" => 'S' 80 [0];

        // The bulkhead has a place again at the next `after`.
        #[hedge(after = "50ms", attempts = 3)]
        #[bulkhead(max_concurrent = 1)]
        "80 F 10 S" => 'S' 110 [0, 100];

        // A permit in a tenth of a second, at 100 ms: not at 70 ms, when the first has failed.
        #[hedge(after = "50ms", attempts = 3)]
        #[rate_limit(permits = 10, burst = 1)]
        "70 F 10 S" => 'S' 110 [0, 100];
    }
}

#[tokio::test(start_paused = true)]
async fn h04b_an_open_circuit_ends_it() {
    static REPLICAS: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    #[hedge(after = "50ms", attempts = 5)]
    #[circuit_breaker(REPLICAS)]
    async fn call(calls: &Calls) -> Answer {
        calls.run().await
    }
    // The first opens it, the second is turned away: the outcome is that of the first.
    let calls = Calls::new("20 F 10 S");
    assert_eq!(call(&calls).await, Err(Error::Failed));
    assert_eq!((calls.now(), calls.went().0), (20, vec![0]));
    assert!(call(&calls).await.unwrap_err().rejection().is_circuit_open());
    assert_eq!(REPLICAS.counts().rejected, 2);
    // Half-open: the first is the probe, and the second has no place.
    sleep(30 * SECOND).await;
    let calls = Calls::new("80 S");
    assert_eq!(call(&calls).await, Ok(1));
    assert_eq!((calls.now(), calls.went().0), (80, vec![0]));
    assert_eq!(REPLICAS.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn h05_a_call_that_lost_is_no_failure_to_a_breaker() {
    static REPLICAS: CircuitBreaker =
        CircuitBreaker::new().failure_threshold(1).reset_timeout(SECOND).max_probes(2).success_threshold(2);
    #[hedge(after = "50ms")]
    #[circuit_breaker(REPLICAS, abandoned = failure)]
    async fn call(calls: &Calls) -> Answer {
        calls.run().await
    }
    assert_eq!(call(&Calls::new("1000 S 10 S")).await, Ok(2));
    assert_eq!((REPLICAS.state(), REPLICAS.counts().consecutive_failures), (State::Closed, 0));
    // Nor while half-open.
    assert_eq!(call(&Calls::new("20 F")).await, Err(Error::Failed));
    sleep(SECOND).await;
    assert_eq!(call(&Calls::new("1000 S 10 S")).await, Ok(2));
    let counts = REPLICAS.counts();
    assert_eq!((REPLICAS.state(), counts.probes, counts.probe_successes), (State::HalfOpen, 0, 1));
    assert_eq!(call(&Calls::new("1000 S 10 S")).await, Ok(2));
    assert_eq!(REPLICAS.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn h05b_unless_it_was_slow_or_timed_out() {
    static SLOW: CircuitBreaker = CircuitBreaker::new().slow_call(Duration::from_millis(40)).min_calls(2);
    #[hedge(after = "50ms")]
    #[circuit_breaker(SLOW)]
    async fn slow(calls: &Calls) -> Answer {
        calls.run().await
    }
    assert_eq!(slow(&Calls::new("1000 S 10 S")).await, Ok(2));
    assert_eq!((SLOW.counts().slow, SLOW.counts().calls), (1, 2));

    static LATE: CircuitBreaker = CircuitBreaker::new().failure_threshold(2);
    #[timeout("80ms")]
    #[hedge(after = "50ms")]
    #[circuit_breaker(LATE)]
    async fn late(calls: &Calls) -> Answer {
        calls.run().await
    }
    let calls = Calls::new("1 T");
    assert_eq!(letter(&late(&calls).await), 'T');
    assert_eq!((calls.now(), calls.went()), (80, (vec![0, 50], 0)));
    assert_eq!(LATE.state(), State::Open);
}

#[tokio::test(start_paused = true)]
async fn h06_no_call_is_left_behind() {
    static PLACES: Bulkhead = Bulkhead::new(3);
    #[hedge(after = "50ms", attempts = 3)]
    #[bulkhead(PLACES)]
    async fn call(calls: &Calls) -> Answer {
        calls.run().await
    }
    let calls = Calls::new("1000 S 1000 S 10 S");
    assert_eq!(call(&calls).await, Ok(3));
    assert_eq!((PLACES.running(), calls.went().1), (0, 0));
    // Nor when the caller is gone.
    let calls = Calls::new("1 T");
    let mut dropped = Box::pin(call(&calls));
    assert!(poll_once(dropped.as_mut()).is_pending());
    sleep(60 * MS).await;
    assert!(poll_once(dropped.as_mut()).is_pending());
    assert_eq!((PLACES.running(), calls.went()), (2, (vec![0, 60], 2)));
    drop(dropped);
    sleep(SECOND).await;
    assert_eq!((PLACES.running(), calls.went()), (0, (vec![0, 60], 0)));
    // One that is never polled has made none.
    drop(call(&calls));
    assert_eq!(calls.went().0.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn h07_none_starts_at_or_after_the_deadline() {
    race! {
        #[timeout("51ms")]
        #[hedge(after = "50ms")]
        "1 T" => 'T' 51 [0, 50];

        #[timeout("50ms")]
        #[hedge(after = "50ms")]
        "1 T" => 'T' 50 [0];

        #[timeout("120ms")]
        #[hedge(after = "50ms", attempts = 9)]
        "1 T" => 'T' 120 [0, 50, 100];

        // But after a failure there is time for it.
        #[timeout("40ms")]
        #[hedge(after = "50ms")]
        "20 F 10 S" => 'S' 30 [0, 20];
    }
}
