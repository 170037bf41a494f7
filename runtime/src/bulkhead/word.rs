//! How many run and how many wait, in one word, so that both are read and changed together.
//!
//! ```text
//! 63  62 61        32 31         0
//! [mode ][  waiting  ][  running  ]
//! ```
//!
//! Where nobody waits and nothing is forced the word is the number of those who run: whether a newcomer may pass is one
//! comparison.

use super::settings::Settings;

/// One more who runs.
pub(super) const RUNNING: u64 = 1;
/// One more who waits.
pub(super) const WAITING: u64 = 1 << 32;
/// One who waited and now runs, to be added with wrapping.
pub(super) const GRANT: u64 = RUNNING.wrapping_sub(WAITING);

/// As many as can wait.
pub(super) const MOST_WAITING: u32 = (1 << 30) - 1;

const MODE: u64 = 0b11 << 62;

/// Whether somebody has forced a bulkhead to let calls pass, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Limited,
    /// Nobody passes.
    ForcedOpen,
    /// Everybody passes.
    ForcedClosed,
    /// Switched off: everybody passes. Who runs is counted all the same, and so has a place when it is switched on.
    Off,
}

impl Mode {
    /// Where nothing is forced.
    pub(super) const fn unforced(settings: &Settings) -> Self {
        if settings.common.enabled { Self::Limited } else { Self::Off }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Word(pub(super) u64);

impl Word {
    /// Nobody runs, nobody waits.
    pub(super) const fn initial(settings: &Settings) -> Self {
        Self(0).with_mode(Mode::unforced(settings))
    }

    /// The number of those who run, whatever else there is.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    pub(super) const fn running(self) -> u32 {
        self.0 as u32
    }

    pub(super) const fn waiting(self) -> u32 {
        ((self.0 & !MODE) >> 32) as u32
    }

    pub(super) const fn mode(self) -> Mode {
        match self.0 >> 62 {
            0 => Mode::Limited,
            1 => Mode::ForcedOpen,
            2 => Mode::ForcedClosed,
            _ => Mode::Off,
        }
    }

    pub(super) const fn with_mode(self, mode: Mode) -> Self {
        let bits = match mode {
            Mode::Limited => 0,
            Mode::ForcedOpen => 1,
            Mode::ForcedClosed => 2,
            Mode::Off => 3,
        };
        Self(self.0 & !MODE | bits << 62)
    }

    /// Whether there is a place for the first of the queue.
    pub(super) const fn has_place(self, limit: u32) -> bool {
        match self.mode() {
            Mode::Limited => self.running() < limit,
            Mode::ForcedOpen => false,
            Mode::ForcedClosed | Mode::Off => self.running() < u32::MAX,
        }
    }

    /// Whether there is a place for a newcomer, who overtakes nobody where places are limited.
    pub(super) const fn admits(self, limit: u32) -> bool {
        (self.waiting() == 0 || self.lets_all_pass()) && self.has_place(limit)
    }

    pub(super) const fn lets_all_pass(self) -> bool {
        matches!(self.mode(), Mode::ForcedClosed | Mode::Off)
    }
}
