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

use crate::contest::Row;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words {
        // How `measure::steps` starts this program again.
        ["--stepped", row, contestant, calls] => measure::steps::be_stepped(&rows::all(), row, contestant, calls),
        ["--threads"] => threads::table(&rows::all()),
        ["--bounds"] => report::bounds(&rows::all()),
        ref names => {
            let chosen = |row: &Row| names.is_empty() || names.iter().any(|name| row.name.starts_with(name));
            report::table(&rows::all().into_iter().filter(chosen).collect::<Vec<_>>())
        }
    }
}
