//! T4 for all that waits: whoever waits stops at the deadline, wherever in the call it stands.
//!
//! Every policy that waits goes through every way by which a deadline comes: beneath a timeout in the same task, and
//! carried to where no timeout reaches.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use steadfast::{
    Bulkhead, CircuitBreaker, Deadline, GiveUp, RateLimit, RetryBudget, bulkhead, circuit_breaker, hedge, rate_limit,
    retry, testing, timeout,
};
use steadfast_tests::{Answer, Error, Script, letter, poll_once};
use tokio::task::{JoinSet, spawn, spawn_blocking};
use tokio::time::{Instant, sleep};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Each of them would wait for minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    Bulkhead,
    RateLimit,
    Retry,
    RetryBudget,
}

const ALL: [Waits; 4] = [Waits::Bulkhead, Waits::RateLimit, Waits::Retry, Waits::RetryBudget];

static BUDGET: RetryBudget = RetryBudget::new().ratio(1.0).min_per_second(100);

struct Call {
    waits: Waits,
    places: Arc<Bulkhead>,
    limit: Arc<RateLimit>,
    script: Script,
}

impl Call {
    fn new(waits: Waits) -> Arc<Self> {
        let places = Arc::new(Bulkhead::new(1).max_wait(600 * SECOND));
        std::mem::forget(places.try_acquire().expect("the one place, taken for good"));
        let limit = Arc::new(RateLimit::new(1).per(60 * SECOND).max_wait(600 * SECOND));
        limit.try_acquire().expect("the permit of this minute");
        Arc::new(Self { waits, places, limit, script: Script::new("F") })
    }

    async fn wait(&self) -> Answer {
        match self.waits {
            Waits::Bulkhead => self.place().await,
            Waits::RateLimit => self.permit().await,
            Waits::Retry => self.retried().await,
            Waits::RetryBudget => self.retried_within().await,
        }
    }

    fn block(&self) -> Answer {
        let _sleeps = testing::advance_on_sleep();
        match self.waits {
            Waits::Bulkhead => self.place_blocking(),
            Waits::RateLimit => self.permit_blocking(),
            Waits::Retry => self.retried_blocking(),
            Waits::RetryBudget => self.retried_within_blocking(),
        }
    }

    #[bulkhead(self.places)]
    async fn place(&self) -> Answer {
        self.script.run().await
    }

    #[bulkhead(self.places)]
    fn place_blocking(&self) -> Answer {
        self.script.run_blocking()
    }

    #[rate_limit(self.limit)]
    async fn permit(&self) -> Answer {
        self.script.run().await
    }

    #[rate_limit(self.limit)]
    fn permit_blocking(&self) -> Answer {
        self.script.run_blocking()
    }

    #[retry(attempts = 100, backoff = fixed("300ms"), jitter = none)]
    async fn retried(&self) -> Answer {
        self.script.run().await
    }

    #[retry(attempts = 100, backoff = fixed("300ms"), jitter = none)]
    fn retried_blocking(&self) -> Answer {
        self.script.run_blocking()
    }

    #[retry(attempts = 100, backoff = fixed("300ms"), jitter = none, budget = BUDGET)]
    async fn retried_within(&self) -> Answer {
        self.script.run().await
    }

    #[retry(attempts = 100, backoff = fixed("300ms"), jitter = none, budget = BUDGET)]
    fn retried_within_blocking(&self) -> Answer {
        self.script.run_blocking()
    }

    /// It stopped by itself, and no later than a second after the beginning.
    fn check(&self, answer: &Answer, way: &str) {
        let expected = match self.waits {
            Waits::Bulkhead => ("bulkhead", 1000, 0),
            // It is known from the start that its turn comes too late.
            Waits::RateLimit => ("rate limit", 0, 0),
            // The fourth attempt is at 900 ms, and its delay would end after the second.
            Waits::Retry | Waits::RetryBudget => ("failed", 900, 4),
        };
        let says = match answer {
            Err(Error::Failed) => "failed",
            Err(Error::Rejected(rejection)) if rejection.is_bulkhead_full() => "bulkhead",
            Err(Error::Rejected(rejection)) if rejection.is_rate_limited() => "rate limit",
            other => panic!("{:?}, {way}: {other:?}", self.waits),
        };
        let came = (says, self.script.elapsed().as_millis(), self.script.runs());
        assert_eq!(came, expected, "{:?}, {way}", self.waits);
    }
}

/// Ways by which a deadline of a second comes to a call, each an async block in which `call` is the call.
macro_rules! ways {
    ($call:ident: $($way:literal => $body:expr,)+) => {
        for waits in ALL {
            $({
                let $call = Call::new(waits);
                let answer = { let $call = Arc::clone(&$call); async move { $body }.await };
                $call.check(&answer, $way);
            })+
        }
    };
}

#[timeout("1s")]
async fn a_second<F: Future<Output = Answer>>(call: F) -> Answer {
    call.await
}

#[tokio::test(start_paused = true)]
async fn t04d_all_that_waits_stops_in_time() {
    #[timeout("1m")]
    #[circuit_breaker]
    async fn nested(call: &Call) -> Answer {
        call.wait().await
    }
    type Boxed = Pin<Box<dyn Future<Output = Answer> + Send>>;
    ways! { call:
        "in place" => a_second(call.wait()).await,
        "nested" => a_second(nested(&call)).await,
        "join" => a_second(async { tokio::join!(tokio::task::yield_now(), call.wait(), std::future::ready(())).1 }).await,
        "select" => a_second(async {
            tokio::select! {
                answer = call.wait() => answer,
                () = sleep(600 * SECOND) => Ok(0),
            }
        }).await,
        "boxed" => a_second(async move { (Box::pin(async move { call.wait().await }) as Boxed).await }).await,
        "one of many" => a_second(async move {
            let mut many: Vec<Boxed> = vec![Box::pin(std::future::pending()), Box::pin(async move { call.wait().await })];
            std::future::poll_fn(|cx| {
                many.iter_mut().map(|one| one.as_mut().poll(cx)).find(Poll::is_ready).unwrap_or(Poll::Pending)
            })
            .await
        }).await,
    }
}

#[tokio::test(start_paused = true)]
async fn t04e_also_where_the_deadline_is_carried() {
    /// A little longer, so that the call ends before it.
    #[timeout("1100ms")]
    async fn spawns(call: Arc<Call>) -> Answer {
        let deadline = Deadline::current().sooner_by(100 * MS);
        spawn(deadline.scope(async move { call.wait().await })).await.expect("no panic")
    }
    #[timeout("1100ms")]
    async fn spawns_beneath(call: Arc<Call>) -> Answer {
        let deadline = Deadline::current().sooner_by(100 * MS);
        let mut tasks = JoinSet::new();
        // From task to task.
        tasks.spawn(deadline.scope(async {
            let deadline = Deadline::current();
            spawn(deadline.scope(async move { call.wait().await })).await.expect("no panic")
        }));
        tasks.join_next().await.expect("one").expect("no panic")
    }
    ways! { call:
        "scope" => Deadline::after(SECOND).scope(call.wait()).await,
        "an instant" => Deadline::at(Instant::now() + SECOND).scope(call.wait()).await,
        "the earlier" => Deadline::after(SECOND).scope(Deadline::after(2 * SECOND).scope(call.wait())).await,
        "milliseconds" => Deadline::from_timeout_ms(Some("1000")).unwrap().scope(call.wait()).await,
        "grpc" => Deadline::from_grpc_timeout(Some("1S")).unwrap().scope(call.wait()).await,
        "spawn" => spawns(call).await,
        "spawn twice" => spawns_beneath(call).await,
    }
}

#[tokio::test(start_paused = true)]
async fn t04f_and_where_threads_wait() {
    #[timeout("1100ms")]
    async fn spawns(call: Arc<Call>) -> Answer {
        let deadline = Deadline::current().sooner_by(100 * MS);
        spawn_blocking(move || deadline.run(|| call.block())).await.expect("no panic")
    }
    ways! { call:
        "in place" => a_second(async { call.block() }).await,
        "run" => Deadline::after(SECOND).run(|| call.block()),
        "run in place" => a_second(async { Deadline::NONE.run(|| call.block()) }).await,
        "the earlier" => a_second(async { Deadline::after(2 * SECOND).run(|| call.block()) }).await,
        "run beneath scope" => Deadline::after(SECOND).scope(async { Deadline::NONE.run(|| call.block()) }).await,
        "spawn_blocking" => spawns(call).await,
    }
}

#[tokio::test(start_paused = true)]
async fn t04g_without_it_they_wait() {
    // What the others are measured by: none of them stops by itself after a second.
    for waits in ALL {
        let call = Call::new(waits);
        let foreign = tokio::time::timeout(2 * SECOND, Deadline::NONE.scope(call.wait()));
        assert!(foreign.await.is_err(), "{waits:?}");
        // A task is beneath nothing unless it is carried there.
        let task = spawn(async move { call.wait().await });
        let _ = a_second(async {
            sleep(2 * SECOND).await;
            Ok(0)
        })
        .await;
        assert!(!task.is_finished(), "{waits:?}");
        task.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn t04h_a_timeout_beneath_a_given_deadline_ends_at_the_earlier_and_reports() {
    #[timeout(limit, name = "outer")]
    async fn outer(limit: Duration, beneath: Option<Duration>) -> Answer {
        inner(beneath).await
    }
    #[timeout(limit, name = "inner")]
    async fn inner(limit: Option<Duration>) -> Answer {
        std::future::pending().await
    }
    for (given, limit, beneath, reporter, ended) in [
        (1000, 5000, Some(3000), "outer", 1000),
        (1000, 5000, Some(700), "inner", 700),
        (1000, 500, Some(3000), "outer", 500),
        (1000, 5000, None, "outer", 1000),
    ] {
        let beneath = beneath.map(|beneath| beneath * MS);
        let given = Deadline::after(given * MS);
        let start = Instant::now();
        let tasks = [
            spawn(given.scope(outer(limit * MS, beneath))),
            spawn(async move { given.scope(async { tokio::join!(outer(limit * MS, beneath), sleep(MS)).0 }).await }),
            spawn(Deadline::NONE.scope(given.scope(Box::pin(outer(limit * MS, beneath))))),
        ];
        for task in tasks {
            let outcome = tokio::time::timeout(60 * SECOND, task).await.expect("it ends by itself");
            assert_eq!(outcome.expect("no panic").unwrap_err().rejection().policy(), reporter, "{given:?}");
            assert_eq!(start.elapsed(), ended * MS, "{limit} over {beneath:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t04i_a_server_goes_on_with_the_deadline_of_its_client() {
    /// What goes over the wire, if anything.
    async fn server(header: Option<String>, hops: u32) -> Answer {
        let given = Deadline::from_timeout_ms(header).expect("we wrote it");
        given.sooner_by(50 * MS).scope(handle(hops)).await
    }
    #[timeout("10s")]
    async fn handle(hops: u32) -> Answer {
        sleep(100 * MS).await;
        if hops == 0 {
            return Ok(u32::try_from(steadfast::remaining().expect("a deadline").as_millis()).expect("small"));
        }
        let header = Deadline::current().to_timeout_ms().map(|left| left.to_string());
        Box::pin(server(header, hops - 1)).await
    }
    // Each hop takes 100 ms and keeps 50 ms for the way back.
    assert_eq!(server(Some("1000".to_owned()), 0).await, Ok(850));
    assert_eq!(server(Some("1000".to_owned()), 3).await, Ok(400));
    assert_eq!(letter(&server(Some("400".to_owned()), 3).await), 'T');
    assert_eq!(server(None, 0).await, Ok(9_900), "then only its own limit");
}

#[tokio::test(start_paused = true)]
async fn t04j_a_limit_of_what_remains() {
    #[timeout(deadline.remaining())]
    async fn call(deadline: Deadline) -> Answer {
        assert_eq!(Deadline::current(), deadline);
        sleep(SECOND).await;
        Ok(1)
    }
    assert_eq!(call(Deadline::NONE).await, Ok(1));
    assert_eq!(call(Deadline::after(2 * SECOND)).await, Ok(1));
    assert_eq!(letter(&call(Deadline::after(SECOND / 2)).await), 'T');
}

#[tokio::test(start_paused = true)]
async fn t04k_a_retry_says_why_it_gave_up() {
    #[retry(attempts = 9, backoff = none, on_give_up = |event| reasons.push((event.attempts, event.reason)))]
    fn call(reasons: &mut Vec<(u32, GiveUp)>, script: &Script) -> Answer {
        script.run_blocking()
    }
    let mut reasons = Vec::new();
    // Each attempt takes a second. Without a delay, it stops when the deadline is over.
    for left in [2_500, 0] {
        let deadline = Deadline::after(left * MS);
        assert!(deadline.run(|| call(&mut reasons, &Script::new("f"))).is_err());
    }
    assert_eq!(reasons, [(3, GiveUp::Deadline), (1, GiveUp::Deadline)]);
}

#[tokio::test(start_paused = true)]
async fn t04l_breakers_learn_of_what_a_given_deadline_ends() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(2);
    #[timeout("1m")]
    #[circuit_breaker(BREAKER)]
    async fn above(script: &Script) -> Answer {
        script.run().await
    }
    #[circuit_breaker(BREAKER)]
    #[timeout("1m")]
    async fn beneath(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("T");
    assert_eq!(letter(&Deadline::after(SECOND).scope(above(&script)).await), 'T');
    assert!(!BREAKER.is_open());
    assert_eq!(letter(&Deadline::after(SECOND).scope(beneath(&script)).await), 'T');
    assert!(BREAKER.is_open());
}

#[tokio::test(start_paused = true)]
async fn t04m_nothing_but_the_deadline_is_carried() {
    #[retry(attempts = 2, backoff = none, nested = once)]
    async fn inner(runs: &mut u32) -> Answer {
        *runs += 1;
        Err(Error::Failed)
    }
    #[retry(attempts = 2, backoff = none)]
    #[timeout("1s")]
    async fn outer(seen: &mut Vec<(u32, u32, u32)>) -> Answer {
        let deadline = Deadline::current();
        let attempt = steadfast::attempt();
        let mut runs = 0;
        let _failed = deadline.scope(inner(&mut runs)).await;
        let task = async {
            let mut runs = 0;
            let _failed = inner(&mut runs).await;
            (steadfast::attempt(), runs)
        };
        let (carried, runs_there) = spawn(deadline.scope(task)).await.expect("no panic");
        assert_eq!(deadline.scope(async { steadfast::attempt() }).await, attempt, "the same task");
        seen.push((runs, carried, runs_there));
        Err(Error::Failed)
    }
    let mut seen = Vec::new();
    assert_eq!(outer(&mut seen).await, Err(Error::Failed));
    // The number of the attempt, and that there is a retry around, are known in its own task alone.
    assert_eq!(seen, [(1, 1, 2); 2]);
}

#[tokio::test(start_paused = true)]
async fn t04n_a_caller_that_goes_away_leaves_nothing_behind() {
    let call = Call::new(Waits::Bulkhead);
    let mut waiting = Box::pin(Deadline::after(SECOND).scope(call.wait()));
    assert!(poll_once(waiting.as_mut()).is_pending());
    assert_eq!((call.places.waiting(), Deadline::current()), (1, Deadline::NONE));
    drop(waiting);
    assert_eq!(call.places.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn t04o_a_hedge_starts_no_call_after_it() {
    /// What ends it is the timeout above, or each of those beneath.
    #[timeout(above)]
    #[hedge(after = "300ms", attempts = 10)]
    #[timeout(beneath)]
    async fn call(above: Option<Duration>, beneath: Option<Duration>, script: &Script) -> Answer {
        script.run().await
    }
    let minute = Some(60 * SECOND);
    for (above, beneath) in [(minute, minute), (None, minute), (minute, None)] {
        let script = Script::new("T");
        assert_eq!(letter(&Deadline::after(SECOND).scope(call(above, beneath, &script)).await), 'T');
        assert_eq!((script.runs(), script.elapsed()), (4, SECOND), "{above:?} over {beneath:?}");
    }
    // Nor where nothing ends it.
    let script = Script::new("T");
    let hedged = Deadline::after(SECOND).scope(call(None, None, &script));
    assert!(tokio::time::timeout(5 * SECOND, hedged).await.is_err());
    assert_eq!(script.runs(), 4);
}

#[tokio::test(start_paused = true)]
async fn t04p_an_impatient_client_does_not_change_a_limit_that_is_measured() {
    #[timeout(percentile(0.9, factor = 2.0, max = "1h", min_calls = 10))]
    async fn call(length: Duration) -> Answer {
        sleep(length).await;
        Ok(1)
    }
    let limit = async || {
        let start = Instant::now();
        assert_eq!(letter(&call(600 * SECOND).await), 'T');
        start.elapsed()
    };
    for _ in 0..100 {
        assert_eq!(call(100 * MS).await, Ok(1));
    }
    let before = limit().await;
    assert!((200 * MS..210 * MS).contains(&before), "{before:?}");
    for _ in 0..100 {
        let start = Instant::now();
        assert_eq!(letter(&Deadline::after(10 * MS).scope(call(100 * MS)).await), 'T');
        assert_eq!(start.elapsed(), 10 * MS);
    }
    assert_eq!(limit().await, before);
}
