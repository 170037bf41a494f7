//! F5: the last success as an answer.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{
    CircuitBreaker, Failure, RejectionKind, StaleFallback, bulkhead, circuit_breaker, fallback, hedge, outcome,
    rate_limit, retry, timeout,
};
use steadfast_tests::{Answer, Error, Script, letter, pass, poll_once};

const MINUTE: Duration = Duration::from_secs(60);
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// `#[fallback(stale = ..)]` on a function that is its own each time, async and sync, of a script and a key.
macro_rules! each {
    ([$($attribute:tt)*] |$call:ident, $id:ident| $check:expr) => {{
        {
            $($attribute)*
            async fn call($id: u32, script: &Script) -> Answer {
                let _ = $id;
                script.run().await
            }
            let $call = async |id, script: &str| call(id, &Script::new(script)).await;
            $check
        }
        {
            $($attribute)*
            fn call($id: u32, script: &Script) -> Answer {
                let _ = $id;
                script.run_blocking()
            }
            let $call = async |id, script: &str| call(id, &Script::new(script));
            $check
        }
    }};
}

#[tokio::test(start_paused = true)]
async fn f05_the_last_success_of_a_key_while_it_is_young() {
    each!([#[fallback(stale = "10m", key = id)]] |call, id| {
        assert_eq!(call(1, "S").await, Ok(1));
        assert_eq!(call(1, "F").await, Ok(1));
        assert_eq!(call(2, "F").await, Err(Error::Failed));
        assert_eq!(call(1, "P").await, Err(Error::Permanent));
        pass(9 * MINUTE);
        assert_eq!(call(1, "F").await, Ok(1), "a permanent error has forgotten nothing");
        pass(2 * MINUTE);
        assert_eq!(call(1, "F").await, Err(Error::Failed));
        assert_eq!((call(1, "S").await, call(1, "F").await), (Ok(1), Ok(1)));
    });
}

#[tokio::test(start_paused = true)]
async fn f05a_an_answer_is_younger_than_the_limit() {
    each!([#[fallback(stale = "10m")]] |call, id| {
        call(1, "S").await.unwrap();
        pass(10 * MINUTE - Duration::from_nanos(1));
        assert_eq!(call(1, "F").await, Ok(1));
        pass(Duration::from_nanos(1));
        assert_eq!(call(1, "F").await, Err(Error::Failed));
    });
    each!([#[fallback(stale = Duration::MAX)]] |call, id| {
        call(1, "S").await.unwrap();
        pass(1_000_000 * MINUTE);
        assert_eq!(call(1, "F").await, Ok(1));
    });
    each!([#[fallback(stale = Duration::ZERO)]] |call, id| {
        call(1, "S").await.unwrap();
        assert_eq!(call(1, "F").await, Err(Error::Failed));
    });
}

#[tokio::test(start_paused = true)]
async fn f05b_one_for_all_calls_or_one_per_key() {
    #[fallback(stale = "10m")]
    fn without_key(id: u32, fails: bool) -> Answer {
        if fails { Err(Error::Failed) } else { Ok(id) }
    }
    assert_eq!((without_key(1, false), without_key(2, false), without_key(1, true)), (Ok(1), Ok(2), Ok(2)));

    #[fallback(stale = "10m", key = (tenant, &user, id % 10))]
    async fn keyed(tenant: &str, user: String, id: u32, fails: bool) -> Answer {
        drop(user);
        let _ = tenant;
        if fails { Err(Error::Failed) } else { Ok(id) }
    }
    let ada = || "ada".to_owned();
    assert_eq!(keyed("a", ada(), 7, false).await, Ok(7));
    assert_eq!(keyed("a", ada(), 17, true).await, Ok(7));
    for (tenant, user, id) in [("b", "ada", 7), ("a", "eva", 7), ("a", "ada", 8), ("aa", "da", 7)] {
        assert_eq!(keyed(tenant, user.to_owned(), id, true).await, Err(Error::Failed));
    }
}

#[tokio::test(start_paused = true)]
async fn f05c_key_and_age_are_taken_once_and_before_the_body() {
    #[fallback(stale = { taken.borrow_mut().push("age"); 10 * MINUTE }, key = { taken.borrow_mut().push("key"); *id })]
    #[retry(attempts = 3, backoff = none)]
    async fn call(id: &mut u32, taken: &RefCell<Vec<&str>>, script: &Script) -> Answer {
        taken.borrow_mut().push("body");
        *id += 1;
        script.run().await
    }
    let taken = RefCell::default();
    assert_eq!(call(&mut 1, &taken, &Script::new("FS")).await, Ok(2));
    assert_eq!(taken.take(), ["age", "key", "body", "body"]);
    let mut id = 1;
    assert_eq!((call(&mut id, &taken, &Script::new("F")).await, id), (Ok(2), 4));
    assert_eq!(call(&mut id, &taken, &Script::new("F")).await, Err(Error::Failed));
}

/// The first call succeeds, what comes next is rejected: how a call is without a last success, after the one that has it.
macro_rules! rejected {
    ([$($attribute:tt)*] $then:expr) => {{
        #[fallback(stale = "10m", key = id)]
        $($attribute)*
        async fn call(id: u32, script: &Script) -> Answer {
            let _ = id;
            script.run().await
        }
        let script = Script::new("ST");
        assert_eq!(call(1, &script).await, Ok(1));
        let mut under_way = pin!(call(3, &script));
        $then(under_way.as_mut());
        assert_eq!(call(1, &script).await, Ok(1));
        call(2, &script).await.unwrap_err().rejection().kind()
    }};
}

#[tokio::test(start_paused = true)]
async fn f05d_rejections_are_failures() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new();
    assert_eq!(rejected!([#[timeout("1s")]] |_| ()), RejectionKind::Timeout);
    assert_eq!(rejected!([#[rate_limit(permits = 1, per = "1h")]] |_| ()), RejectionKind::RateLimited);
    assert_eq!(rejected!([#[circuit_breaker(BREAKER)]] |_| BREAKER.force_open()), RejectionKind::CircuitOpen);
    let kind = rejected!([#[bulkhead(max_concurrent = 1)]] |call| assert!(poll_once(call).is_pending()));
    assert_eq!(kind, RejectionKind::BulkheadFull);
}

/// What comes of a failure after a success, and of a success after that.
#[tokio::test(start_paused = true)]
async fn f05e_filters_say_what_it_answers_for() {
    macro_rules! outcome {
        ([$($attribute:tt)*] $script:literal) => {{
            $($attribute)*
            async fn call(script: &Script) -> Answer {
                script.run().await
            }
            assert_eq!(call(&Script::new("S")).await, Ok(1));
            letter(&call(&Script::new($script)).await)
        }};
    }
    // Without any, its own class: all that is no answer of the dependency.
    assert_eq!(outcome!([#[fallback(stale = "10m")]] "F"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m")]] "L"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m")]] "N"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m")]] "P"), 'P');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Err(Error::Io)))]] "I"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Err(Error::Io)))]] "F"), 'F');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Err(Error::Permanent)))]] "P"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Ok(0)))]] "F"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", ignore(Err(Error::Failed)))]] "F"), 'F');
    assert_eq!(outcome!([#[fallback(stale = "10m", ignore(Err(Error::Failed)))]] "I"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Err(_)), ignore(Err(Error::Failed)))]] "F"), 'F');
    assert_eq!(outcome!([#[fallback(stale = "10m", when = |error| *error == Error::Permanent)]] "P"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", when = |error| *error == Error::Permanent)]] "F"), 'F');
    assert_eq!(outcome!([#[outcome(ignore(Err(Error::Failed)))] #[fallback(stale = "10m")]] "F"), 'F');
    assert_eq!(outcome!([#[fallback(stale = "10m")] #[outcome(when = |_| true)]] "P"), 'S');
    assert_eq!(outcome!([#[fallback(stale = "10m", on(Err(_)))] #[outcome(on(Err(Error::Io)))]] "F"), 'S');
    // Filters see returned values only.
    assert_eq!(outcome!([#[fallback(stale = "10m", ignore(Err(_)))] #[timeout("1s")]] "T"), 'S');
}

#[tokio::test(start_paused = true)]
async fn f05f_what_is_kept_is_a_success() {
    #[fallback(stale = "10m", on(Ok(3)), ignore(Ok(4)))]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("SSSSF");
    assert_eq!((call(&script), call(&script)), (Ok(1), Ok(2)));
    assert_eq!(call(&script), Ok(2), "an unwanted value is answered for, and not kept");
    assert_eq!(call(&script), Ok(4), "one that is ignored goes outwards");
    assert_eq!(call(&script), Ok(2), "and is not kept either");
}

#[tokio::test(start_paused = true)]
async fn f05g_values_that_are_no_results() {
    #[fallback(stale = "10m", on(None))]
    fn option(value: Option<u32>) -> Option<u32> {
        value
    }
    assert_eq!(option(None), None);
    assert_eq!((option(Some(1)), option(None)), (Some(1), Some(1)));

    #[fallback(stale = "10m", on(500..=599))]
    async fn status(status: u16) -> u16 {
        status
    }
    assert_eq!((status(503).await, status(404).await, status(500).await), (503, 404, 404));

    // Without a filter every value is a success, and only a rejection a failure.
    #[fallback(None)]
    #[fallback(stale = "10m")]
    #[timeout("1s")]
    async fn late(seconds: u64) -> Option<u64> {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        seconds.checked_sub(1).map(|_| seconds)
    }
    assert_eq!(late(2).await, None);
    let (mut quick, mut slow) = (pin!(late(0)), pin!(late(2)));
    assert_eq!((quick.as_mut().await, slow.as_mut().await), (None, None));
}

struct Client {
    max_age: Duration,
    prices: Arc<StaleFallback>,
    calls: u32,
}

impl Client {
    #[fallback(stale = self.max_age)]
    fn own_age(&mut self, fails: bool) -> Answer {
        self.calls += 1;
        if fails { Err(Error::Failed) } else { Ok(self.calls) }
    }

    #[fallback(stale(self.prices), key = item)]
    async fn price(&mut self, item: &str, fails: bool) -> Answer {
        let _ = item;
        self.own_price(fails)
    }

    fn own_price(&mut self, fails: bool) -> Answer {
        self.calls += 1;
        if fails { Err(Error::Io) } else { Ok(self.calls) }
    }
}

fn client(max_age: Duration) -> Client {
    Client { max_age, prices: Arc::new(StaleFallback::new(MINUTE).max_keys(2)), calls: 0 }
}

#[tokio::test(start_paused = true)]
async fn f05h_an_age_of_each_call() {
    let (mut short, mut long) = (client(MINUTE), client(3 * MINUTE));
    assert_eq!(short.own_age(false), Ok(1));
    pass(2 * MINUTE);
    assert_eq!(short.own_age(true), Err(Error::Failed));
    // All instances share what is kept, and the age is only compared.
    assert_eq!(long.own_age(true), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn f05i_types_of_a_generic_function_are_apart() {
    #[fallback(stale = "10m")]
    async fn echo<T: Clone + Send + Sync + 'static>(value: Option<T>) -> Result<T, Error> {
        value.ok_or(Error::Failed)
    }
    assert_eq!(echo(Some(1_u32)).await, Ok(1));
    assert_eq!(echo(Some("text")).await, Ok("text"));
    assert_eq!(echo(None::<u32>).await, Ok(1));
    assert_eq!(echo(None::<&str>).await, Ok("text"));
    assert_eq!(echo(None::<u64>).await, Err(Error::Failed));
}

#[tokio::test(start_paused = true)]
async fn f05j_its_place_in_the_stack() {
    #[fallback(stale = "10m")]
    #[retry(attempts = 2, backoff = none)]
    async fn above_a_retry(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("SF");
    assert_eq!((above_a_retry(&script).await, above_a_retry(&script).await, script.runs()), (Ok(1), Ok(1), 3));

    #[retry(attempts = 2, backoff = none)]
    #[fallback(stale = "10m")]
    fn beneath_a_retry(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("SF");
    assert_eq!((beneath_a_retry(&script), beneath_a_retry(&script), script.runs()), (Ok(1), Ok(1), 2));

    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    #[circuit_breaker(BREAKER)]
    #[fallback(stale = "10m")]
    async fn beneath_a_breaker(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("SFP");
    for expected in [Ok(1), Ok(1), Err(Error::Permanent)] {
        assert_eq!(beneath_a_breaker(&script).await, expected);
    }
    assert!(!BREAKER.is_open(), "an answer is an outcome like any other");
    pass(10 * MINUTE);
    assert_eq!(letter(&beneath_a_breaker(&Script::new("F")).await), 'F');
    assert!(BREAKER.is_open());

    #[timeout("10s")]
    #[fallback(stale = "10m")]
    #[timeout("1s")]
    async fn between_timeouts(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("ST");
    assert_eq!((between_timeouts(&script).await, between_timeouts(&script).await), (Ok(1), Ok(1)));
    assert_eq!(script.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn f05k_beneath_the_last_resort() {
    #[fallback(Ok(99))]
    #[fallback(stale = "10m", key = id)]
    #[retry(attempts = 2, backoff = none)]
    async fn call(id: u32, script: &Script) -> Answer {
        let _ = id;
        script.run().await
    }
    let script = Script::new("SF");
    assert_eq!((call(1, &script).await, call(1, &script).await, call(2, &script).await), (Ok(1), Ok(1), Ok(99)));
    pass(10 * MINUTE);
    assert_eq!(call(1, &script).await, Ok(99));
    assert_eq!(call(2, &Script::new("P")).await, Ok(99));
}

#[tokio::test(start_paused = true)]
async fn f05l_the_answer_of_a_fallback_beneath_is_no_success() {
    static KEPT: StaleFallback = StaleFallback::new(TEN_MINUTES);
    #[fallback(stale(KEPT))]
    #[retry(attempts = 2, backoff = none)]
    #[fallback({ script.run().await?; Ok(99) })]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    #[fallback(stale(KEPT))]
    #[retry(attempts = 2, backoff = none)]
    #[fallback({ script.run_blocking()?; Ok(99) })]
    fn call_blocking(script: &Script) -> Answer {
        script.run_blocking()
    }
    for (script, expected, is_kept) in [
        ("FS", Ok(99), false),
        ("FF FS", Ok(99), false),
        ("FF FF", Err(Error::Failed), false),
        // The second attempt is the body's own again.
        ("FF S", Ok(3), true),
        ("FF FF", Ok(3), true),
        ("FF FS", Ok(99), true),
        ("FF FF", Ok(3), true),
    ] {
        assert_eq!((call(&Script::new(script)).await, KEPT.is_empty()), (expected, !is_kept), "{script}");
    }
    KEPT.clear();
    for (script, expected) in [("FS", Ok(99)), ("FF FF", Err(Error::Failed)), ("FF S", Ok(3)), ("FF FF", Ok(3))] {
        assert_eq!(call_blocking(&Script::new(script)), expected, "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn f05l2_nor_under_a_hedge() {
    static KEPT: StaleFallback = StaleFallback::new(TEN_MINUTES);
    #[fallback(stale(KEPT))]
    #[hedge(after = "100ms")]
    #[fallback({ script.run().await?; Ok(99) })]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    // Answered for in the second call; in the first, at once; not at all.
    for (script, expected, is_kept) in [("T F S", Ok(99), false), ("F S", Ok(99), false), ("T S", Ok(2), true)] {
        assert_eq!((call(&Script::new(script)).await, KEPT.is_empty()), (expected, !is_kept), "{script}");
    }
    assert_eq!(call(&Script::new("F")).await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn f05l3_the_call_that_wins_decides() {
    const MS: Duration = Duration::from_millis(1);
    static KEPT: StaleFallback = StaleFallback::new(TEN_MINUTES);
    /// Of each call: how long it takes, whether it succeeds, and how long the fallback takes that answers where not.
    type Plan = [(u32, bool, u32); 2];
    struct Calls {
        plan: Plan,
        begun: Cell<usize>,
    }
    impl Calls {
        fn next(&self) -> (u32, bool, u32) {
            self.begun.set(self.begun.get() + 1);
            self.plan[self.begun.get() - 1]
        }
    }
    thread_local! {
        static FALLBACK: Cell<u32> = const { Cell::new(0) };
    }
    async fn body(calls: &Calls) -> Answer {
        let (takes, succeeds, fallback) = calls.next();
        tokio::time::sleep(takes * MS).await;
        FALLBACK.set(fallback);
        if succeeds { Ok(1) } else { Err(Error::Failed) }
    }
    async fn answer() -> Answer {
        tokio::time::sleep(FALLBACK.get() * MS).await;
        Ok(99)
    }

    #[fallback(stale(KEPT))]
    #[hedge(after = "20ms")]
    #[fallback(answer().await)]
    async fn call(calls: &Calls) -> Answer {
        body(calls).await
    }
    #[fallback(stale(KEPT))]
    #[hedge(after = "20ms", on(Ok(_)))]
    #[fallback(answer().await)]
    async fn failures(calls: &Calls) -> Answer {
        body(calls).await
    }
    #[hedge(after = "20ms")]
    #[fallback(stale(KEPT))]
    #[fallback(answer().await)]
    async fn beneath(calls: &Calls) -> Answer {
        body(calls).await
    }

    let cases: [(&str, Plan, u32, bool); 4] = [
        ("answered for, while the second runs", [(0, false, 40), (1000, true, 0)], 99, false),
        ("a success, while the second is answered for", [(40, true, 0), (0, false, 1000)], 1, true),
        ("the second is answered for, while the first runs", [(1000, true, 0), (0, false, 10)], 99, false),
        ("the second succeeds, while the first is answered for", [(10, false, 1000), (10, true, 0)], 1, true),
    ];
    for (what, plan, expected, is_kept) in cases {
        let calls = || Calls { plan, begun: Cell::new(0) };
        KEPT.clear();
        assert_eq!((call(&calls()).await, KEPT.len() == 1), (Ok(expected), is_kept), "{what}");
        KEPT.clear();
        assert_eq!((beneath(&calls()).await, KEPT.len() == 1), (Ok(expected), is_kept), "{what}, beneath the hedge");
    }
    // Both fail for the hedge: what holds is the first, though the second ends last.
    for (plan, expected, is_kept) in
        [([(0, false, 30), (30, true, 0)], 99, false), ([(30, true, 0), (0, false, 40)], 1, true)]
    {
        KEPT.clear();
        let calls = Calls { plan, begun: Cell::new(0) };
        assert_eq!((failures(&calls).await, KEPT.len() == 1), (Ok(expected), is_kept));
    }
}

#[tokio::test(start_paused = true)]
async fn f05m_two_of_them() {
    #[fallback(stale = "10m")]
    #[fallback(stale = "1m")]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    call(&Script::new("S")).await.unwrap();
    // Were the answers of the lower one successes to the upper one, this would go on for another ten minutes.
    for _ in 0..19 {
        pass(MINUTE / 2);
        assert_eq!(call(&Script::new("F")).await, Ok(1));
    }
    pass(MINUTE / 2);
    assert_eq!(call(&Script::new("F")).await, Err(Error::Failed));
}

#[tokio::test(start_paused = true)]
async fn f05n_the_hook() {
    type Told = RefCell<Vec<(Duration, char, &'static str)>>;
    fn told(failure: Failure<&Answer>) -> char {
        match failure {
            Failure::Returned(answer) => letter(answer),
            Failure::Rejected(rejection) => letter(&Err(rejection.into())),
        }
    }
    #[fallback(stale = "10m", key = id, on_stale = |event| {
        events.borrow_mut().push((event.age, told(event.failure), event.policy));
    })]
    #[timeout("1s")]
    async fn call(id: u32, script: &Script, events: &Told) -> Answer {
        let _ = id;
        script.run().await
    }
    #[fallback(stale = "10m", name = "given", on_stale = |event| {
        events.borrow_mut().push((event.age, told(event.failure), event.policy));
    })]
    fn call_blocking(script: &Script, events: &Told) -> Answer {
        script.run_blocking()
    }
    let events = Told::default();
    let (script, blocking) = (Script::new("SFTPF"), Script::new("SI"));
    for expected in [Ok(1), Ok(1), Ok(1), Err(Error::Permanent)] {
        assert_eq!(call(1, &script, &events).await, expected);
        assert!(call_blocking(&blocking, &events).is_ok());
    }
    assert_eq!(call(2, &script, &events).await, Err(Error::Failed));
    let (name, second) = ("conformance::stale::f05n_the_hook::{{closure}}::call", Duration::from_secs(1));
    let zero = Duration::ZERO;
    assert_eq!(
        events.take(),
        [(zero, 'F', name), (zero, 'I', "given"), (second, 'T', name), (second, 'I', "given"), (second, 'I', "given")]
    );
}

#[tokio::test(start_paused = true)]
async fn f05n2_the_hook_may_name_what_the_body_uses() {
    #[fallback(stale = "10m", on_stale = |_| told.borrow_mut().push(label.clone()))]
    async fn call(label: String, told: &RefCell<Vec<String>>, script: &Script) -> Answer {
        let _ = label.len();
        script.run().await
    }
    let (told, script) = (RefCell::default(), Script::new("SF"));
    for label in ["one", "two", "three"] {
        assert_eq!(call(label.to_owned(), &told, &script).await, Ok(1));
    }
    assert_eq!(told.take(), ["two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn f05o_a_hook_that_panics_does_no_harm() {
    #[fallback(stale = "10m", on_stale = |_| panic!("a hook"))]
    fn call(script: &Script) -> Answer {
        script.run_blocking()
    }
    let script = Script::new("SF");
    assert_eq!([call(&script), call(&script), call(&script)], [Ok(1), Ok(1), Ok(1)]);
}

static PRICES: StaleFallback = StaleFallback::new(TEN_MINUTES).max_keys(2).name("prices");

#[fallback(stale(PRICES), key = item)]
async fn price(item: &str, outcome: Answer) -> Answer {
    let _ = item;
    outcome
}

#[fallback(stale(&PRICES), key = item)]
fn price_blocking(item: &str, outcome: Answer) -> Answer {
    let _ = item;
    outcome
}

#[tokio::test(start_paused = true)]
async fn f05p_shared_by_expression() {
    assert_eq!(price("tea", Ok(7)).await, Ok(7));
    assert_eq!(price_blocking("tea", Err(Error::Failed)), Ok(7));
    assert_eq!(price_blocking("salt", Ok(3)), Ok(3));
    assert_eq!((PRICES.len(), PRICES.answered(), PRICES.policy()), (2, 1, "prices"));
    assert!(PRICES.remove("tea"));
    assert_eq!(price("tea", Err(Error::Failed)).await, Err(Error::Failed));
    PRICES.clear();
    assert_eq!(price("salt", Err(Error::Failed)).await, Err(Error::Failed));
    assert_eq!(PRICES.call("salt", async { Ok::<u32, Error>(5) }).await, Ok(5));
    assert_eq!(price("salt", Err(Error::Failed)).await, Ok(5), "by value and by attribute the same");

    let (mut one, mut other) = (client(MINUTE), client(MINUTE));
    assert_eq!(one.price("tea", false).await, Ok(1));
    assert_eq!(one.price("tea", true).await, Ok(1));
    assert_eq!(other.price("tea", true).await, Err(Error::Io));
    assert_eq!(one.calls, 2);
}

type Rows<T> = Result<Vec<T>, Error>;

trait Store {
    fn get(&self, script: &Script) -> impl Future<Output = Answer>;
    async fn list(&self, script: &Script) -> Rows<u32>;
}

struct Remote(Cell<u32>);

#[async_trait::async_trait]
trait Lookup {
    #[fallback(stale = "10m", key = name)]
    async fn lookup(&self, name: &str, outcome: Answer) -> Answer {
        let _ = name;
        outcome
    }
}

impl Lookup for () {}

impl Store for Remote {
    #[fallback(stale = "10m")]
    fn get(&self, script: &Script) -> impl Future<Output = Answer> {
        self.0.set(self.0.get() + 1);
        async move { script.run().await }
    }

    #[fallback(stale = "10m")]
    async fn list(&self, script: &Script) -> Rows<u32> {
        let one = script.run().await?;
        Ok(vec![one, self.0.get()])
    }
}

#[tokio::test(start_paused = true)]
async fn f05q_functions_of_every_shape() {
    #[fallback(stale = "10m")]
    fn boxed<'a>(script: &'a Script) -> Pin<Box<dyn Future<Output = Answer> + 'a>> {
        Box::pin(async move { script.run().await })
    }
    #[fallback(stale = "10m")]
    async fn unnamed(script: &Script) -> Result<impl Iterator<Item = u32> + Clone, Error> {
        let end = script.run().await?;
        Ok(0..=end)
    }
    #[fallback(stale = "10m")]
    async fn nothing(script: &Script) -> Result<(), Error> {
        script.run().await.map(drop)
    }
    let (remote, script) = (Remote(Cell::new(0)), || Script::new("SF"));
    let s = script();
    assert_eq!((remote.get(&s).await, remote.get(&s).await, remote.0.get()), (Ok(1), Ok(1), 2));
    let s = script();
    assert_eq!((remote.list(&s).await, remote.list(&s).await), (Ok(vec![1, 2]), Ok(vec![1, 2])));
    let s = script();
    assert_eq!((boxed(&s).await, boxed(&s).await), (Ok(1), Ok(1)));
    let s = script();
    assert_eq!(unnamed(&s).await.unwrap().count(), 2);
    assert_eq!(unnamed(&s).await.unwrap().count(), 2);
    let s = script();
    assert_eq!((nothing(&s).await, nothing(&s).await), (Ok(()), Ok(())));
    assert_eq!(().lookup("a", Ok(1)).await, Ok(1));
    assert_eq!(().lookup("a", Err(Error::Io)).await, Ok(1));
    assert_eq!(().lookup("b", Err(Error::Io)).await, Err(Error::Io));
}

steadfast::policies! {
    remembered: [
        fallback(stale = self.max_age, key = id, max_keys = KEYS, on_stale = |event| assert!(event.age.is_zero())),
        retry(attempts = 2, backoff = none),
    ]
}

const KEYS: usize = 2;

impl Client {
    #[steadfast::resilient(remembered)]
    async fn by_set(&self, id: u32, script: &Script) -> Answer {
        let _ = id;
        script.run().await
    }

    #[steadfast::resilient(remembered)]
    fn by_set_blocking(&self, id: u32, script: &Script) -> Answer {
        let _ = id;
        script.run_blocking()
    }
}

#[tokio::test(start_paused = true)]
async fn f05s_each_function_of_a_set_has_its_own() {
    let (client, script) = (client(MINUTE), Script::new("SF"));
    assert_eq!(client.by_set(1, &script).await, Ok(1));
    assert_eq!(client.by_set(1, &script).await, Ok(1));
    assert_eq!(client.by_set_blocking(1, &script), Err(Error::Failed));
    assert_eq!(client.by_set(2, &script).await, Err(Error::Failed));
    assert_eq!(script.runs(), 7);
}

#[test]
fn f05r_the_future_stays_send() {
    #[fallback(stale = "10m", key = name)]
    #[retry]
    #[fallback(Err(Error::Io))]
    async fn call(name: String, script: Arc<Script>) -> Result<String, Error> {
        script.run().await?;
        Ok(name.clone())
    }
    // Neither errors nor what the body holds need be `Send` for it.
    #[fallback(stale = "10m", on_stale = |event| assert!(event.failure.rejection().is_none()))]
    async fn local(script: &Script) -> Result<u32, Rc<str>> {
        script.run().await.map_err(|error| error.to_string().into())
    }
    fn is_send(_: impl Send) {}
    is_send(local(&Script::new("S")));
    is_send(call(String::new(), Arc::new(Script::new("S"))));
}
