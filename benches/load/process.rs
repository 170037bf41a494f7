//! This program once more, as a server.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

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
