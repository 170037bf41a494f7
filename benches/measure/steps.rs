//! Counts what the processor does in a call: this program starts itself again, and steps through the calls of the other.
//!
//! Nothing is estimated or sampled, so two runs give the same numbers, and nothing needs to be installed. A locked
//! instruction is told by its bytes, a clock read by a jump into the page in which the kernel answers it, or by its bytes
//! where a crate reads the processor's own clock.

use std::process::ExitCode;

use crate::contest::Row;

/// What a call does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) instructions: u64,
    pub(crate) locked: u64,
    pub(crate) clock_reads: u64,
}

/// Calls between the two stops, in two runs: the difference is that of calls alone.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const CALLS: [u32; 2] = [20, 70];

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
mod platform {
    use super::{ExitCode, Row, Steps};

    pub(crate) fn steps(_row: &str, _contestant: &str) -> Option<Steps> {
        None
    }

    pub(crate) fn be_stepped(_rows: &[Row], _row: &str, _contestant: &str, _calls: &str) -> ExitCode {
        ExitCode::FAILURE
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod platform {
    use std::collections::HashMap;
    use std::collections::hash_map::Entry;
    use std::ffi::c_long;
    use std::process::{Child, Command};
    use std::{env, fs};

    use nix::errno::Errno;
    use nix::sys::ptrace::{self, Options};
    use nix::sys::signal::{Signal, raise};
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::Pid;

    use super::{CALLS, ExitCode, Row, Steps};

    /// `None` where a process may not step through another.
    pub(crate) fn steps(row: &str, contestant: &str) -> Option<Steps> {
        let [few, many] = CALLS.map(|calls| run(row, contestant, calls));
        let (few, many) = (few.ok()?, many.ok()?);
        let calls = u64::from(CALLS[1] - CALLS[0]);
        // Rounded: now and then a call does more, as the first of an epoch.
        let per_call = |of: fn(&Steps) -> u64| (of(&many).saturating_sub(of(&few)) + calls / 2) / calls;
        Some(Steps {
            instructions: per_call(|steps| steps.instructions),
            locked: per_call(|steps| steps.locked),
            clock_reads: per_call(|steps| steps.clock_reads),
        })
    }

    fn run(row: &str, contestant: &str, calls: u32) -> Result<Steps, Errno> {
        let program = env::current_exe().map_err(|_| Errno::ENOENT)?;
        let calls = calls.to_string();
        let arguments = ["--stepped", row, contestant, &calls];
        let mut child = Command::new(program).args(arguments).spawn().map_err(|_| Errno::ENOENT)?;
        let counted = count(&child);
        let ended = (child.kill(), child.wait());
        drop(ended);
        counted
    }

    fn count(child: &Child) -> Result<Steps, Errno> {
        let pid = Pid::from_raw(i32::try_from(child.id()).map_err(|_| Errno::ESRCH)?);
        ptrace::seize(pid, Options::empty())?;
        until_stopped(pid)?;
        let clock = clock_page(child.id());
        let mut still = StillClock::default();
        let mut steps = Steps::default();
        let mut was_in_clock = false;
        ptrace::step(pid, None)?;
        loop {
            match waitpid(pid, None)? {
                WaitStatus::Stopped(_, Signal::SIGTRAP) => {}
                // The stop after the calls. The first one is reported a second time.
                WaitStatus::PtraceEvent(_, Signal::SIGSTOP, _) | WaitStatus::Stopped(_, Signal::SIGSTOP)
                    if steps.instructions > 10 =>
                {
                    return Ok(steps);
                }
                WaitStatus::PtraceEvent(..) | WaitStatus::Stopped(..) => {
                    ptrace::step(pid, None)?;
                    continue;
                }
                _ => return Err(Errno::ECHILD),
            }
            let registers = ptrace::getregs(pid)?;
            let at = registers.rip;
            let is_in_clock = clock.contains(&at);
            match (was_in_clock, is_in_clock) {
                (false, true) => still.asked(registers.rdi, registers.rsi),
                (true, false) => still.answered(pid)?,
                _ => {}
            }
            // The kernel's own code is not ours, and differs from machine to machine.
            steps.instructions += u64::from(!is_in_clock);
            steps.clock_reads += u64::from(is_in_clock && !was_in_clock);
            was_in_clock = is_in_clock;
            let code = ptrace::read(pid, address(at)?)?.to_le_bytes();
            steps.locked += u64::from(!is_in_clock && is_locked(code));
            steps.clock_reads += u64::from(!is_in_clock && is_time_stamp(code));
            ptrace::step(pid, None)?;
        }
    }

    /// Answers each `clock_gettime` with the first answer. A call takes milliseconds when it is stepped through, the more
    /// the busier the machine, and tokio's wheel of timers turns a step for each; calls that run take less than a
    /// thousandth of one.
    #[derive(Default)]
    struct StillClock {
        /// Which clock is asked, and where the answer is to stand.
        asked: Option<(u64, u64)>,
        first: HashMap<u64, [c_long; 2]>,
    }

    impl StillClock {
        fn asked(&mut self, clock: u64, answer: u64) {
            self.asked = Some((clock, answer));
        }

        fn answered(&mut self, pid: Pid) -> Result<(), Errno> {
            let Some((clock, answer)) = self.asked.take() else { return Ok(()) };
            let [seconds, nanoseconds] = [address(answer)?, address(answer + 8)?];
            match self.first.entry(clock) {
                Entry::Occupied(first) => {
                    ptrace::write(pid, seconds, first.get()[0])?;
                    ptrace::write(pid, nanoseconds, first.get()[1])
                }
                Entry::Vacant(first) => {
                    first.insert([ptrace::read(pid, seconds)?, ptrace::read(pid, nanoseconds)?]);
                    Ok(())
                }
            }
        }
    }

    fn address(at: u64) -> Result<ptrace::AddressType, Errno> {
        Ok(usize::try_from(at).map_err(|_| Errno::EFAULT)? as ptrace::AddressType)
    }

    /// The stop before the calls.
    fn until_stopped(pid: Pid) -> Result<(), Errno> {
        loop {
            match waitpid(pid, None)? {
                WaitStatus::PtraceEvent(_, Signal::SIGSTOP, _) | WaitStatus::Stopped(_, Signal::SIGSTOP) => {
                    return Ok(());
                }
                WaitStatus::PtraceEvent(..) | WaitStatus::Stopped(..) => ptrace::cont(pid, None)?,
                _ => return Err(Errno::ECHILD),
            }
        }
    }

    /// Where the kernel has put the code that reads the clock.
    fn clock_page(process: u32) -> std::ops::Range<u64> {
        let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap_or_default();
        let range = maps.lines().find(|line| line.ends_with("[vdso]")).and_then(|line| {
            let (from, rest) = line.split_once('-')?;
            let to = rest.split_once(' ')?.0;
            Some(u64::from_str_radix(from, 16).ok()?..u64::from_str_radix(to, 16).ok()?)
        });
        range.unwrap_or(0..0)
    }

    /// A prefix `lock`, or `xchg` with memory, which is locked without one.
    fn is_locked(code: [u8; 8]) -> bool {
        let prefixes =
            code.iter().take_while(|byte| matches!(byte, 0x26 | 0x2e | 0x36 | 0x3e | 0x64..=0x67 | 0xf0 | 0xf2 | 0xf3));
        let count = prefixes.clone().count();
        if prefixes.into_iter().any(|byte| *byte == 0xf0) {
            return true;
        }
        let rest = &code[count..];
        let rest = if rest.first().is_some_and(|rex| rex & 0xf0 == 0x40) { &rest[1..] } else { rest };
        matches!(rest, [0x86 | 0x87, modrm, ..] if modrm >> 6 != 3)
    }

    /// `rdtsc` or `rdtscp`: a clock that is read without the kernel's help.
    fn is_time_stamp(code: [u8; 8]) -> bool {
        code.starts_with(&[0x0f, 0x31]) || code.starts_with(&[0x0f, 0x01, 0xf9])
    }

    /// Warms up, and makes the calls between two stops.
    pub(crate) fn be_stepped(rows: &[Row], row: &str, contestant: &str, calls: &str) -> ExitCode {
        let found = rows.iter().find(|it| it.name == row);
        let found = found.and_then(|row| row.contestants.iter().find(|it| it.name == contestant));
        let (Some(contestant), Ok(calls)) = (found, calls.parse()) else { return ExitCode::FAILURE };
        // Windows are full, threads known, and the runtime is made.
        contestant.call(0..1_000);
        if raise(Signal::SIGSTOP).is_err() {
            return ExitCode::FAILURE;
        }
        contestant.call(0..calls);
        if raise(Signal::SIGSTOP).is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

pub(crate) use platform::{be_stepped, steps};
