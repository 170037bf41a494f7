//! This program once more, as a server.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{env, fs};

/// A process that has said a line: a server where it listens, a client what it has seen. It ends at the drop.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    first_line: String,
}

impl Process {
    pub(crate) fn start(arguments: &[&str]) -> io::Result<Self> {
        let mut child =
            Command::new(env::current_exe()?).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else { unreachable!("both piped") };
        let mut process = Self { child, input, output: BufReader::new(output), first_line: String::new() };
        process.first_line = process.line()?;
        Ok(process)
    }

    pub(crate) fn first_line(&self) -> &str {
        &self.first_line
    }

    /// Says a line to it, and gives the one that it answers.
    pub(crate) fn ask(&mut self, line: &str) -> io::Result<String> {
        writeln!(self.input, "{line}")?;
        self.line()
    }

    /// Processor seconds that it has taken so far.
    pub(crate) fn cpu(&self) -> io::Result<f64> {
        // From after the name, which may hold anything: field 3 is the first, 14 and 15 are what we want, in ticks.
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u32>().ok()).sum::<u32>();
        // A tick is a hundredth of a second, whatever the kernel is built with: this is what it tells programs.
        Ok(f64::from(ticks) / 100.0)
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended by itself is gone as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
