//! The table, and the bounds that CI asks for.

use std::process::{Command, ExitCode};

use crate::contest::{Contestant, Costs, OURS, Row};
use crate::measure;
use crate::measure::steps::{self, Steps};

/// What a contestant costs, above the plain function.
struct Cost {
    steps: Option<Steps>,
    allocations: u64,
    size: Option<usize>,
}

impl Cost {
    fn of(row: &Row, contestant: &Contestant) -> Self {
        Self {
            steps: steps::steps(row.name, contestant.name),
            allocations: measure::allocations(contestant),
            size: contestant.size,
        }
    }

    fn above(&self, plain: &Self) -> Self {
        let steps = self.steps.zip(plain.steps).map(|(ours, plain)| Steps {
            instructions: ours.instructions.saturating_sub(plain.instructions),
            locked: ours.locked.saturating_sub(plain.locked),
            clock_reads: ours.clock_reads.saturating_sub(plain.clock_reads),
        });
        Self {
            steps,
            allocations: self.allocations.saturating_sub(plain.allocations),
            size: self.size.zip(plain.size).map(|(ours, plain)| ours.saturating_sub(plain)),
        }
    }

    /// What is beyond these costs.
    fn beyond(&self, costs: &Costs) -> Vec<String> {
        let mut beyond = Vec::new();
        let mut ask = |what: &str, is: u64, may: u64| {
            if is > may {
                beyond.push(format!("{what} {is} > {may}"));
            }
        };
        if let Some(steps) = self.steps {
            ask("instructions", steps.instructions, costs.instructions);
            ask("locked", steps.locked, costs.locked);
            ask("clock reads", steps.clock_reads, costs.clock_reads);
        }
        ask("allocations", self.allocations, costs.allocations);
        if let (Some(is), Some(may)) = (self.size, costs.size) {
            ask("bytes", is as u64, may as u64);
        }
        beyond
    }

    fn instructions(&self) -> Option<u64> {
        self.steps.map(|steps| steps.instructions)
    }
}

/// Prints a table; the numbers are those above the plain function.
pub(crate) fn table(rows: &[Row]) -> ExitCode {
    println!("| | instructions | to ours | locked | clock reads | allocations | bytes | ns | target |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    for row in rows {
        println!("| **{}** | | | | | | | | |", row.title);
        let Some((plain, others)) = row.contestants.split_first() else { continue };
        let (plain_cost, plain_time) = (Cost::of(row, plain), measure::nanoseconds(plain));
        let mut ours = None;
        for contestant in others {
            let cost = Cost::of(row, contestant).above(&plain_cost);
            let time = measure::nanoseconds(contestant) - plain_time;
            let is_ours = contestant.name == OURS;
            if is_ours {
                ours = cost.instructions();
            }
            let target = if is_ours { verdict(&cost.beyond(&row.target)) } else { String::new() };
            let number =
                |of: fn(&Steps) -> u64| cost.steps.as_ref().map_or_else(unknown, |steps| of(steps).to_string());
            println!(
                "| {} | {} | {} | {} | {} | {} | {} | {time:.1} | {target} |",
                contestant.name,
                number(|steps| steps.instructions),
                ratio(cost.instructions(), ours),
                number(|steps| steps.locked),
                number(|steps| steps.clock_reads),
                cost.allocations,
                cost.size.map_or_else(String::new, |size| size.to_string()),
            );
        }
    }
    ExitCode::SUCCESS
}

fn unknown() -> String {
    "?".to_owned()
}

/// The nearest that a table needs: tenths.
fn ratio(is: Option<u64>, ours: Option<u64>) -> String {
    let (Some(is), Some(ours @ 1..)) = (is, ours) else { return unknown() };
    let tenths = (is * 10 + ours / 2) / ours;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn verdict(misses: &[String]) -> String {
    if misses.is_empty() { "met".to_owned() } else { format!("**missed**: {}", misses.join(", ")) }
}

/// The compiler that the bounds were measured with. Another one makes other code of the same source, and is given a
/// third more instructions.
const COMPILER: &str = "rustc 1.95.0 ";

/// Fails where ours costs more than it may.
pub(crate) fn bounds(rows: &[Row]) -> ExitCode {
    let version = Command::new("rustc").arg("--version").output();
    let is_measured = version.is_ok_and(|said| said.stdout.starts_with(COMPILER.as_bytes()));
    if !is_measured {
        println!("the bounds are those of {COMPILER}: this compiler is allowed a third more instructions");
    }
    let mut is_within = true;
    let mut is_stepped = true;
    for row in rows {
        let plain = Cost::of(row, &row.contestants[0]);
        for ours in row.contestants.iter().filter(|it| it.name == OURS) {
            let cost = Cost::of(row, ours).above(&plain);
            let allowed = row.bound.instructions;
            let instructions = if is_measured { allowed } else { allowed + allowed / 3 };
            let beyond = cost.beyond(&Costs { instructions, ..row.bound });
            is_within &= beyond.is_empty();
            is_stepped &= cost.steps.is_some();
            let instructions = cost.instructions().map_or_else(unknown, |count| count.to_string());
            let verdict = if beyond.is_empty() { "within bounds".to_owned() } else { beyond.join(", ") };
            println!("{}: {instructions} instructions, {verdict}", row.name);
        }
    }
    if !is_stepped {
        println!("a process may not step through another here (ptrace): only allocations and sizes were checked");
    }
    if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
