//! What it costs to compile: a crate that depends on steadfast beside peers, and annotated functions beside plain ones.
//!
//! ```text
//! cargo run -p steadfast-benches --bin compile                        both tables
//! cargo run -p steadfast-benches --bin compile -- crates              dependencies, and a clean build of them
//! cargo run -p steadfast-benches --bin compile -- functions           annotated functions, each
//! cargo run -p steadfast-benches --bin compile -- functions 5 400     of five rounds, with 400 functions
//! ```
//!
//! Crates are generated in a temporary folder, with the versions of this workspace's lock file, and built there by the
//! `cargo` and the toolchain that run this. Rounds go over all candidates in turn, so that a busy machine is busy for
//! all of them; what is told is the median. Processor seconds are those of `cargo` and all that it has started: they
//! feel other work on the machine less than the clock does.

mod dependencies;
mod functions;
mod project;

use std::process::ExitCode;
use std::{env, io};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).and_then(|text| text.parse().ok());
    let (rounds, count) = (number(1).unwrap_or(3), number(2).unwrap_or(1000));
    let made = match arguments.first().map(String::as_str) {
        None => dependencies::table(rounds).and_then(|()| functions::table(rounds, count)),
        Some("crates") => dependencies::table(rounds),
        Some("functions") => functions::table(rounds, count),
        Some(other) => Err(io::Error::other(format!("`{other}`? there are `crates` and `functions`"))),
    };
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
