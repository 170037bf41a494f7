//! What a call must know of a breaker, in one atomic word: state, generation and flags.

use super::State;

/// ```text
/// 63 ............. 7   6         5      4     3      2 .. 0
/// generation           MEASURED  DIRTY  CALM  QUIET  state
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Word(u64);

const STATE: u64 = 0b111;
/// One more success changes nothing at all.
const QUIET: u64 = 1 << 3;
/// One more quick success changes nothing but the count of successes of a time window. Apart from [`QUIET`], so that
/// breakers that need no clock are told from the others by the same comparison.
const CALM: u64 = 1 << 4;
/// Failures or slow calls are outstanding.
const DIRTY: u64 = 1 << 5;
/// The length of calls is measured; a setting, but here it is asked for together with the state.
const MEASURED: u64 = 1 << 6;
const FLAGS: u64 = QUIET | CALM | DIRTY | MEASURED;
const GENERATION: u32 = 7;

/// What the flags say.
#[expect(clippy::struct_excessive_bools, reason = "flags they are")]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Flags {
    pub(super) quiet: bool,
    pub(super) calm: bool,
    pub(super) dirty: bool,
    pub(super) measured: bool,
}

impl Word {
    /// Closed for the first time; the flags follow with the first report.
    pub(super) const fn initial(measured: bool) -> Self {
        Self::new(State::Closed, 0, Flags { quiet: false, calm: false, dirty: false, measured })
    }

    pub(super) const fn new(state: State, generation: u64, flags: Flags) -> Self {
        let Flags { quiet, calm, dirty, measured } = flags;
        let flags = (quiet as u64 * QUIET) | (calm as u64 * CALM) | (dirty as u64 * DIRTY);
        Self((generation << GENERATION) | flags | (measured as u64 * MEASURED) | state as u64)
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
            0 => State::Closed,
            1 => State::Open,
            2 => State::HalfOpen,
            3 => State::ForcedOpen,
            _ => State::ForcedClosed,
        }
    }

    pub(super) const fn is_closed(self) -> bool {
        self.0 & STATE == State::Closed as u64
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
