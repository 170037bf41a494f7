//! What a policy costs a call: ours beside others, each above the plain function, in one run.
//!
//! ```text
//! cargo run --profile bench -p steadfast-benches                        the table
//! cargo run --profile bench -p steadfast-benches -- retry stack         rows whose names begin so
//! cargo run --profile bench -p steadfast-benches -- --threads           calls per second of many threads on one policy
//! cargo run --profile bench -p steadfast-benches -- --bounds            what CI asks: counts within bounds, or an error
//! ```
//!
//! With `--features peers`, other crates stand beside ours.
//!
//! Instructions, locked instructions and clock reads are counted one by one, in a process of its own that is stepped
//! through (`measure/steps.rs`); they are the same each time. Nanoseconds are the machine's and the day's.

mod contest;
mod measure;
#[cfg(feature = "peers")]
mod peers;
mod report;
mod rows;
mod threads;

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words {
        // How `measure::steps` starts this program again.
        ["--stepped", row, contestant, calls] => {
            measure::steps::be_stepped(&rows::chosen(|name| name == row), row, contestant, calls)
        }
        ["--threads"] => threads::table(&rows::chosen(threads::is_shared)),
        ["--bounds"] => report::bounds(&rows::chosen(|_| true)),
        ref asked => {
            let is_asked = |name: &str| asked.is_empty() || asked.iter().any(|begin| name.starts_with(begin));
            report::table(&rows::chosen(is_asked))
        }
    }
}
