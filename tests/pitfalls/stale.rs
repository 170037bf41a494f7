//! P10, P20, P29, P30, P31, P38: the last success as an answer.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use steadfast::{Failure, StaleEvent, StaleFallback, fallback, retry};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::common::{Answer, Error, millis};

/// Holds up its clone, which is made when its call has succeeded.
struct Slow(u32, Option<(mpsc::SyncSender<()>, Mutex<mpsc::Receiver<()>>)>);

impl Clone for Slow {
    fn clone(&self) -> Self {
        if let Some((cloning, go_on)) = &self.1 {
            cloning.send(()).unwrap();
            go_on.lock().unwrap().recv().unwrap();
        }
        Self(self.0, None)
    }
}

#[fallback(stale = "10m", key = key)]
fn slow(key: u8, outcome: Result<Slow, Error>) -> Result<Slow, Error> {
    let _ = key;
    outcome
}

/// A success that takes long to be kept is not kept in place of a later one. Nor does it hold up the others.
#[test]
fn p38_no_update_is_lost() {
    let (cloning, is_cloning) = mpsc::sync_channel(0);
    let (let_go, go_on) = mpsc::channel();
    let older = thread::spawn(move || slow(1, Ok(Slow(1, Some((cloning, Mutex::new(go_on)))))).is_ok());
    is_cloning.recv().unwrap();
    assert!(slow(1, Ok(Slow(2, None))).is_ok() && slow(2, Ok(Slow(3, None))).is_ok());
    let_go.send(()).unwrap();
    assert!(older.join().unwrap());
    for (key, last) in [(1, 2), (2, 3)] {
        assert_eq!(slow(key, Err(Error::Body)).map(|slow| slow.0), Ok(last));
    }
}

#[fallback(stale = "10m")]
async fn takes(time: Duration, outcome: Answer) -> Answer {
    sleep(time).await;
    outcome
}

/// The last to succeed is the last success, whichever began first.
#[tokio::test(start_paused = true)]
async fn p38_the_last_to_end_counts() {
    let (_, _, failed) =
        tokio::join!(takes(millis(200), Ok(1)), takes(millis(100), Ok(2)), takes(millis(150), Err(Error::Body)));
    assert_eq!(failed, Ok(2));
    assert_eq!(takes(millis(0), Err(Error::Body)).await, Ok(1));
    // One that never ends is none.
    let lost = tokio::time::timeout(millis(10), takes(millis(100), Ok(3))).await;
    assert!(lost.is_err());
    assert_eq!(takes(millis(0), Err(Error::Body)).await, Ok(1));
}

static SEEN: Mutex<Vec<Answer>> = Mutex::new(Vec::new());

fn see(event: &StaleEvent<'_, Answer>) {
    SEEN.lock().unwrap().push(match event.failure {
        Failure::Returned(answer) => answer.clone(),
        Failure::Rejected(rejection) => Err(rejection.into()),
    });
}

#[fallback(stale = "10m", on_stale = see)]
#[retry(attempts = 2, backoff = none, clone)]
async fn told(outcome: Answer) -> Answer {
    outcome
}

/// The error that it answers for is told to whoever asks.
#[tokio::test(start_paused = true)]
async fn p38_no_error_vanishes() {
    assert_eq!(told(Err(Error::Other)).await, Err(Error::Other));
    assert_eq!(told(Ok(1)).await, Ok(1));
    assert_eq!(told(Err(Error::Body)).await, Ok(1));
    assert_eq!(*SEEN.lock().unwrap(), [Err(Error::Body)]);
}

static BOUNDED: StaleFallback = StaleFallback::new(Duration::from_secs(600)).max_keys(10);

#[fallback(stale(BOUNDED), key = (user, text))]
fn bounded(user: u32, text: &str, fails: bool) -> Result<String, Error> {
    if fails { Err(Error::Body) } else { Ok(format!("{text} {user}")) }
}

/// Any number of keys keeps only so many successes, the latest.
#[test]
fn p31_keys_are_bounded() {
    for user in 0..1_000 {
        assert_eq!(bounded(user, "hello", false).as_deref(), Ok(&*format!("hello {user}")));
        assert!(bounded(0, "hello", true).is_ok(), "one that is used stays");
        assert!(BOUNDED.len() <= 10);
    }
    let kept = (0..1_000).filter(|&user| bounded(user, "hello", true).is_ok()).collect::<Vec<_>>();
    assert_eq!(kept, [0].into_iter().chain(991..1_000).collect::<Vec<_>>());
}

#[fallback(stale = "10m", key = id, max_keys = 2)]
async fn of_two(id: u32, outcome: Answer) -> Answer {
    let _ = id;
    outcome
}

/// Calls under way hold nothing: a thousand keys at once keep as many as one after the other.
#[tokio::test]
async fn p31_nor_do_calls_under_way_keep_more() {
    let mut calls: JoinSet<Answer> = (0..1_000).map(|id| of_two(id, Ok(id))).collect();
    while let Some(answer) = calls.join_next().await {
        answer.unwrap().unwrap();
    }
    let mut kept = 0;
    for id in 0..1_000 {
        kept += u32::from(of_two(id, Err(Error::Body)).await.is_ok());
    }
    assert_eq!(kept, 2);
}

#[fallback(stale = "10m", key = key)]
fn counted(key: u8, next: &AtomicU32, fails: bool) -> Answer {
    let _ = key;
    if fails { Err(Error::Body) } else { Ok(next.fetch_add(1, SeqCst)) }
}

/// An answer is never older than a success that had ended before the call began.
#[test]
fn p38_under_contention() {
    static KEPT: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let barrier = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (0..4_u8)
        .map(|thread| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                barrier.wait();
                for turn in 0..2_000_u32 {
                    let key = u8::try_from((turn + u32::from(thread)) % 3).unwrap();
                    if thread == 0 {
                        // The only one who succeeds: its last success is the last of all.
                        let value = counted(key, &NEXT, false).unwrap();
                        KEPT[usize::from(key)].store(value, SeqCst);
                    } else {
                        let before = KEPT[usize::from(key)].load(SeqCst);
                        match counted(key, &NEXT, true) {
                            Ok(value) => assert!(value >= before, "{value} after {before}"),
                            Err(_) => assert_eq!(before, 0),
                        }
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[fallback(stale = "10m", key = id)]
async fn generic<T: Clone + Send + Sync + 'static>(id: u8, value: Option<T>) -> Result<T, Error> {
    let _ = id;
    value.ok_or(Error::Body)
}

/// One `static` serves all instantiations, and none sees the success of another.
#[tokio::test]
async fn p10_instantiations_are_apart() {
    generic(1, Some(1_u8)).await.unwrap();
    generic(1, Some(BTreeSet::from([1_u16]))).await.unwrap();
    assert_eq!(generic(1, None::<u8>).await, Ok(1));
    assert_eq!(generic(1, None).await, Ok(BTreeSet::from([1_u16])));
    assert_eq!(generic(1, None::<u16>).await, Err(Error::Body));
}

/// Asks the function that it is about to be kept by.
#[derive(Debug)]
struct Nosy(bool);

impl Clone for Nosy {
    fn clone(&self) -> Self {
        if self.0 {
            assert!(nosy(Err(Error::Body)).is_err(), "nothing is kept yet");
        }
        Self(false)
    }
}

#[fallback(stale = "10m", on_stale = |_| drop(nosy(Ok(Nosy(false)))))]
fn nosy(outcome: Result<Nosy, Error>) -> Result<Nosy, Error> {
    outcome
}

/// Neither a clone nor a hook runs under the lock: both may call the function again.
#[test]
fn p29_no_code_of_the_user_under_the_lock() {
    nosy(Ok(Nosy(true))).unwrap();
    nosy(Err(Error::Body)).unwrap();
}

#[fallback(stale = age)]
fn of_any_age(age: Duration, outcome: Answer) -> Answer {
    outcome
}

#[tokio::test(start_paused = true)]
async fn p30_no_age_is_too_long() {
    of_any_age(Duration::ZERO, Ok(1)).unwrap();
    tokio::time::advance(Duration::from_secs(1_000_000_000)).await;
    assert_eq!(of_any_age(Duration::MAX, Err(Error::Body)), Ok(1));
    assert_eq!(of_any_age(Duration::from_secs(1_000_000_001), Err(Error::Body)), Ok(1));
    assert_eq!(of_any_age(Duration::from_secs(1_000_000_000), Err(Error::Body)), Err(Error::Body));
}
