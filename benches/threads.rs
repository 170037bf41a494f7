//! How one policy bears many threads.

use std::process::ExitCode;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use crate::contest::{Contestant, Row};

/// Rows whose policies hold something that all calls share.
const SHARED: [&str; 5] = ["breaker", "breaker-count", "breaker-time", "bulkhead", "rate-limit"];
const THREADS: [u32; 4] = [1, 2, 4, 8];
/// Calls of each thread in one measurement.
const CALLS: u32 = 5_000_000;
const REPEATS: usize = 9;

pub(crate) fn is_shared(row: &str) -> bool {
    SHARED.contains(&row)
}

/// Prints a table: calls per second of all threads together, relative to those of one.
pub(crate) fn table(rows: &[Row]) -> ExitCode {
    println!("| | million calls per second, 1 thread | 2 threads | 4 threads | 8 threads |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for row in rows {
        println!("| **{}** | | | | |", row.title);
        for contestant in &row.contestants {
            let [one, others @ ..] = THREADS.map(|threads| calls_per_second(contestant, threads));
            let [two, four, eight] = others.map(|many| many / one);
            println!("| {} | {:.1} | {two:.2} | {four:.2} | {eight:.2} |", contestant.name, one / 1e6);
        }
    }
    ExitCode::SUCCESS
}

/// The median of some measurements.
fn calls_per_second(contestant: &Contestant, threads: u32) -> f64 {
    let mut rates = [0.0; REPEATS].map(|_: f64| f64::from(CALLS) * f64::from(threads) / seconds(contestant, threads));
    rates.sort_unstable_by(f64::total_cmp);
    rates[REPEATS / 2]
}

/// From the first thread's begin to the last one's end.
fn seconds(contestant: &Contestant, threads: u32) -> f64 {
    let barrier = Barrier::new(threads as usize);
    let run = || {
        contestant.call(0..1_000);
        barrier.wait();
        let begun = Instant::now();
        contestant.call(0..CALLS);
        (begun, Instant::now())
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let times: Vec<_> = running.into_iter().filter_map(|thread| thread.join().ok()).collect();
        let begun = times.iter().map(|(begun, _)| *begun).min();
        let ended = times.iter().map(|(_, ended)| *ended).max();
        ended.zip(begun).map_or(f64::NAN, |(ended, begun)| (ended - begun).as_secs_f64())
    })
}
