//! The table.

use crate::client::Seen;
use crate::upstream::Mood;

/// What was seen, round by round.
pub(crate) struct Table(Vec<(Mood, [Vec<Seen>; 2])>);

impl Table {
    pub(crate) fn new() -> Self {
        Self(Mood::ALL.map(|mood| (mood, Default::default())).into())
    }

    pub(crate) fn add(&mut self, mood: Mood, kind: &str, seen: Seen) {
        let row = self.0.iter_mut().find(|(other, _)| *other == mood).expect("all are there");
        row.1[usize::from(kind == "with")].push(seen);
    }

    /// In Markdown: medians of the rounds, and the medians of their ratios.
    pub(crate) fn print(&self) {
        println!(
            "| the upstream | attributes | answers/s | to without | 200 | p50, ms | to without | p99, ms | to without | server, ms of processor | to without | asks/s |"
        );
        println!("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for (mood, [without, with]) in &self.0 {
            for (kind, rounds) in [("without", without), ("with", with)] {
                let middle = |of: &dyn Fn(&Seen) -> Option<f64>| median(rounds.iter().filter_map(of));
                let ratio = |of: &dyn Fn(&Seen) -> Option<f64>| {
                    let ratios = with.iter().zip(without).filter_map(|(with, without)| Some(of(with)? / of(without)?));
                    median(ratios.filter(|ratio| ratio.is_finite() && kind == "with"))
                };
                let per_second = |seen: &Seen| Some(seen.per_second);
                println!(
                    "| {} | {kind} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                    if kind == "with" { "" } else { mood.name() },
                    number(middle(&per_second), 0),
                    number(ratio(&per_second), 2),
                    number(middle(&|seen| Some(seen.good * 100.0)), 1) + " %",
                    number(middle(&|seen| seen.p50), 2),
                    number(ratio(&|seen| seen.p50), 2),
                    number(middle(&|seen| seen.p99), 2),
                    number(ratio(&|seen| seen.p99), 2),
                    number(middle(&|seen| seen.cpu), 3),
                    number(ratio(&|seen| seen.cpu), 2),
                    number(middle(&|seen| seen.asked), 0),
                );
            }
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map(|value| format!("{value:.digits$}")).unwrap_or_default()
}
