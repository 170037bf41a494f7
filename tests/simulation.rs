//! A dependency that is strained for a while, behind limits that are too low, too high, and found by themselves.
//!
//! ```sh
//! cargo test -p steadfast-tests --test simulation -- --nocapture
//! ```
//!
//! The dependency does as many calls at once as it has workers, a tenth of a second each, more or less; the others
//! wait within it, and each of these slows down everybody by a quarter of a hundredth. It is asked for half as much
//! again as it can do when it is well.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast::{Bulkhead, bulkhead};
use steadfast_tests::{Answer, Error};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

const CALL: Duration = Duration::from_millis(100);
const ASKED_PER_SECOND: f64 = 300.0;
const CROWDING: f64 = 0.0025;
/// How many workers there are, one after the other.
const PHASES: [usize; 3] = [20, 5, 20];
/// The first seconds of each phase do not count: the limit has to find out first.
const SETTLING: u32 = 10;
const COUNTED: u32 = 20;

struct Dependency(Mutex<State>);

struct State {
    workers: usize,
    /// When each worker will have done what it has been given.
    free: Vec<Instant>,
    inside: usize,
    seed: u64,
}

impl Dependency {
    fn new() -> Arc<Self> {
        let free = vec![Instant::now(); PHASES.into_iter().max().unwrap()];
        Arc::new(Self(Mutex::new(State { workers: free.len(), free, inside: 0, seed: 3 })))
    }

    async fn ask(&self) -> Answer {
        let done = self.0.lock().unwrap().take_in();
        sleep_until(done).await;
        self.0.lock().unwrap().inside -= 1;
        Ok(1)
    }
}

impl State {
    /// When a call that comes now will be done.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn take_in(&mut self) -> Instant {
        self.inside += 1;
        let crowd = self.inside.saturating_sub(self.workers) as f64;
        let takes = CALL.mul_f64((0.5 + random(&mut self.seed)) * (1.0 + crowd * CROWDING));
        let worker = self.free[..self.workers].iter_mut().min().unwrap();
        *worker = (*worker).max(Instant::now()) + takes;
        *worker
    }
}

/// From 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "53 bits")]
fn random(seed: &mut u64) -> f64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*seed ^ *seed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ mixed >> 31) >> 11) as f64 / (1_u64 << 53) as f64
}

/// What was seen of one phase, from outside.
#[derive(Debug, Default)]
struct Seen {
    rejected: u32,
    /// With the wait for a place.
    times: Vec<Duration>,
    /// In the dependency.
    latencies: Vec<Duration>,
    limits: Vec<u32>,
}

impl Seen {
    /// The calls that it answered, as a part of what it could have done.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn throughput(&self, workers: usize) -> f64 {
        let possible = workers as f64 * f64::from(COUNTED) / CALL.as_secs_f64();
        self.times.len() as f64 / possible
    }

    fn percentile(&mut self, percent: usize) -> Duration {
        self.times.sort_unstable();
        self.times[self.times.len() * percent / 100]
    }
}

fn mean(durations: &[Duration]) -> Duration {
    durations.iter().sum::<Duration>() / u32::try_from(durations.len()).unwrap()
}

/// Asks through a function with its bulkhead.
async fn simulate<F>(places: &'static Bulkhead, call: impl Fn(Arc<Dependency>) -> F) -> Vec<Seen>
where
    F: Future<Output = Result<Instant, Error>> + Send + 'static,
{
    let dependency = Dependency::new();
    let mut dice = 5;
    let mut phases = Vec::new();
    for workers in PHASES {
        dependency.0.lock().unwrap().workers = workers;
        let start = Instant::now();
        let mut next = start;
        let mut calls = JoinSet::new();
        let mut seen = Seen::default();
        while start.elapsed().as_secs() < u64::from(SETTLING + COUNTED) {
            next += Duration::from_secs_f64(-(1.0 - random(&mut dice)).ln() / ASKED_PER_SECOND);
            sleep_until(next).await;
            let asked = Instant::now();
            let call = call(Arc::clone(&dependency));
            calls.spawn(async move { (asked, call.await, Instant::now()) });
            while let Some(ended) = calls.try_join_next() {
                let (asked, outcome, answered) = ended.unwrap();
                if (answered - start).as_secs() < u64::from(SETTLING) {
                    continue;
                }
                seen.limits.push(places.limit());
                match outcome {
                    Ok(began) => {
                        seen.times.push(answered - asked);
                        seen.latencies.push(answered - began);
                    }
                    Err(error) => {
                        assert!(error.rejection().is_bulkhead_full());
                        seen.rejected += 1;
                    }
                }
            }
        }
        // They go on in the next phase, where they are not counted.
        calls.detach_all();
        phases.push(seen);
    }
    phases
}

macro_rules! simulate {
    ($places:expr) => {{
        static PLACES: Bulkhead = $places.max_wait(Duration::from_secs(1));
        /// When it got its place.
        #[bulkhead(PLACES)]
        async fn call(dependency: Arc<Dependency>) -> Result<Instant, Error> {
            let began = Instant::now();
            dependency.ask().await.map(|_| began)
        }
        simulate(&PLACES, call).await
    }};
}

fn print(name: &str, phases: &mut [Seen]) {
    for (seen, workers) in phases.iter_mut().zip(PHASES) {
        let limits = (*seen.limits.iter().min().unwrap(), *seen.limits.iter().max().unwrap());
        println!(
            "| {name:8} | {workers:2} | {:>3} to {:<3} | {:3.0} % | {:4} ms | {:4} ms | {:4} ms | {:3} |",
            limits.0,
            limits.1,
            seen.throughput(workers) * 100.0,
            mean(&seen.latencies).as_millis(),
            mean(&seen.times).as_millis(),
            seen.percentile(99).as_millis(),
            seen.rejected / COUNTED,
        );
    }
}

#[tokio::test(start_paused = true)]
async fn throughput_near_the_best_and_latency_bounded() {
    let mut low = simulate!(Bulkhead::new(5));
    let mut right = simulate!(Bulkhead::new(30));
    let mut high = simulate!(Bulkhead::new(200));
    let mut adaptive = simulate!(Bulkhead::adaptive(2, 200));
    println!("| limit | workers | limits | throughput | latency | with the wait | 99 of 100 | rejected a second |");
    for (name, phases) in [("5", &mut low), ("30", &mut right), ("200", &mut high), ("adaptive", &mut adaptive)] {
        print(name, phases);
    }
    let [healthy, strained] = PHASES[..2] else { unreachable!() };

    // Too low: most of the dependency lies idle.
    assert!(low[0].throughput(healthy) < 0.3);
    // Too high: the dependency is crowded, and everybody waits for long.
    assert!(high[0].throughput(healthy) < 0.75 && mean(&high[0].latencies) > CALL * 10);
    assert!(high[1].throughput(strained) < 0.75 && mean(&high[1].latencies) > CALL * 40);
    // Right for one time, and not for another.
    assert!(right[0].throughput(healthy) > 0.95 && mean(&right[0].times) < CALL * 4);
    assert!(mean(&right[1].times) > CALL * 10);
    // Found by itself.
    for (seen, workers) in adaptive.iter_mut().zip(PHASES) {
        assert!(seen.throughput(workers) > 0.93, "{}", seen.throughput(workers));
        assert!(mean(&seen.latencies) < CALL * 5 / 2, "{:?}", mean(&seen.latencies));
        assert!(mean(&seen.times) < CALL * 5, "{:?}", mean(&seen.times));
        assert!(seen.percentile(99) < CALL * 8, "{:?}", seen.percentile(99));
    }
}
