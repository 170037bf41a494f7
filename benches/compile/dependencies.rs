//! What comes along with a crate, and how long a clean debug build of a program takes that depends on it.

use std::io;

use crate::project::{Folder, Project, Took, median};

/// What a crate of attributes for async functions can't do without.
const BASE: &str = "base: syn, quote and tokio";

struct Candidate {
    name: &'static str,
    dependencies: String,
}

fn candidates() -> Vec<Candidate> {
    let base = "syn = { version = \"3\", features = [\"full\"] }\nquote = \"1\"\n\
                tokio = { version = \"1\", default-features = false, features = [\"time\", \"sync\"] }";
    [
        (BASE, base.to_owned()),
        ("steadfast", Project::steadfast()),
        ("execution-policy", "execution-policy = { version = \"0.0.6\", features = [\"tokio\"] }".to_owned()),
        (
            "seatbelt",
            "seatbelt = { version = \"0.11\", features = [\"breaker\", \"fallback\", \"retry\", \"timeout\"] }"
                .to_owned(),
        ),
        ("backon, backon-macros", "backon = \"1.6\"\nbackon-macros = \"1\"".to_owned()),
        ("tokio-retry2", "tokio-retry2 = \"0.9\"".to_owned()),
        ("tracing-attributes", "tracing-attributes = \"0.1\"".to_owned()),
        (
            "tower-resilience",
            "tower-resilience = { version = \"0.13\", features = \
             [\"bulkhead\", \"circuitbreaker\", \"fallback\", \"ratelimiter\", \"retry\", \"timelimiter\"] }"
                .to_owned(),
        ),
    ]
    .map(|(name, dependencies)| Candidate { name, dependencies })
    .into()
}

/// Prints the table.
pub(crate) fn table(rounds: usize) -> io::Result<()> {
    let folder = Folder::new()?;
    let mut built = Vec::new();
    for (number, candidate) in candidates().into_iter().enumerate() {
        let main = "fn main() {\n    println!(\"hello\");\n}\n";
        let project = Project::new(&folder, &format!("hello{number}"), &candidate.dependencies, main)?;
        built.push((candidate.name, project, Vec::<Took>::new()));
    }
    for round in 1..=rounds {
        for (name, project, took) in &mut built {
            took.push(project.clean_build()?);
            eprintln!("round {round}: {name}: {:.1} s", took[took.len() - 1].wall);
        }
    }

    println!("| a program that depends on | crates | clean debug build, s | to base | processor, s | to base |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let base = median(&built[0].2);
    for (name, project, took) in &built {
        let Took { wall, cpu } = median(took);
        let (to_wall, to_cpu) = (wall / base.wall, cpu / base.cpu);
        println!("| {name} | {} | {wall:.1} | {to_wall:.2} | {cpu:.1} | {to_cpu:.2} |", project.dependencies()?);
    }
    println!();
    Ok(())
}
