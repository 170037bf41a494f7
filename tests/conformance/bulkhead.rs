//! How many calls run at once, who waits, and who goes first.

use std::cell::RefCell;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use steadfast::{
    Bulkhead, CircuitBreaker, Keyed, Rejection, bulkhead, circuit_breaker, fallback, retry, testing, timeout,
};
use steadfast_tests::{Answer, Error, Script, poll_once};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn is_full(answer: &Answer) -> bool {
    matches!(answer, Err(Error::Rejected(rejection)) if rejection.is_bulkhead_full())
}

/// The running and the waiting.
fn occupancy(bulkhead: &Bulkhead) -> (u32, u32) {
    (bulkhead.running(), bulkhead.waiting())
}

#[tokio::test(start_paused = true)]
async fn k01_so_many_run_and_one_more_is_rejected() {
    #[bulkhead(max_concurrent = 3)]
    async fn call() -> Answer {
        sleep(SECOND).await;
        Ok(1)
    }
    let mut calls: Vec<_> = (0..4).map(|_| Box::pin(call())).collect();
    for call in &mut calls[..3] {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    let start = Instant::now();
    let rejection = calls.pop().unwrap().await.unwrap_err().rejection();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(rejection.is_bulkhead_full());
    assert_eq!((rejection.running(), rejection.waiting()), (Some(3), Some(0)));
    assert_eq!((rejection.http_status(), rejection.grpc_code()), (503, 8));
    // One ends, another runs, and a further one does not.
    assert_eq!(calls.pop().unwrap().await, Ok(1));
    let mut another = Box::pin(call());
    assert!(poll_once(another.as_mut()).is_pending());
    drop(calls);
    assert_eq!(another.await, Ok(1));
}

#[test]
fn k01b_so_many_run_in_a_sync_function() {
    #[bulkhead(max_concurrent = 3)]
    fn call(depth: u32) -> Answer {
        if depth == 0 { Ok(0) } else { call(depth - 1).map(|n| n + 1) }
    }
    for _ in 0..3 {
        assert_eq!(call(2), Ok(2));
        let rejection = call(3).unwrap_err().rejection();
        assert_eq!((rejection.running(), rejection.waiting()), (Some(3), Some(0)));
    }
}

#[tokio::test(start_paused = true)]
async fn k02_so_many_wait_in_order_and_one_more_is_rejected() {
    #[bulkhead(max_concurrent = 5, max_queue = 5, max_wait = "1s")]
    async fn call(number: u32, order: &RefCell<Vec<u32>>) -> Answer {
        order.borrow_mut().push(number);
        sleep(SECOND / 10 * (number % 5 + 1)).await;
        Ok(number)
    }
    let order = RefCell::default();
    let start = Instant::now();
    let mut calls: Vec<_> = (0..11).map(|number| Box::pin(call(number, &order))).collect();
    for call in &mut calls[..10] {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    assert_eq!(*order.borrow(), [0, 1, 2, 3, 4]);
    let rejection = calls.pop().unwrap().await.unwrap_err().rejection();
    assert_eq!((rejection.running(), rejection.waiting()), (Some(5), Some(5)));
    assert_eq!(start.elapsed(), Duration::ZERO);
    // In the order in which they came.
    let mut results = Vec::new();
    let all = async {
        let mut pending: Vec<_> = calls.iter_mut().map(|call| Some(call.as_mut())).collect();
        std::future::poll_fn(|cx| {
            for call in &mut pending {
                if let Some(future) = call
                    && let std::task::Poll::Ready(answer) = future.as_mut().poll(cx)
                {
                    results.push(answer);
                    *call = None;
                }
            }
            if pending.iter().all(Option::is_none) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    };
    all.await;
    assert_eq!(results.len(), 10);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(order.borrow()[5..], [5, 6, 7, 8, 9]);
}

#[tokio::test(start_paused = true)]
async fn k02b_nobody_waits_longer_than_allowed() {
    static PLACES: Bulkhead = Bulkhead::new(1).max_wait(SECOND);
    #[bulkhead(PLACES)]
    async fn call() -> Answer {
        pending().await
    }
    #[bulkhead(PLACES)]
    fn call_blocking() -> Answer {
        Ok(1)
    }
    let _place = PLACES.try_acquire().unwrap();
    let start = Instant::now();
    assert!(is_full(&call().await));
    assert_eq!((start.elapsed(), occupancy(&PLACES)), (SECOND, (1, 0)));
    let sleeps = testing::advance_on_sleep();
    assert!(is_full(&call_blocking()));
    assert_eq!((sleeps.taken(), occupancy(&PLACES)), (vec![SECOND], (1, 0)));
}

#[tokio::test(start_paused = true)]
async fn k02c_nor_beyond_the_deadline_around() {
    #[timeout("300ms")]
    #[bulkhead(max_concurrent = 1, max_wait = "1m")]
    async fn call() -> Answer {
        pending().await
    }
    #[bulkhead(max_concurrent = 1, max_wait = "1m")]
    fn blocking(depth: u32) -> Answer {
        if depth == 0 { Ok(0) } else { blocking(depth - 1) }
    }
    #[timeout("300ms")]
    async fn over_blocking() -> Answer {
        blocking(1)
    }
    let start = Instant::now();
    let (runs, waits) = tokio::join!(call(), call());
    assert!(runs.unwrap_err().rejection().is_timeout());
    assert!(is_full(&waits), "it says why it had no answer");
    assert_eq!(start.elapsed(), Duration::from_millis(300));
    let sleeps = testing::advance_on_sleep();
    assert!(is_full(&over_blocking().await));
    assert_eq!(sleeps.taken(), [Duration::from_millis(300)]);
}

#[tokio::test(start_paused = true)]
async fn k02d_the_queue_is_as_long_as_there_are_places() {
    static PLACES: Bulkhead = Bulkhead::new(2).max_wait(SECOND);
    #[bulkhead(PLACES)]
    async fn call() -> Answer {
        pending().await
    }
    let mut calls: Vec<_> = (0..4).map(|_| Box::pin(call())).collect();
    for call in &mut calls {
        assert!(poll_once(call.as_mut()).is_pending());
    }
    assert_eq!(occupancy(&PLACES), (2, 2));
    assert!(is_full(&call().await));
}

#[tokio::test(start_paused = true)]
async fn k02e_a_newcomer_does_not_overtake() {
    static PLACES: Bulkhead = Bulkhead::new(1).max_wait(SECOND);
    #[bulkhead(PLACES)]
    async fn call() -> Answer {
        Ok(1)
    }
    let place = PLACES.try_acquire().unwrap();
    let mut waits = Box::pin(call());
    assert!(poll_once(waits.as_mut()).is_pending());
    drop(place);
    // The place is free, but not for these.
    assert!(PLACES.try_acquire().is_err());
    let mut newcomer = Box::pin(call());
    assert!(poll_once(newcomer.as_mut()).is_pending());
    assert!(poll_once(waits.as_mut()).is_ready());
    assert!(poll_once(newcomer.as_mut()).is_ready());
}

#[tokio::test(start_paused = true)]
async fn k03_who_goes_away_frees_the_place() {
    static PLACES: Bulkhead = Bulkhead::new(1).max_wait(SECOND).max_queue(2);
    #[bulkhead(PLACES)]
    async fn call(number: u32) -> Answer {
        tokio::task::yield_now().await;
        Ok(number)
    }
    let mut running = Box::pin(call(1));
    let mut waiting = Box::pin(call(2));
    let mut behind = Box::pin(call(3));
    assert!(poll_once(running.as_mut()).is_pending());
    assert!(poll_once(waiting.as_mut()).is_pending());
    assert!(poll_once(behind.as_mut()).is_pending());
    assert_eq!(occupancy(&PLACES), (1, 2));
    drop(waiting);
    assert_eq!(occupancy(&PLACES), (1, 1));
    drop(running);
    assert_eq!(occupancy(&PLACES), (1, 0), "it is handed on, before anybody is polled");
    assert_eq!(behind.await, Ok(3));
    assert_eq!(occupancy(&PLACES), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn k03b_also_by_a_panic() {
    static PLACES: Bulkhead = Bulkhead::new(1);
    #[bulkhead(PLACES)]
    async fn call(panics: bool) -> Answer {
        assert!(!panics);
        Ok(1)
    }
    #[bulkhead(PLACES)]
    fn call_blocking(panics: bool) -> Answer {
        assert!(!panics);
        Ok(1)
    }
    assert!(tokio::spawn(call(true)).await.unwrap_err().is_panic());
    assert_eq!(call(false).await, Ok(1));
    assert!(std::panic::catch_unwind(|| call_blocking(true)).is_err());
    assert_eq!(call_blocking(false), Ok(1));
}

#[tokio::test(start_paused = true)]
async fn k03c_a_call_that_is_not_polled_holds_nothing() {
    #[bulkhead(max_concurrent = 1)]
    async fn call() -> Answer {
        Ok(1)
    }
    let unpolled = call();
    assert_eq!(call().await, Ok(1));
    assert_eq!(unpolled.await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn k04_no_place_is_held_during_a_delay() {
    #[retry(attempts = 2, backoff = fixed("1s"), jitter = none)]
    #[bulkhead(max_concurrent = 1)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let (a, b) = (Script::new("FS"), Script::new("s"));
    let enters = async {
        sleep(SECOND / 2).await;
        call(&b).await
    };
    let (first, second) = tokio::join!(call(&a), enters);
    assert_eq!(second, Ok(1));
    assert!(is_full(&first), "it had one attempt left, and meets B");
    assert_eq!((a.runs(), b.runs()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn k04b_nor_in_a_sync_function() {
    static PLACES: Bulkhead = Bulkhead::new(1);
    #[retry(attempts = 2, backoff = fixed("1s"), jitter = none)]
    #[bulkhead(PLACES)]
    fn call(script: &Script) -> Answer {
        assert_eq!(PLACES.running(), 1);
        script.run_blocking()
    }
    let _sleeper = testing::sleeper(|delay| assert_eq!((delay, PLACES.running()), (SECOND, 0)));
    assert_eq!(call(&Script::new("FS")), Ok(2));
}

#[tokio::test(start_paused = true)]
async fn k05_a_full_bulkhead_is_retried_after_the_usual_delay() {
    #[retry(attempts = 3, backoff = fixed("1s"), jitter = none)]
    #[bulkhead(max_concurrent = 1)]
    async fn call(script: &Script) -> Answer {
        sleep(SECOND / 2 * 3).await;
        script.run().await
    }
    let (a, b) = (Script::new("S"), Script::new("S"));
    let start = Instant::now();
    // B asks at 0, 1 and 2 s; A runs until 1.5 s.
    assert_eq!(tokio::join!(call(&a), call(&b)), (Ok(1), Ok(1)));
    assert_eq!(start.elapsed(), SECOND * 7 / 2);
}

#[tokio::test(start_paused = true)]
async fn k05b_unless_the_retry_is_narrowed() {
    macro_rules! asks {
        ($($settings:tt)*) => {{
            static PLACES: Bulkhead = Bulkhead::new(1);
            #[retry(attempts = 3, backoff = none, $($settings)*)]
            #[bulkhead(PLACES)]
            async fn call() -> Answer {
                Ok(1)
            }
            let _place = PLACES.try_acquire().unwrap();
            assert!(is_full(&call().await));
            PLACES.rejected()
        }};
    }
    assert_eq!(asks!(ignore(Ok(_))), 3);
    assert_eq!(asks!(when = |_| true), 1);
    assert_eq!(asks!(when = |_| true, rejections(bulkhead_full)), 3);
    assert_eq!(asks!(rejections(timeout)), 1);
}

#[tokio::test(start_paused = true)]
async fn k06_a_breaker_takes_it_as_neutral() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(2);
    static PLACES: Bulkhead = Bulkhead::new(1);
    #[circuit_breaker(BREAKER)]
    #[bulkhead(PLACES)]
    async fn call(script: &Script) -> Answer {
        script.run().await
    }
    let script = Script::new("FFS");
    assert_eq!(call(&script).await, Err(Error::Failed));
    let place = PLACES.try_acquire().unwrap();
    for _ in 0..5 {
        assert!(is_full(&call(&script).await));
    }
    // Neither another failure nor a success in between.
    assert_eq!(BREAKER.counts().consecutive_failures, 1);
    drop(place);
    assert_eq!(call(&script).await, Err(Error::Failed));
    assert!(BREAKER.is_open());
}

#[tokio::test(start_paused = true)]
async fn k06b_also_when_the_deadline_ends_the_wait() {
    static BREAKER: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
    static PLACES: Bulkhead = Bulkhead::new(1).max_wait(Duration::from_secs(60));
    #[timeout("1s")]
    #[circuit_breaker(BREAKER)]
    #[bulkhead(PLACES)]
    async fn call() -> Answer {
        Ok(1)
    }
    let _place = PLACES.try_acquire().unwrap();
    assert!(is_full(&call().await));
    assert!(!BREAKER.is_open());
}

#[tokio::test(start_paused = true)]
async fn k07_a_fallback_handles_it() {
    static PLACES: Bulkhead = Bulkhead::new(1);
    #[fallback(0)]
    #[bulkhead(PLACES)]
    async fn call() -> u32 {
        1
    }
    #[bulkhead(PLACES, error = |rejection: Rejection| rejection.running())]
    fn call_blocking() -> Result<u32, Option<u32>> {
        Ok(1)
    }
    assert_eq!((call().await, call_blocking()), (1, Ok(1)));
    let _place = PLACES.try_acquire().unwrap();
    assert_eq!((call().await, call_blocking()), (0, Err(Some(1))));
}

#[tokio::test(start_paused = true)]
async fn k08_which_calls_share_places() {
    static TENANTS: Keyed<Bulkhead> = Bulkhead::new(1).keyed();
    struct Client(Arc<Bulkhead>);
    impl Client {
        #[bulkhead(max_concurrent = 1)]
        async fn of_the_type(&self) -> Answer {
            pending().await
        }
        #[bulkhead(self.0)]
        async fn of_each(&mut self) -> Answer {
            pending().await
        }
        #[bulkhead(max_concurrent = 1, key = (host, port))]
        async fn of_an_address(&self, host: &str, port: u16) -> Answer {
            let _ = (host, port);
            pending().await
        }
        #[bulkhead(TENANTS, key = tenant)]
        async fn of_a_tenant(&self, tenant: String) -> Answer {
            drop(tenant);
            pending().await
        }
    }
    let client = || Client(Arc::new(Bulkhead::new(1)));
    macro_rules! runs {
        ($call:expr, $expected:expr) => {
            let mut call = Box::pin($call);
            let polled = poll_once(call.as_mut());
            assert_eq!(polled.is_pending(), $expected, stringify!($call));
        };
    }
    let shared = [client(), client()];
    let [one, other] = &shared;
    runs!(one.of_the_type(), true);
    runs!(other.of_the_type(), false);
    runs!(one.of_an_address("a", 1), true);
    runs!(one.of_an_address("a", 2), true);
    runs!(other.of_an_address("a", 1), false);
    runs!(one.of_a_tenant("a".to_owned()), true);
    runs!(one.of_a_tenant("b".to_owned()), true);
    runs!(other.of_a_tenant("a".to_owned()), false);
    let (mut one, mut other) = (client(), client());
    let held = Arc::clone(&one.0);
    runs!(one.of_each(), true);
    runs!(other.of_each(), true);
    assert!(held.try_acquire().is_err());
}

#[tokio::test(start_paused = true)]
async fn k09_forced_open_and_closed() {
    static PLACES: Bulkhead = Bulkhead::new(1);
    #[bulkhead(PLACES)]
    async fn call() -> Answer {
        Ok(1)
    }
    PLACES.force_open();
    assert!(is_full(&call().await));
    PLACES.force_closed();
    let places = [PLACES.try_acquire().unwrap(), PLACES.try_acquire().unwrap()];
    assert_eq!(call().await, Ok(1));
    PLACES.reset();
    assert!(is_full(&call().await));
    drop(places);
    assert_eq!(call().await, Ok(1));
}
