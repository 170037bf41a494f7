//! What a call must know of a breaker, in one atomic word: state, generation and flags.

use super::State;
use super::settings::Settings;

/// ```text
/// 63 ............. 8   7       6         5      4     3      2 .. 0
/// generation           SHADOW  MEASURED  DIRTY  CALM  QUIET  state
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Word(u64);

const STATE: u64 = 0b111;
/// In place of the state of a breaker that is switched off: closed, and nothing is looked at.
const OFF: u64 = 5;
/// One more success changes nothing at all.
const QUIET: u64 = 1 << 3;
/// One more quick success changes nothing but the count of successes of a time window. Apart from [`QUIET`], so that
/// breakers that need no clock are told from the others by the same comparison.
const CALM: u64 = 1 << 4;
/// Failures or slow calls are outstanding.
const DIRTY: u64 = 1 << 5;
/// The length of calls is measured; a setting, but here it is asked for together with the state.
const MEASURED: u64 = 1 << 6;
/// What is rejected passes. Said only where something may be, so that it is in no closed breaker's way.
const SHADOW: u64 = 1 << 7;
const FLAGS: u64 = QUIET | CALM | DIRTY | MEASURED | SHADOW;
const GENERATION: u32 = 8;

/// What the flags say.
#[expect(clippy::struct_excessive_bools, reason = "flags they are")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Flags {
    pub(super) quiet: bool,
    pub(super) calm: bool,
    pub(super) dirty: bool,
    pub(super) measured: bool,
    pub(super) shadow: bool,
}

impl Word {
    /// Closed for the first time; the flags follow with the first report.
    pub(super) const fn initial(settings: &Settings) -> Self {
        if !settings.common.enabled {
            return Self::off(0);
        }
        let measured = settings.measures_calls();
        Self::new(State::Closed, 0, Flags { quiet: false, calm: false, dirty: false, measured, shadow: false })
    }

    /// Switched off.
    pub(super) const fn off(generation: u64) -> Self {
        Self((generation << GENERATION) | QUIET | OFF)
    }

    pub(super) const fn new(state: State, generation: u64, flags: Flags) -> Self {
        let Flags { quiet, calm, dirty, measured, shadow } = flags;
        let flags = (quiet as u64 * QUIET) | (calm as u64 * CALM) | (dirty as u64 * DIRTY);
        let flags = flags | (measured as u64 * MEASURED) | (shadow as u64 * SHADOW);
        Self((generation << GENERATION) | flags | state as u64)
    }

    #[inline]
    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn state(self) -> State {
        match self.0 & STATE {
            0 | OFF => State::Closed,
            1 => State::Open,
            2 => State::HalfOpen,
            3 => State::ForcedOpen,
            _ => State::ForcedClosed,
        }
    }

    /// Whether it is open, and not in shadow.
    pub(super) const fn rejects_for_a_time(self) -> bool {
        self.0 & (STATE | SHADOW) == State::Open as u64
    }

    /// Whether outcomes are looked at.
    pub(super) const fn looks(self) -> bool {
        !matches!(self.0 & STATE, OFF) && !matches!(self.state(), State::ForcedClosed)
    }

    /// Whether the length of a call that is let pass is measured.
    pub(super) const fn is_measured(self) -> bool {
        self.0 & MEASURED != 0
    }

    /// Whether what it rejects passes all the same.
    pub(super) const fn is_shadow(self) -> bool {
        self.0 & SHADOW != 0
    }

    /// Whether a call may pass, and needs no clock for it.
    #[inline]
    pub(super) const fn lets_pass_untimed(self) -> bool {
        self.0 & (STATE | MEASURED) == State::Closed as u64
    }

    /// State and generation: what a call was admitted under, and what its report is compared with.
    #[inline]
    pub(super) const fn period(self) -> Period {
        Period(self.0 & !FLAGS)
    }

    pub(super) const fn is_dirty(self) -> bool {
        self.0 & DIRTY != 0
    }
}

/// One stay in one state. Two of them are equal only if nothing has changed in between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Period(u64);

impl Period {
    /// No period of a breaker: the call has not begun. The last generation is never reached.
    pub(super) const AHEAD: Self = Self(u64::MAX);
    /// No period of a breaker: the call has been reported, or never let in.
    pub(super) const OVER: Self = Self(u64::MAX - 1);
    /// No period of a breaker: the call passes only thanks to the shadow, and nobody takes its report.
    pub(super) const PASSING: Self = Self(u64::MAX - 2);

    #[inline]
    pub(super) const fn generation(self) -> u64 {
        self.0 >> GENERATION
    }

    /// Whether `word` still says this period, and that a success of it changes nothing.
    #[inline]
    pub(super) const fn is_quiet_in(self, word: Word) -> bool {
        self.0 | QUIET == word.0
    }

    /// Whether `word` still says this period, and that a quick success of it is only counted.
    pub(super) const fn is_calm_in(self, word: Word) -> bool {
        self.0 | CALM == word.0 & !MEASURED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_says_what_was_put_in() {
        let flags = Flags { quiet: true, ..Flags::default() };
        let states = [State::Closed, State::Open, State::HalfOpen, State::ForcedOpen, State::ForcedClosed];
        for state in states {
            let word = Word::new(state, 7, flags);
            assert_eq!(word.state(), state);
            assert!(word.period().is_quiet_in(word));
            assert!(!word.period().is_calm_in(word));
            assert_ne!(word.period(), Word::new(state, 8, flags).period());
        }
    }
}
