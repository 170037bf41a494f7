//! What an annotated function costs to check and to build, and how much machine code it becomes.

use std::fmt::Write;
use std::io;

use crate::project::{Folder, Project, Took, median};

struct Candidate {
    name: &'static str,
    dependencies: String,
    /// What stands above each function.
    attributes: &'static str,
}

fn candidates() -> Vec<Candidate> {
    let base = "tokio = { version = \"1\", default-features = false, features = [\"rt\", \"sync\", \"time\"] }";
    let ours = || format!("{base}\n{}", Project::steadfast());
    let tracing = "tracing = { version = \"0.1\", default-features = false, features = [\"attributes\"] }";
    [
        ("plain", base.to_owned(), ""),
        ("`#[tracing::instrument]`", format!("{base}\n{tracing}"), "#[tracing::instrument]"),
        ("`#[timeout]`", ours(), "#[steadfast::timeout(\"1s\")]"),
        ("`#[retry]`", ours(), "#[steadfast::retry]"),
        ("`#[circuit_breaker]`", ours(), "#[steadfast::circuit_breaker]"),
        ("`#[retry]`, `#[timeout]`", ours(), "#[steadfast::retry]\n    #[steadfast::timeout(\"1s\")]"),
        (
            "`#[fallback]`, `#[retry]`, `#[circuit_breaker]`, `#[timeout]`",
            ours(),
            "#[steadfast::fallback(Ok(Row { id, size: 0 }))]\n    #[steadfast::retry]\n    \
             #[steadfast::circuit_breaker]\n    #[steadfast::timeout(\"1s\")]",
        ),
    ]
    .map(|(name, dependencies, attributes)| Candidate { name, dependencies, attributes })
    .into()
}

/// A program with that many functions, each with a body that waits, fails and branches. All are called, as boxed
/// futures: what nobody calls is not built.
fn program(candidate: &Candidate, count: usize) -> String {
    let rejected = if candidate.dependencies.contains("steadfast") {
        "impl From<steadfast::Rejection> for Error {\n    \
         fn from(_: steadfast::Rejection) -> Self {\n        Self::Rejected\n    }\n}\n"
    } else {
        ""
    };
    let mut text = format!(
        "#![allow(dead_code)]
pub struct Row {{
    pub id: u32,
    pub size: usize,
}}
#[derive(Debug)]
pub enum Error {{
    NotFound,
    TooLarge(usize),
    Rejected,
}}
impl std::fmt::Display for Error {{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{
        write!(f, \"{{self:?}}\")
    }}
}}
impl std::error::Error for Error {{}}
{rejected}
pub async fn query(id: u32, key: &str) -> Result<Row, Error> {{
    tokio::task::yield_now().await;
    if key.is_empty() {{ Err(Error::NotFound) }} else {{ Ok(Row {{ id, size: key.len() }}) }}
}}
pub type Call = fn(u32) -> std::pin::Pin<Box<dyn Future<Output = Result<Row, Error>>>>;
"
    );
    let mut all = String::new();
    // A module has fifty, as a file might.
    for module in 0..count.div_ceil(50) {
        let numbers = module * 50..count.min(module * 50 + 50);
        writeln!(text, "mod m{module} {{\n    use super::{{Call, Error, Row, query}};").expect("a string");
        let calls: Vec<_> = numbers.clone().map(|n| format!("|id| Box::pin(fetch_{n}(id, \"key\"))")).collect();
        writeln!(text, "    pub(crate) static CALLS: [Call; {}] = [{}];", calls.len(), calls.join(", "))
            .expect("a string");
        for n in numbers {
            let attributes = candidate.attributes;
            write!(
                text,
                "
    {attributes}
    async fn fetch_{n}(id: u32, key: &str) -> Result<Row, Error> {{
        let row = query(id, key).await?;
        let next = query(id + {n}, key).await?;
        if row.size + next.size > {n} {{
            return Err(Error::TooLarge(row.size));
        }}
        Ok(next)
    }}
"
            )
            .expect("a string");
        }
        text.push_str("}\n");
        writeln!(all, "        m{module}::CALLS.iter(),").expect("a string");
    }
    write!(
        text,
        "fn main() {{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let all = [
{all}    ];
    for call in all.into_iter().flatten() {{
        let _ = runtime.block_on(call(std::env::args().count() as u32));
    }}
}}
"
    )
    .expect("a string");
    text
}

/// `cargo` of each way to build, and its title.
const WAYS: [(&[&str], &str); 3] =
    [(&["check"], "check"), (&["build"], "debug build"), (&["build", "--release"], "release build")];

/// A candidate as two programs, since a program of one function takes its time too.
struct Built {
    name: &'static str,
    one: Project,
    many: Project,
    /// For each way: what the one took, and the other.
    took: [(Vec<Took>, Vec<Took>); WAYS.len()],
}

/// Prints the table.
pub(crate) fn table(rounds: usize, count: usize) -> io::Result<()> {
    let folder = Folder::new()?;
    let mut all = Vec::new();
    for (number, candidate) in candidates().into_iter().enumerate() {
        let project = |kind, count| {
            let program = program(&candidate, count);
            Project::new(&folder, &format!("{kind}{number}"), &candidate.dependencies, &program)
        };
        let (one, many) = (project("one", 1)?, project("many", count)?);
        // What they depend on.
        for (way, _) in WAYS {
            one.again(way)?;
        }
        all.push(Built { name: candidate.name, one, many, took: Default::default() });
    }
    for round in 1..=rounds {
        for built in &mut all {
            for ((way, title), (one, many)) in WAYS.iter().zip(&mut built.took) {
                one.push(built.one.again(way)?);
                many.push(built.many.again(way)?);
                let (one, many) = (one[one.len() - 1].cpu, many[many.len() - 1].cpu);
                eprintln!("round {round}: {}: {title}: {one:.1} s, {many:.1} s", built.name);
            }
        }
    }

    let others = u32::try_from(count.saturating_sub(1).max(1)).map_or(f64::MAX, f64::from);
    let mut costs = Vec::new();
    for built in &all {
        let each = |(one, many): &(Vec<Took>, Vec<Took>)| (median(many).cpu - median(one).cpu) * 1e3 / others;
        #[expect(clippy::cast_precision_loss, reason = "some megabytes")]
        let code = built.many.text()?.saturating_sub(built.one.text()?) as f64 / others;
        costs.push((built.name, built.took.each_ref().map(each), code));
    }
    let titles: Vec<_> = WAYS.iter().map(|(_, title)| format!("{title}, ms | to plain")).collect();
    println!("| each of {count} functions | {} | code, bytes | to plain |", titles.join(" | "));
    println!("| --- {}|", "| ---: ".repeat(2 * WAYS.len() + 2));
    let (_, plain, plain_code) = costs[0];
    for (name, each, code) in costs {
        print!("| {name} ");
        for (each, plain) in each.into_iter().zip(plain) {
            print!("| {each:.2} | {:.1} ", each / plain);
        }
        println!("| {code:.0} | {:.1} |", code / plain_code);
    }
    println!();
    Ok(())
}
