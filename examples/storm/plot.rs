//! The storms as a picture: one panel for each, all with the same axes.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use super::clients::{END, Storm};
use super::report::{Counts, Report, tenth};
use super::server::{OUTAGE, capacity};

/// What the file begins with, so that it can be told from what is not ours.
pub const MARK: &str = "<!-- by the example `storm` of steadfast -->\n";

/// Where the axis ends, in calls in a tenth of a second, and how high each of them is. A tenth is one wide.
const MOST: usize = 80;
const HIGH: usize = 2;

const WIDTH: usize = 600;
const HEIGHT: usize = MOST * HIGH;
const COLUMNS: usize = 2;
/// A panel is a chart with some space around it.
const CELL: [usize; 2] = [680, 280];
const CHART: [usize; 2] = [50, 74];

/// The lines are told apart by form as well as by colour.
const STYLE: &str = "\
<style>
  text { font: 17px system-ui, sans-serif; fill: #1f2328 }
  .name { font-weight: bold; font-size: 22px }
  .peak { paint-order: stroke; stroke: #fff; stroke-width: 5 }
  .paper { fill: #fff }
  .grid { fill: none; stroke: #d1d9e0 }
  .outage { fill: #818b98; fill-opacity: .16 }
  .calls { fill: #d1742f; fill-opacity: .4; stroke: #b35a17 }
  .asked { fill: none; stroke: #1f2328; stroke-width: 2; stroke-dasharray: 9 5 }
  .good { fill: none; stroke: #0860ca; stroke-width: 4 }
  .capacity { fill: none; stroke: #1f2328; stroke-width: 2; stroke-dasharray: 2 4 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .peak { stroke: #0d1117 }
    .paper { fill: #0d1117 }
    .grid { stroke: #3d444d }
    .calls { fill: #f0883e; stroke: #f0883e }
    .asked, .capacity { stroke: #e6edf3 }
    .good { stroke: #58a6ff }
  }
</style>";

/// The picture; its text is the SVG.
#[derive(Debug)]
pub struct Plot<'a> {
    /// What is drawn.
    pub storms: &'a [Storm],
    /// The numbers of each.
    pub reports: &'a [Report],
}

impl Display for Plot<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [wide, high] = [COLUMNS * CELL[0], (self.storms.len() + 1).div_ceil(COLUMNS) * CELL[1]];
        write!(f, "{MARK}")?;
        writeln!(f, r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img">"#)?;
        writeln!(f, "<title>A server in a storm of retries, under each of the policies</title>\n{STYLE}")?;
        writeln!(f, r#"<rect class="paper" width="{wide}" height="{high}"/>"#)?;
        legend(f)?;
        for (cell, (storm, report)) in (1..).zip(self.storms.iter().zip(self.reports)) {
            let [x, y] = [cell % COLUMNS * CELL[0] + CHART[0], cell / COLUMNS * CELL[1] + CHART[1]];
            writeln!(f, r#"<g class="panel" transform="translate({x} {y})">"#)?;
            panel(f, storm, report)?;
            writeln!(f, "</g>")?;
        }
        writeln!(f, "</svg>")
    }
}

/// In the place of the first panel.
fn legend(f: &mut Formatter<'_>) -> fmt::Result {
    let [line, area] = ["M0,0 H50", "M0,9 V-9 H50 V9 Z"];
    let lines = [
        ("asked", line, "what users ask for"),
        ("calls", area, "calls that reach the server, retries included"),
        ("good", line, "good answers that users get"),
        ("capacity", line, "what the server can do"),
        ("outage", area, "the outage"),
    ];
    writeln!(
        f,
        r#"<g transform="translate({} 44)"><text class="name">A server in a storm of retries</text>"#,
        CHART[0]
    )?;
    writeln!(f, r#"<text y="26">in each tenth of a second, for a minute</text>"#)?;
    for (at, (class, path, text)) in lines.into_iter().enumerate() {
        writeln!(f, r#"<g transform="translate(0 {})"><path class="{class}" d="{path}"/>"#, 64 + 30 * at)?;
        writeln!(f, r#"<text x="66" y="6">{text}</text></g>"#)?;
    }
    writeln!(f, "</g>")
}

fn panel(f: &mut Formatter<'_>, storm: &Storm, report: &Report) -> fmt::Result {
    let recovers = match report.recovers {
        Some(after) => format!("recovers after {:.1} s", after.as_secs_f64()),
        None => "does not recover".to_owned(),
    };
    writeln!(f, r#"<text class="name" y="-34">{}</text>"#, storm.name)?;
    writeln!(f, r#"<text y="-12">{:.2} calls for a request, {recovers}</text>"#, report.ratio())?;

    let [start, end] = [OUTAGE.start, OUTAGE.end].map(tenth);
    writeln!(f, r#"<rect class="outage" x="{start}" width="{}" height="{HEIGHT}"/>"#, end - start)?;
    for value in (0..=MOST).step_by(20) {
        let y = row(value);
        writeln!(f, r#"<path class="grid" d="M0,{y} H{WIDTH}"/>"#)?;
        writeln!(f, r#"<text x="-8" y="{}" text-anchor="end">{value}</text>"#, y + 6)?;
    }
    for second in (0..=END.as_secs()).step_by(10) {
        let [x, y] = [tenth(Duration::from_secs(second)), HEIGHT + 20];
        writeln!(f, r#"<text x="{x}" y="{y}" text-anchor="middle">{second} s</text>"#)?;
    }

    let Counts(calls) = Counts::of(storm.server.calls.iter().copied());
    let area = points(calls.iter().map(|calls| row(*calls)).enumerate());
    writeln!(f, r#"<path class="calls" d="M0,{HEIGHT} L{area} V{HEIGHT} Z"/>"#)?;
    let [before, meanwhile, after] = [Duration::ZERO, OUTAGE.start, OUTAGE.end].map(|at| row(capacity(at) / 10));
    writeln!(f, r#"<path class="capacity" d="M0,{before} H{start} V{meanwhile} H{end} V{after} H{WIDTH}"/>"#)?;
    let asked = Counts::of(storm.asked.iter().copied());
    writeln!(f, r#"<polyline class="asked" points="{}"/>"#, points(smooth(&asked)))?;
    writeln!(f, r#"<polyline class="good" points="{}"/>"#, points(smooth(&Counts::of(storm.good()))))?;

    // What is higher than the axis, but for the moment when all clients come at once.
    let peak = calls.iter().rposition(|calls| *calls == report.peak).filter(|_| report.peak > MOST);
    if let Some(at) = peak {
        writeln!(f, r#"<text class="peak" x="{}" y="18">↑ {}</text>"#, at + 5, report.peak)?;
    }
    Ok(())
}

/// The average of each second, every half a second.
fn smooth(counts: &Counts) -> impl Iterator<Item = (usize, usize)> {
    counts.0.windows(10).enumerate().step_by(5).map(|(at, second)| {
        let sum = second.iter().sum::<usize>();
        (at + 5, HEIGHT - (HIGH * sum / 10).min(HEIGHT))
    })
}

fn points(points: impl Iterator<Item = (usize, usize)>) -> String {
    points.map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

fn row(value: usize) -> usize {
    HEIGHT - HIGH * value.min(MOST)
}
