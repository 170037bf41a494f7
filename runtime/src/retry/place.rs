//! How far a retry is.

use crate::time;

/// How far it is. Two words, which a function can give back in registers: what is given back in memory, a call that
/// succeeds at once would write and read as well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// When the first attempt began, in nanoseconds; 0 where that does not matter.
    pub(super) start: u64,
    /// The attempt that runs, from 1, or that of the retry around, where it is left to that; and the flags.
    pub(super) attempt: u64,
}

/// The retries are left to a retry around.
pub(super) const PASSES: u64 = 1 << 32;
/// The policy was switched off when the attempt began.
pub(super) const OFF: u64 = 1 << 33;

impl Place {
    pub(super) const FIRST: Self = Self { start: 0, attempt: 1 };

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the flags are cut off")]
    pub(super) const fn attempt(self) -> u32 {
        self.attempt as u32
    }

    #[inline]
    pub(super) const fn passes(self) -> bool {
        self.attempt & PASSES != 0
    }

    #[inline]
    pub(super) const fn is_off(self) -> bool {
        self.attempt & OFF != 0
    }

    pub(super) fn go_on(&mut self) {
        self.attempt = (self.attempt & !u64::from(u32::MAX)) | u64::from(self.attempt().saturating_add(1));
    }

    /// Whether an attempt has failed before this one.
    pub(super) const fn was_retried(self) -> bool {
        self.attempt() > 1 && !self.passes() && !self.is_off()
    }

    pub(super) fn start(&mut self) {
        if self.start == 0 {
            self.start = time::nanos().max(1);
        }
    }
}
