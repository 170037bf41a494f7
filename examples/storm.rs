//! A thousand clients, and a server that crashes and comes back: what each policy does to the load, and which of them
//! let the server recover. A simulation in virtual time, with the real policies.
//!
//! ```sh
//! cargo run --example storm
//! cargo run --example storm -- --seed 7 storm.svg
//! ```
//!
//! It prints a table and draws a panel for each of the policies, `storm/storm.svg`. Everything follows from the seed.
//!
//! # The storm
//!
//! `storm/server.rs`: the server answers 300 requests in a second, and has a queue of 450. After ten seconds it crashes.
//! It is back at once, but with a tenth of its power, and twenty seconds later with all of it. It does not know which
//! clients have given up, and works for them as for any other; as most servers do.
//!
//! `storm/clients.rs`: each of the clients asks again some five seconds after its last answer or error, so that all of
//! them ask 200 times in a second. They notice the crash together and come back together, which is the herd.
//!
//! `storm/policies.rs`: the policies. A call that takes a second is given up, everywhere.
//!
//! # What the panels show
//!
//! - **No retry.** The herd fills the queue, and what is left of the server works for clients that have gone. When its
//!   power is back it is through with them in two seconds, and all is well.
//! - **Retry at once.** Three attempts are three times the load, more than the server can do at its best. So the queue
//!   stays full, a request waits in it for a second and a half, its client for one: all work is in vain, all calls
//!   fail, all are retried. The outage is over and the server never recovers from its own clients, though they ask
//!   for no more than two thirds of what it can do.
//! - **Without jitter.** A herd that waits in step comes back in step, in the same tenth of a second.
//! - **Full jitter.** The peaks are gone: a sixth of those without it. The sum is the same, and so is the end. Jitter is
//!   against peaks, not against load.
//! - **Patient backoff.** Delays of seconds spread the retries so far that the server bears them. It recovers, and the
//!   price is paid by users: one of a hundred waits for ten seconds and more. That works because a user who waits does
//!   not ask again; where others come instead, no delay is long enough.
//! - **Retry budget.** Retries are a tenth of the calls and one in a second for each process, whatever fails. The load
//!   is that without retries and a little more, and the server recovers a little later.
//! - **Circuit breaker.** Nearly nobody asks a server that is down: little work is in vain, and errors come at once. It
//!   is `reset_timeout` that says how late the last process notices that all is well: 5 s here, 30 s by default.
//! - **Bulkhead.** When every call takes its whole second, 200 places make 200 calls in a second at most, and that the
//!   server can do. With 400 places it does not recover. In the outage, when the queue is full and says so at once,
//!   places are soon free again and bound nothing.
//! - **All of these.** The fewest calls of all, and the fewest in vain.
//!
//! So what recovers is what bounds the calls while all of them fail: to less than the server can do at its best.

#[path = "storm/clients.rs"]
pub mod clients;
#[path = "storm/plot.rs"]
pub mod plot;
#[path = "storm/policies.rs"]
pub mod policies;
#[path = "storm/report.rs"]
pub mod report;
#[path = "storm/server.rs"]
pub mod server;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use plot::Plot;
use report::{COLUMNS, HEADING, Report};

const SEED: u64 = 1;
const USAGE: &str = "usage: storm [--seed NUMBER] [FILE.svg]";

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> ExitCode {
    let Some((seed, path)) = arguments(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(seed, path).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(seed: u64, path: Option<PathBuf>) -> io::Result<()> {
    let path = match path {
        Some(path) => path,
        // Beside the program, in the folder of the build, where nobody keeps anything.
        None => env::current_exe()?.with_extension("svg"),
    };
    check(&path)?;
    let storms = policies::storms(seed).await;
    let reports: Vec<_> = storms.iter().map(Report::of).collect();
    println!("{HEADING}");
    for report in &reports {
        println!("{report}");
    }
    println!("\n{COLUMNS}");
    fs::write(&path, Plot { storms: &storms, reports: &reports }.to_string())?;
    println!("\nLoad and answers over time are in {}", path.display());
    Ok(())
}

/// `None` for what can't be understood.
fn arguments(mut given: impl Iterator<Item = String>) -> Option<(u64, Option<PathBuf>)> {
    let (mut seed, mut path) = (SEED, None);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--seed" => seed = given.next()?.parse().ok()?,
            flag if flag.starts_with('-') => return None,
            _ if path.is_some() => return None,
            file => path = Some(file.into()),
        }
    }
    Some((seed, path))
}

/// Nothing is written over but a former plot.
fn check(path: &Path) -> io::Result<()> {
    match fs::read(path) {
        Ok(content) if !content.starts_with(plot::MARK.as_bytes()) => {
            let text = format!("{} is there already and is no plot of this example: name another file", path.display());
            Err(io::Error::new(io::ErrorKind::AlreadyExists, text))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
