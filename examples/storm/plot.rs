//! The storms as a picture: one panel for each, all with the same axes.

use std::fmt::{self, Write};
use std::time::Duration;

use super::clients::{END, Storm};
use super::report::{Report, TENTH, tenths};
use super::server::{OUTAGE, capacity};

/// What the file begins with, so that it can be told from what is not ours.
pub const MARK: &str = "<!-- by steadfast's example `storm` -->\n";

/// The end of the axis, in calls in a tenth of a second, and how high each is drawn. A tenth is one wide.
const MOST: usize = 80;
const HIGH: usize = 2;

const WIDTH: usize = 600;
const HEIGHT: usize = MOST * HIGH;
/// A panel with what stands around its chart.
const CELL: (usize, usize) = (680, 280);
const COLUMNS: usize = 2;

/// Told apart by form as well as by colour.
const STYLE: &str = r#"<style>
  text { font: 17px system-ui, sans-serif; fill: #1f2328 }
  .name { font-weight: bold; font-size: 22px }
  .paper { fill: #fff }
  .grid { fill: none; stroke: #d1d9e0 }
  .outage { fill: #818b98; fill-opacity: .16 }
  .calls { fill: #d1742f; fill-opacity: .4; stroke: #b35a17 }
  .asked { fill: none; stroke: #1f2328; stroke-width: 2; stroke-dasharray: 9 5 }
  .good { fill: none; stroke: #0860ca; stroke-width: 4 }
  .capacity { fill: none; stroke: #1f2328; stroke-width: 2; stroke-dasharray: 2 4 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .paper { fill: #0d1117 }
    .grid { stroke: #3d444d }
    .calls { fill: #f0883e; stroke: #f0883e }
    .asked, .capacity { stroke: #e6edf3 }
    .good { stroke: #58a6ff }
  }
</style>"#;

/// The file, whole.
pub fn svg(storms: &[Storm], reports: &[Report]) -> Result<String, fmt::Error> {
    let (width, height) = (COLUMNS * CELL.0, (storms.len() + 1).div_ceil(COLUMNS) * CELL.1);
    let mut svg = MARK.to_owned();
    writeln!(svg, r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">"#)?;
    writeln!(svg, "<title>A server in a storm of retries, under each of the policies</title>")?;
    writeln!(svg, r#"{STYLE}<rect class="paper" width="{width}" height="{height}"/>"#)?;
    legend(&mut svg)?;
    for (cell, (storm, report)) in (1..).zip(storms.iter().zip(reports)) {
        let (x, y) = (cell % COLUMNS * CELL.0 + 50, cell / COLUMNS * CELL.1 + 70);
        writeln!(svg, r#"<g class="panel" transform="translate({x} {y})">"#)?;
        panel(&mut svg, storm, report)?;
        writeln!(svg, "</g>")?;
    }
    writeln!(svg, "</svg>")?;
    Ok(svg)
}

/// In the place of the first panel.
fn legend(svg: &mut String) -> fmt::Result {
    let line = "M0,0 H50";
    let lines = [
        ("asked", line, "what users ask for"),
        ("calls", "M0,9 V-9 H50 V9 Z", "calls that reach the server, retries included"),
        ("good", line, "answers that users get"),
        ("capacity", line, "what the server can do"),
        ("outage", "M0,9 V-9 H50 V9 Z", "the outage"),
    ];
    writeln!(svg, r#"<g transform="translate(50 42)"><text class="name">A server in a storm of retries</text>"#)?;
    writeln!(svg, r#"<text y="28">in a tenth of a second, over a minute</text>"#)?;
    for (at, (class, path, text)) in lines.into_iter().enumerate() {
        writeln!(svg, r#"<g transform="translate(0 {})"><path class="{class}" d="{path}"/>"#, 64 + 30 * at)?;
        writeln!(svg, r#"<text x="66" y="6">{text}</text></g>"#)?;
    }
    writeln!(svg, "</g>")
}

fn panel(svg: &mut String, storm: &Storm, report: &Report) -> fmt::Result {
    let recovered = match report.recovered {
        Some(after) => format!("recovers after {:.1} s", after.as_secs_f64()),
        None => "does not recover".to_owned(),
    };
    writeln!(svg, r#"<text class="name" y="-30">{}</text>"#, storm.name)?;
    writeln!(svg, r#"<text y="-9">{:.2} calls for a request, {recovered}</text>"#, report.amplification())?;

    let (start, end) = (column(OUTAGE.start), column(OUTAGE.end));
    writeln!(svg, r#"<rect class="outage" x="{start}" width="{}" height="{HEIGHT}"/>"#, end - start)?;
    for value in (0..=MOST).step_by(20) {
        let y = row(value);
        writeln!(svg, r#"<path class="grid" d="M0,{y} H{WIDTH}"/>"#)?;
        writeln!(svg, r#"<text x="-8" y="{}" text-anchor="end">{value}</text>"#, y + 6)?;
    }
    for second in (0..=END.as_secs()).step_by(10) {
        let (x, y) = (column(Duration::from_secs(second)), HEIGHT + 20);
        writeln!(svg, r#"<text x="{x}" y="{y}" text-anchor="middle">{second} s</text>"#)?;
    }

    let calls = tenths(&storm.server.calls, Duration::ZERO);
    let asked = tenths(&storm.asked, Duration::ZERO);
    let good: Vec<_> = storm.answers.iter().filter(|answer| answer.is_good).map(|answer| answer.at).collect();
    let good = tenths(&good, Duration::ZERO);
    let area = points(calls.iter().enumerate().map(|(x, calls)| (x, row(*calls))));
    writeln!(svg, r#"<path class="calls" d="M0,{HEIGHT} L{area} V{HEIGHT} Z"/>"#)?;
    let (before, meanwhile) = (row(per_tenth(Duration::ZERO)), row(per_tenth(OUTAGE.start)));
    writeln!(svg, r#"<path class="capacity" d="M0,{before} H{start} V{meanwhile} H{end} V{before} H{WIDTH}"/>"#)?;
    writeln!(svg, r#"<polyline class="asked" points="{}"/>"#, points(smooth(&asked)))?;
    writeln!(svg, r#"<polyline class="good" points="{}"/>"#, points(smooth(&good)))?;

    // What is higher than the axis, but for the moment when all clients come at once.
    let peak = calls.iter().skip(start + 1).position(|calls| *calls == report.peak);
    if let Some(peak) = peak.filter(|_| report.peak > MOST) {
        writeln!(svg, r#"<text x="{}" y="18">↑ {}</text>"#, start + 1 + peak + 6, report.peak)?;
    }
    Ok(())
}

/// The average of each second, every half a second.
fn smooth(counts: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    counts.windows(10).enumerate().step_by(5).map(|(at, second)| {
        let height = (HIGH * second.iter().sum::<usize>()).div_ceil(10);
        (at + 5, HEIGHT - height.min(HEIGHT))
    })
}

fn points(points: impl Iterator<Item = (usize, usize)>) -> String {
    points.map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" ")
}

fn per_tenth(at: Duration) -> usize {
    usize::try_from(capacity(at) / 10).expect("a capacity is small")
}

fn row(value: usize) -> usize {
    HEIGHT - HIGH * value.min(MOST)
}

fn column(at: Duration) -> usize {
    usize::try_from(at.as_millis() / TENTH.as_millis()).expect("a storm is short")
}
