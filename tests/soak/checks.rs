//! The drive, and what must hold after it.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use steadfast::{CircuitBreaker, State};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::chaos::{BEGUN, ENDED, Error, below, micros};
use crate::functions::{
    ADAPTIVE, BREAKER, BUDGET, BULKHEAD, INSIDE, KEYED, LIMIT, MOST, MOST_KEYS, PROBED, RATED, STALE, blocking, hedged,
    keyed, nested, probed, stack,
};

const TASKS: usize = 64;
const THREADS: usize = 4;

/// What became of the calls.
#[derive(Default)]
struct Calls {
    made: AtomicU64,
    good: AtomicU64,
    failed: AtomicU64,
    rejected: AtomicU64,
    cancelled: AtomicU64,
    panicked: AtomicU64,
}

static CALLS: Calls = Calls {
    made: AtomicU64::new(0),
    good: AtomicU64::new(0),
    failed: AtomicU64::new(0),
    rejected: AtomicU64::new(0),
    cancelled: AtomicU64::new(0),
    panicked: AtomicU64::new(0),
};
static IS_OVER: AtomicBool = AtomicBool::new(false);

/// Drives the functions for so long, and says what is wrong then.
pub(crate) async fn run(time: Duration) -> Vec<String> {
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        tasks.spawn(async {
            while !IS_OVER.load(Relaxed) {
                // In a task of its own, which a panic ends.
                call(tokio::spawn(one())).await;
            }
        });
    }
    for _ in 0..THREADS {
        tasks.spawn_blocking(|| {
            while !IS_OVER.load(Relaxed) {
                CALLS.made.fetch_add(1, Relaxed);
                match catch_unwind(AssertUnwindSafe(|| blocking(below(1000)))) {
                    Ok(outcome) => count(&outcome),
                    Err(_) => _ = CALLS.panicked.fetch_add(1, Relaxed),
                }
            }
        });
    }
    tasks.spawn(by_hand());

    sleep(time / 4).await;
    let early = resident();
    sleep(time * 3 / 4).await;
    let late = resident();
    IS_OVER.store(true, Relaxed);
    let ended = timeout(Duration::from_secs(30), tasks.join_all()).await;
    let mut found = Vec::new();
    if ended.is_err() {
        found.push("some calls never end".to_owned());
    }
    report(begun.elapsed());
    found.extend(left_behind(early, late));
    found.extend(recovers().await);
    found
}

/// One call of any of the functions.
async fn one() -> Result<u64, Error> {
    let n = below(1000);
    match below(5) {
        0 => stack(n).await,
        1 => hedged(n).await,
        2 => keyed(n).await,
        3 => probed(n).await,
        _ => nested(n).await,
    }
}

/// The call's caller waits for it, or goes away.
async fn call(task: tokio::task::JoinHandle<Result<u64, Error>>) {
    CALLS.made.fetch_add(1, Relaxed);
    let abort = task.abort_handle();
    // One that hangs where nothing ends it goes away for certain.
    let patience = if below(4) == 0 { micros(2000) } else { Duration::from_millis(30) };
    let Ok(ended) = timeout(patience, task).await else {
        abort.abort();
        CALLS.cancelled.fetch_add(1, Relaxed);
        return;
    };
    match ended {
        Ok(outcome) => count(&outcome),
        Err(_) => _ = CALLS.panicked.fetch_add(1, Relaxed),
    }
}

fn count(outcome: &Result<u64, Error>) {
    let counter = match outcome {
        Ok(_) => &CALLS.good,
        Err(Error::Body) => &CALLS.failed,
        Err(Error::Rejected(_)) => &CALLS.rejected,
    };
    counter.fetch_add(1, Relaxed);
}

/// Somebody at the switches.
async fn by_hand() {
    while !IS_OVER.load(Relaxed) {
        sleep(micros(20_000)).await;
        match below(12) {
            0 => BREAKER.force_open(),
            1 => BREAKER.force_closed(),
            2 => BULKHEAD.force_open(),
            3 => LIMIT.force_open(),
            4 => LIMIT.force_closed(),
            5 => _ = STALE.remove(&below(32)),
            6 => STALE.clear(),
            7 => _ = KEYED.remove(&below(20)),
            8 => BUDGET.reset(),
            _ => {}
        }
        sleep(micros(3000)).await;
        BREAKER.reset();
        BULKHEAD.reset();
        ADAPTIVE.reset();
        LIMIT.reset();
    }
}

fn report(time: Duration) {
    let Calls { made, good, failed, rejected, cancelled, panicked } = &CALLS;
    let [made, good, failed, rejected, cancelled, panicked] =
        [made, good, failed, rejected, cancelled, panicked].map(|counter| counter.load(Relaxed));
    println!(
        "{made} calls in {time:.0?}: {good} good, {failed} failed, {rejected} rejected, {cancelled} cancelled, {panicked} \
         panicked; {} bodies",
        BEGUN.load(Relaxed)
    );
}

/// What is held though nobody holds it any more.
fn left_behind(early: Option<u64>, late: Option<u64>) -> Vec<String> {
    let mut found = Vec::new();
    let mut none = |what: &str, left: u64| {
        if left != 0 {
            found.push(format!("{what}: {left} left"));
        }
    };
    none("bodies", BEGUN.load(Relaxed).abs_diff(ENDED.load(Relaxed)));
    none("bodies in the bulkhead", INSIDE.load(Relaxed).into());
    for (name, bulkhead) in [("bulkhead", &BULKHEAD), ("adaptive bulkhead", &ADAPTIVE)] {
        none(&format!("places of the {name}"), bulkhead.running().into());
        none(&format!("those who wait for the {name}"), bulkhead.waiting().into());
    }
    none("those who wait for the rate limit", LIMIT.waiting() as u64);
    none("probes", BREAKER.counts().probes.into());
    none("probes of a breaker that nobody resets", PROBED.counts().probes.into());
    none("keys too many", KEYED.len().saturating_sub(MOST_KEYS) as u64);
    none("values too many", STALE.len().saturating_sub(MOST_KEYS) as u64);
    let Calls { made, good, failed, rejected, cancelled, panicked } = &CALLS;
    let ends: u64 = [good, failed, rejected, cancelled, panicked].map(|counter| counter.load(Relaxed)).iter().sum();
    none("calls of which nobody knows the end", made.load(Relaxed).abs_diff(ends));
    if let (Some(early), Some(late)) = (early, late)
        && late > early + early / 4 + 4096
    {
        found.push(format!("memory grows: {early} KiB after a quarter of the time, {late} KiB at its end"));
    }
    found
}

/// Whether each policy lets calls pass again, by its own rules.
async fn recovers() -> Vec<String> {
    let mut found = Vec::new();
    let keys = KEYED.policies();
    for breaker in [&BREAKER, &PROBED, &RATED].into_iter().chain(keys.iter().map(AsRef::as_ref)) {
        if !closes(breaker).await {
            found.push(format!("a breaker stays {:?}: {breaker:?}", breaker.state()));
        }
    }
    let places: Vec<_> = (0..MOST).map(|_| BULKHEAD.try_acquire()).collect();
    if places.iter().any(Result::is_err) {
        found.push("not all places of the bulkhead are free".to_owned());
    }
    if BULKHEAD.try_acquire().is_ok() {
        found.push("the bulkhead has more places than it should".to_owned());
    }
    sleep(Duration::from_millis(5)).await;
    if LIMIT.available() != 20 {
        found.push(format!("the bucket of the rate limit does not fill: {}", LIMIT.available()));
    }
    let waited = spawn_blocking(blocking_passes).await;
    drop(places);
    if waited.is_err() {
        found.push("a blocking call never ends".to_owned());
    }
    found
}

/// With all places taken it is rejected, and answered by its fallback.
fn blocking_passes() {
    assert!(matches!(blocking(1), Ok(0)), "the fallback answers");
}

async fn closes(breaker: &CircuitBreaker) -> bool {
    for _ in 0..20 {
        if breaker.state() == State::Closed {
            return true;
        }
        sleep(breaker.retry_after().unwrap_or(Duration::from_millis(1))).await;
        if let Ok(permit) = breaker.try_acquire() {
            permit.success();
        }
    }
    false
}

/// KiB of memory in use, where the system tells.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
