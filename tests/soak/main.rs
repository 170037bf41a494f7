//! Drives annotated functions from many tasks on real threads, with faults, cancelled callers, panics and somebody who
//! forces and resets the policies, and then looks whether anything is left behind.
//!
//! ```text
//! cargo run --release -p steadfast-tests --bin soak          for a minute
//! cargo run --release -p steadfast-tests --bin soak -- 10    for ten seconds
//! ```

mod chaos;
mod checks;
mod functions;

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use tokio::runtime::Builder;

fn main() -> ExitCode {
    let seconds = env::args().nth(1).map_or(Ok(60), |argument| argument.parse());
    let Ok(seconds) = seconds else {
        eprintln!("usage: soak [SECONDS]");
        return ExitCode::FAILURE;
    };
    // The panics are meant.
    std::panic::set_hook(Box::new(|panic| {
        if !panic.payload().is::<chaos::Meant>() {
            eprintln!("{panic}");
        }
    }));
    // More threads than cores, so that they are preempted anywhere.
    let runtime = Builder::new_multi_thread().worker_threads(8).enable_time().build().expect("a runtime");
    let found = runtime.block_on(checks::run(Duration::from_secs(seconds)));
    if found.is_empty() {
        println!("nothing is left behind");
        return ExitCode::SUCCESS;
    }
    for problem in found {
        println!("PROBLEM: {problem}");
    }
    ExitCode::FAILURE
}
