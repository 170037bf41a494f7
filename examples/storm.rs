//! A thousand clients, and a server that crashes and comes back: what each policy does to the load, and which of them
//! let the server recover. A simulation in virtual time, with the real policies.
//!
//! ```sh
//! cargo run --example storm
//! cargo run --example storm -- --seed 7 storm.svg
//! ```

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

use report::{HEADING, Report};

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
    // Beside the program, in the folder `target`, where nobody keeps anything.
    let path = path.map_or_else(|| Ok(env::current_exe()?.with_extension("svg")), Ok::<_, io::Error>)?;
    let storms = policies::storms(seed).await;
    let reports: Vec<_> = storms.iter().map(Report::of).collect();
    println!("{HEADING}");
    for report in &reports {
        println!("{report}");
    }
    let svg = plot::svg(&storms, &reports).map_err(io::Error::other)?;
    write(&path, &svg)?;
    println!("\nLoad and answers over time: {}", path.display());
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

/// Writes over a former plot, and over nothing else.
fn write(path: &Path, svg: &str) -> io::Result<()> {
    if path.exists() && !fs::read(path)?.starts_with(plot::MARK.as_bytes()) {
        let text = format!("{} is no plot of this example, so it is left as it is", path.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
    }
    fs::write(path, svg)
}
