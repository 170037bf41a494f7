use core::cell::Cell;
use core::future::{pending, ready};
use core::pin::pin;
use core::sync::atomic::{AtomicU64, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread;

use tokio::time::advance;

use super::*;
use crate::rejection::RejectionKind;
use crate::{Class, Classify};

const MINUTE: Duration = Duration::from_secs(60);
const NANOSECOND: Duration = Duration::from_nanos(1);
const NEARLY_A_MINUTE: Duration = Duration::new(59, 999_999_999);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Error(Class);

impl Classify for Error {
    fn class(&self) -> Class {
        self.0
    }
}

const FAILED: Error = Error(Class::TRANSIENT);

/// A call that comes to this outcome, async or not by turns.
fn call_of<T: Clone + Send + Sync + 'static>(
    policy: &StaleFallback,
    key: &(impl Key + ?Sized),
    outcome: Result<T, Error>,
) -> Result<T, Error> {
    thread_local! {
        static TURN: Cell<bool> = const { Cell::new(false) };
    }
    if TURN.replace(!TURN.get()) {
        return policy.call_blocking(key, || outcome);
    }
    match pin!(policy.call(key, ready(outcome))).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("it does not wait"),
    }
}

/// What it answers with for a failure.
fn answer_of<T: Clone + Send + Sync + 'static>(policy: &StaleFallback, key: &(impl Key + ?Sized)) -> Option<T> {
    call_of(policy, key, Err(FAILED)).ok()
}

/// As [`call_of`]. Of one type, since a success of another would be another success.
fn call(policy: &StaleFallback, key: &(impl Key + ?Sized), outcome: Result<u32, Error>) -> Result<u32, Error> {
    call_of(policy, key, outcome)
}

fn answer(policy: &StaleFallback, key: &(impl Key + ?Sized)) -> Option<u32> {
    answer_of(policy, key)
}

#[tokio::test(start_paused = true)]
async fn f05_the_last_success_of_the_key_while_it_is_young_enough() {
    for _ in 0..2 {
        let policy = StaleFallback::new(10 * MINUTE);
        assert_eq!(call(&policy, &1, Ok(1)), Ok(1));
        assert_eq!(call(&policy, &1, Err(FAILED)), Ok(1));
        assert_eq!(call(&policy, &2, Err(FAILED)), Err(FAILED));
        let permanent = Error(Class::Permanent);
        assert_eq!(call(&policy, &1, Err(permanent)), Err(permanent));
        assert_eq!(call(&policy, &1, Ok(2)), Ok(2));
        advance(9 * MINUTE).await;
        assert_eq!(call(&policy, &1, Err(FAILED)), Ok(2));
        advance(2 * MINUTE).await;
        assert_eq!(call(&policy, &1, Err(FAILED)), Err(FAILED));
        assert_eq!((policy.answered(), policy.len()), (2, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn f05_answers_are_younger_than_the_limit() {
    for (max_age, age, answered) in [
        (MINUTE, NEARLY_A_MINUTE, true),
        (MINUTE, MINUTE, false),
        (MINUTE, Duration::ZERO, true),
        (Duration::ZERO, Duration::ZERO, false),
        (NANOSECOND, Duration::ZERO, true),
        (Duration::MAX, 1_000_000 * MINUTE, true),
    ] {
        let policy = StaleFallback::new(max_age);
        call(&policy, &(), Ok(1)).unwrap();
        advance(age).await;
        assert_eq!(answer(&policy, &()), answered.then_some(1), "{age:?} of {max_age:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn f05_an_answer_is_no_success() {
    let policy = StaleFallback::new(MINUTE);
    call(&policy, &(), Ok(1)).unwrap();
    for _ in 0..3 {
        advance(MINUTE / 4).await;
        assert_eq!(answer(&policy, &()), Some(1));
    }
    advance(MINUTE / 4).await;
    assert_eq!(answer(&policy, &()), None);
}

#[test]
fn f05_what_it_answers_for() {
    let policy = StaleFallback::new(MINUTE);
    call(&policy, &(), Ok(1)).unwrap();
    let hint = Some(MINUTE);
    for (class, answered) in [
        (Class::TRANSIENT, true),
        (Class::Transient { retry_after: hint }, true),
        (Class::Throttled { retry_after: hint }, true),
        // The dependency was not asked: no answer of it.
        (Class::Neutral, true),
        (Class::Permanent, false),
    ] {
        let expected = if answered { Ok(1) } else { Err(Error(class)) };
        assert_eq!(call(&policy, &(), Err(Error(class))), expected, "{class:?}");
        assert_eq!(policy.when(|_| true).call_blocking(&(), || Err(Error(class))), Ok(1_u32));
        assert_eq!(policy.when(|_| false).call_blocking(&(), || Err(Error(class))), Err::<u32, _>(Error(class)));
    }
    for kind in
        [RejectionKind::Timeout, RejectionKind::RateLimited, RejectionKind::BulkheadFull, RejectionKind::CircuitOpen]
    {
        let rejected = || Flow::Rejected(Rejection::new(kind, Name::UNNAMED));
        let outcome: Flow<Result<u32, Error>> = policy.try_call_blocking(&(), rejected);
        assert_eq!(outcome, Flow::Returned(Ok(1)));
        let unknown: Flow<Result<u32, Error>> = policy.try_call_blocking("unknown", rejected);
        assert_eq!(unknown, rejected());
    }
}

#[test]
fn f05_a_type_is_as_good_as_a_key() {
    let policy = StaleFallback::new(MINUTE).max_keys(4);
    call_of(&policy, "key", Ok(1_u32)).unwrap();
    call_of(&policy, "key", Ok("text")).unwrap();
    call_of(&policy, "key", Ok(2_u64)).unwrap();
    call_of(&policy, "other", Ok(3_u32)).unwrap();
    assert_eq!(answer_of(&policy, "key"), Some(1_u32));
    assert_eq!(answer_of(&policy, "key"), Some("text"));
    assert_eq!(answer_of(&policy, "key"), Some(2_u64));
    assert_eq!(answer_of::<i32>(&policy, "key"), None);
    // The bound is one for all types.
    call_of(&policy, "key", Ok(5_u8)).unwrap();
    assert_eq!((policy.len(), answer(&policy, "other")), (4, None));
    assert!(policy.remove("key") && !policy.remove("key"));
    assert!(policy.is_empty());
}

#[test]
fn p31_the_least_recently_used_goes_first() {
    let policy = StaleFallback::new(MINUTE).max_keys(3);
    for key in 0..3 {
        call(&policy, &key, Ok(key)).unwrap();
    }
    // Both a success and an answer are a use.
    call(&policy, &0, Ok(10)).unwrap();
    assert_eq!(answer(&policy, &1), Some(1));
    call(&policy, &3, Ok(3)).unwrap();
    assert_eq!([0, 1, 2, 3].map(|key| answer(&policy, &key)), [Some(10), Some(1), None, Some(3)]);
    for key in 100..1100 {
        call(&policy, &key, Ok(key)).unwrap();
        assert_eq!(policy.len(), 3);
        assert_eq!(answer(&policy, &key), Some(key));
    }
    policy.clear();
    assert_eq!((policy.len(), answer(&policy, &1099)), (0, None));
    call(&policy, &1, Ok(1)).unwrap();
    assert_eq!(answer(&policy, &1), Some(1));
}

#[test]
fn p31_a_failure_keeps_nothing() {
    let policy = StaleFallback::new(MINUTE).max_keys(0);
    for key in 0..100 {
        assert_eq!(answer(&policy, &key), None);
    }
    assert!(policy.is_empty());
    call(&policy, &1, Ok(1)).unwrap();
    assert_eq!(policy.len(), 1, "a limit of 0 means 1");
}

#[test]
fn p30_a_clock_that_goes_back_makes_nothing_immortal() {
    let paused = || tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let policy = StaleFallback::new(MINUTE);
    paused().block_on(async {
        advance(1_000 * MINUTE).await;
        call(&policy, &(), Ok(1)).unwrap();
    });
    // Another clock, which is where the first began.
    paused().block_on(async {
        assert_eq!(answer(&policy, &()), Some(1));
        advance(NEARLY_A_MINUTE).await;
        assert_eq!(answer(&policy, &()), Some(1));
        advance(NANOSECOND).await;
        assert_eq!(answer(&policy, &()), None);
    });
    paused().block_on(async {
        call(&policy, &(), Ok(2)).unwrap();
        assert_eq!(answer(&policy, &()), Some(2), "a success is later than another, whatever the clock says");
    });
}

/// Holds up its clone until it is let go.
struct Slow {
    value: u32,
    gate: Option<(mpsc::SyncSender<()>, Mutex<mpsc::Receiver<()>>)>,
}

impl Clone for Slow {
    fn clone(&self) -> Self {
        if let Some((begun, go_on)) = &self.gate {
            begun.send(()).unwrap();
            go_on.lock().unwrap().recv().unwrap();
        }
        Self { value: self.value, gate: None }
    }
}

#[test]
fn p38_an_older_success_never_takes_the_place_of_a_newer_one() {
    let policy = StaleFallback::new(MINUTE);
    let (begun, has_begun) = mpsc::sync_channel(0);
    let (let_go, go_on) = mpsc::channel();
    thread::scope(|scope| {
        let slow = Slow { value: 1, gate: Some((begun, Mutex::new(go_on))) };
        let policy = &policy;
        let older = scope.spawn(move || policy.call_blocking(&(), || Ok::<_, Error>(slow)).is_ok());
        has_begun.recv().unwrap();
        // Neither does it wait for the clone of the other, which is not made under the lock.
        policy.call_blocking(&(), || Ok::<_, Error>(Slow { value: 2, gate: None })).unwrap_or_else(|_| panic!());
        let_go.send(()).unwrap();
        assert!(older.join().unwrap());
    });
    let last: Option<Slow> = policy.call_blocking(&(), || Err(FAILED)).ok();
    assert_eq!(last.map(|slow| slow.value), Some(2));
}

#[tokio::test(start_paused = true)]
async fn p38_what_was_forgotten_does_not_come_back() {
    type Forget = fn(&StaleFallback);
    let cases: [(&str, Forget, bool); 4] = [
        ("its key", |policy| _ = policy.remove(&1), false),
        ("all", StaleFallback::clear, false),
        ("another key", |policy| _ = policy.remove(&2), true),
        ("nothing", |_| (), true),
    ];
    for (what, forget, is_kept) in cases {
        let policy = StaleFallback::new(MINUTE);
        let slow = async {
            tokio::task::yield_now().await;
            Ok::<u32, Error>(10)
        };
        let (under_way, ()) = tokio::join!(policy.call(&1, slow), async { forget(&policy) });
        assert_eq!(under_way, Ok(10));
        assert_eq!(answer(&policy, &1), is_kept.then_some(10), "{what}, async");
        call(&policy, &1, Ok(20)).unwrap();
        assert_eq!(answer(&policy, &1), Some(20), "{what}: a call that began since then is kept");

        let policy = StaleFallback::new(MINUTE);
        let under_way = policy.call_blocking(&1, || {
            forget(&policy);
            Ok::<u32, Error>(10)
        });
        assert_eq!(under_way, Ok(10));
        assert_eq!(answer(&policy, &1), is_kept.then_some(10), "{what}");
    }
}

#[test]
fn p38_many_at_once() {
    const TURNS: u64 = if cfg!(miri) { 40 } else { 2_000 };
    let policy = StaleFallback::new(MINUTE).max_keys(10);
    let next = AtomicU64::new(1);
    thread::scope(|scope| {
        for thread in 0..4_u64 {
            let (policy, next) = (&policy, &next);
            scope.spawn(move || {
                for turn in 0..TURNS {
                    let key = (thread + turn) % 20;
                    // A later one than any before that has ended: what is answered later is no earlier.
                    let before = next.load(SeqCst);
                    let value = policy.call_blocking(&key, || Ok::<_, Error>((key, next.fetch_add(1, SeqCst))));
                    assert!(value.is_ok_and(|(_, value)| value >= before));
                    if let Ok((of, value)) = policy.call_blocking(&key, || Err::<(u64, u64), _>(FAILED)) {
                        assert!(of == key && value < next.load(SeqCst));
                    }
                    assert!(policy.len() <= 10);
                }
            });
        }
    });
    assert_eq!(policy.len(), 10);
}

/// Does something with the policy it is kept in, in its clone and in its drop.
struct Nosy<'a>(&'a StaleFallback, u32);

impl Clone for Nosy<'_> {
    fn clone(&self) -> Self {
        let _ = self.0.len();
        Self(self.0, self.1)
    }
}

impl Drop for Nosy<'_> {
    fn drop(&mut self) {
        self.0.remove("nothing");
    }
}

#[test]
fn p29_no_code_of_the_user_runs_under_the_lock() {
    static POLICY: StaleFallback = StaleFallback::new(MINUTE).max_keys(2).on_stale(|_| POLICY.clear());
    let keep = |key: &str, value| POLICY.call_blocking(key, || Ok::<_, Error>(Nosy(&POLICY, value))).is_ok();
    let kept = |key: &str| POLICY.call_blocking(key, || Err(FAILED)).map(|nosy: Nosy<'_>| nosy.1);
    // Kept, replaced, evicted, answered with, cleared by the hook.
    assert!(keep("a", 1) && keep("a", 2) && keep("b", 3) && keep("c", 4));
    assert_eq!(kept("a"), Err(FAILED));
    assert_eq!(kept("b"), Ok(3));
    assert!(POLICY.is_empty());
}

/// Its clone panics while this is set.
#[derive(Debug, PartialEq)]
struct Touchy(u32);

thread_local! {
    static PANICS: Cell<bool> = const { Cell::new(false) };
}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        assert!(!PANICS.get(), "a clone that panics");
        Self(self.0)
    }
}

#[test]
fn p29_a_panic_leaves_it_usable() {
    let policy = StaleFallback::new(MINUTE).on_stale(|_| panic!("a hook that panics"));
    call_of(&policy, &(), Ok(Touchy(1))).unwrap();
    PANICS.set(true);
    for outcome in [Ok(Touchy(2)), Err(FAILED)] {
        assert!(catch_unwind(AssertUnwindSafe(|| call_of(&policy, &(), outcome))).is_err());
    }
    assert!(
        catch_unwind(AssertUnwindSafe(|| policy.call_blocking(&(), || -> Result<u8, Error> { panic!() }))).is_err()
    );
    PANICS.set(false);
    assert_eq!(answer_of(&policy, &()), Some(Touchy(1)));
    call_of(&policy, &(), Ok(Touchy(3))).unwrap();
    assert_eq!(answer_of(&policy, &()), Some(Touchy(3)));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_keeps_nothing() {
    let policy = StaleFallback::new(MINUTE);
    drop(policy.call(&1, ready(Ok::<_, Error>(1))));
    {
        let mut call = pin!(policy.call(&1, pending::<Result<u32, Error>>()));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert!(policy.is_empty());
    let mut call = pin!(policy.call(&1, ready(Ok::<_, Error>(1))));
    assert_eq!(call.as_mut().await, Ok(1));
    assert!(call.poll(&mut Context::from_waker(Waker::noop())).is_pending(), "asked again after its end");
}

#[tokio::test(start_paused = true)]
async fn the_hook_is_told_the_age_and_the_failure() {
    static TOLD: Mutex<Vec<(Duration, Option<RejectionKind>, &str)>> = Mutex::new(Vec::new());
    static POLICY: StaleFallback = StaleFallback::new(MINUTE).name("prices").on_stale(|event| {
        let kind = event.failure.rejection().map(|rejection| rejection.kind());
        TOLD.lock().unwrap().push((event.age, kind, event.policy));
    });
    call(&POLICY, &1, Ok(1)).unwrap();
    advance(MINUTE / 2).await;
    assert_eq!(answer(&POLICY, &1), Some(1));
    assert_eq!(answer(&POLICY, &2), None);
    let late = || Flow::Rejected(Rejection::new(RejectionKind::Timeout, Name::UNNAMED));
    assert_eq!(POLICY.try_call(&1, async { late() }).await, Flow::Returned(Ok::<u32, Error>(1)));
    let expected = [(MINUTE / 2, None, "prices"), (MINUTE / 2, Some(RejectionKind::Timeout), "prices")];
    assert_eq!(*TOLD.lock().unwrap(), expected);
    assert_eq!(POLICY.answered(), 2);
}

#[test]
fn each_outcome_finds_its_part() {
    #[allow(unused_imports, reason = "as in an expansion")]
    use crate::__private::by_class::*;
    type Alias<T> = Result<T, Error>;
    macro_rules! kind {
        ($outcome:ty) => {
            (keeper::<$outcome, _>((&&Keeps::<$outcome>(core::marker::PhantomData)).part()).kind)()
        };
    }
    assert_eq!(kind!(Alias<u32>), TypeId::of::<u32>());
    assert_eq!(kind!(std::io::Result<()>), TypeId::of::<()>());
    assert_eq!(kind!(Option<u32>), TypeId::of::<Option<u32>>());
    assert_eq!(kind!(u32), TypeId::of::<u32>());
}
