//! The table, and the bounds that CI asks for.

use std::process::ExitCode;

use crate::contest::{Contestant, OURS, Row};
use crate::measure::{self, steps};

/// What a contestant costs, above the plain function.
struct Cost {
    steps: Option<steps::Steps>,
    allocations: u64,
    size: Option<usize>,
}

impl Cost {
    fn of(row: &Row, contestant: &Contestant) -> Self {
        Self {
            steps: steps::steps(row.name, contestant.name),
            allocations: measure::allocations(contestant),
            size: contestant.size.map(|size| size()),
        }
    }

    fn above(&self, plain: &Self) -> Self {
        let steps = self.steps.zip(plain.steps).map(|(ours, plain)| steps::Steps {
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

    /// What is beyond the target.
    fn misses(&self, row: &Row) -> Vec<String> {
        let mut misses = Vec::new();
        let mut ask = |what: &str, is: u64, target: u64| {
            if is > target {
                misses.push(format!("{what} {is} > {target}"));
            }
        };
        if let Some(steps) = self.steps {
            ask("instructions", steps.instructions, row.target.instructions);
            ask("locked", steps.locked, row.target.locked);
            ask("clock reads", steps.clock_reads, row.target.clock_reads);
        }
        ask("allocations", self.allocations, row.target.allocations);
        if let (Some(is), Some(target)) = (self.size, row.target.size) {
            ask("bytes", is as u64, target as u64);
        }
        misses
    }
}

/// Prints a table; the numbers are those above the plain function.
pub(crate) fn table(rows: &[Row]) -> ExitCode {
    println!("| | instructions | locked | clock reads | allocations | bytes | ns | target |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for row in rows {
        println!("| **{}** | | | | | | | |", row.title);
        let Some((plain, others)) = row.contestants.split_first() else { continue };
        let (plain_cost, plain_time) = (Cost::of(row, plain), measure::nanoseconds(plain));
        for contestant in others {
            let cost = Cost::of(row, contestant).above(&plain_cost);
            let time = measure::nanoseconds(contestant) - plain_time;
            let is_ours = contestant.name == OURS;
            let target = if is_ours { verdict(&cost.misses(row)) } else { String::new() };
            let number = |of: fn(&steps::Steps) -> u64| {
                cost.steps.as_ref().map_or_else(|| "?".to_owned(), |steps| of(steps).to_string())
            };
            println!(
                "| {} | {} | {} | {} | {} | {} | {time:.1} | {target} |",
                contestant.name,
                number(|steps| steps.instructions),
                number(|steps| steps.locked),
                number(|steps| steps.clock_reads),
                cost.allocations,
                cost.size.map_or_else(String::new, |size| size.to_string()),
            );
        }
    }
    ExitCode::SUCCESS
}

fn verdict(misses: &[String]) -> String {
    if misses.is_empty() { "met".to_owned() } else { format!("**missed**: {}", misses.join(", ")) }
}

/// Fails where ours costs more than it may.
pub(crate) fn bounds(rows: &[Row]) -> ExitCode {
    let mut is_within = true;
    for row in rows {
        let plain = Cost::of(row, &row.contestants[0]);
        for ours in row.contestants.iter().filter(|it| it.name == OURS) {
            let misses = Cost::of(row, ours).above(&plain).misses(row);
            is_within &= misses.is_empty();
            println!("{}: {}", row.title, verdict(&misses));
        }
    }
    if is_within { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
