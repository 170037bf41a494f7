//! What an example prints: when something happened, what, and how it went.
//!
//! ```text
//! +0.104 s  attempt 2     503 Service Unavailable
//! +0.311 s  breaker       open for 1 s
//! ```

use std::env;
use std::fmt::{self, Display};
use std::io::{IsTerminal, Write, stdout};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// How something went, which gives its line a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should.
    Good,
    /// Not as it should.
    Bad,
    /// Something waits, or was held back.
    Held,
    /// Neither.
    Plain,
}

/// When the first line was printed. Hooks are plain functions, so they can't carry it.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Only for people: not into a pipe, and not for those who say so (<https://no-color.org>).
static COLOURED: LazyLock<bool> =
    LazyLock::new(|| stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()));

/// Prints a heading.
pub fn heading(text: impl Display) {
    let (bold, end) = if *COLOURED { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    print(format_args!("\n{bold}{text}{end}\n"));
}

/// Prints what happened just now.
pub fn say(tone: Tone, what: impl Display, how: impl Display) {
    let line = Line { at: START.elapsed(), tone, what: &what, how: &how, coloured: *COLOURED };
    print(format_args!("{line}\n"));
}

/// Prints a function's attributes and signature, so that what is seen beneath can be told from what is written.
///
/// # Panics
/// Where the source has no such `async fn`.
pub fn code(source: &str, function: &str) {
    for line in attributes_of(source, function) {
        print(format_args!("    {line}\n"));
    }
    print(format_args!("\n"));
}

/// The lines from the last empty one to the signature, without comments.
fn attributes_of<'s>(source: &'s str, function: &str) -> Vec<&'s str> {
    let signature = format!("async fn {function}(");
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let end = lines.iter().position(|line| line.starts_with(&signature)).expect("there is such a function");
    let begin = lines[..end].iter().rposition(|line| line.is_empty()).map_or(0, |empty| empty + 1);
    let code = lines[begin..=end].iter().filter(|line| !line.starts_with("//"));
    code.map(|line| line.trim_end_matches(" {")).collect()
}

/// Whoever reads may have gone away, as `head` does: no reason to panic.
fn print(text: fmt::Arguments<'_>) {
    let _ = stdout().write_fmt(text);
}

struct Line<'a> {
    at: Duration,
    tone: Tone,
    what: &'a dyn Display,
    how: &'a dyn Display,
    coloured: bool,
}

impl Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dim, colour, end) = match self.tone {
            _ if !self.coloured => ("", "", ""),
            Tone::Good => ("\x1b[2m", "\x1b[32m", "\x1b[0m"),
            Tone::Bad => ("\x1b[2m", "\x1b[31m", "\x1b[0m"),
            Tone::Held => ("\x1b[2m", "\x1b[33m", "\x1b[0m"),
            Tone::Plain => ("\x1b[2m", "", "\x1b[0m"),
        };
        let (seconds, what) = (self.at.as_secs_f64(), self.what.to_string());
        write!(f, "{dim}{seconds:>+7.3} s{end}  {what:<14}{colour}{}{end}", self.how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(millis: u64, tone: Tone, what: &str, coloured: bool) -> String {
        Line { at: Duration::from_millis(millis), tone, what: &what, how: &"how", coloured }.to_string()
    }

    #[test]
    fn columns_are_aligned() {
        assert_eq!(line(250, Tone::Good, "attempt 2", false), " +0.250 s  attempt 2     how");
        assert_eq!(line(12_034, Tone::Bad, "breaker", false), "+12.034 s  breaker       how");
    }

    #[test]
    fn the_code_of_a_function_is_its_attributes_and_signature() {
        let source =
            "use x;\n\n/// Docs.\n#[retry]\n// Why.\n#[timeout(\"1s\")]\nasync fn get(x: u8) -> Y {\n    x\n}\n";
        assert_eq!(attributes_of(source, "get"), ["#[retry]", "#[timeout(\"1s\")]", "async fn get(x: u8) -> Y"]);
    }

    #[test]
    fn colour_is_around_the_text_only() {
        let expected = "\x1b[2m +0.250 s\x1b[0m  attempt 2     \x1b[31mhow\x1b[0m";
        assert_eq!(line(250, Tone::Bad, "attempt 2", true), expected);
    }
}
