//! No input panics the attributes, or keeps them busy for ever: all that is written in the tests and the docs, and in
//! `macros/fuzz/corpus`, is damaged at random, and functions that are right are made up. What comes out can be parsed, or
//! says what is wrong, beside the function as it was written.
//!
//! The same check stands behind the fuzzer of `macros/fuzz`, which is guided by the coverage and needs a nightly compiler.

pub(crate) mod check;
pub(crate) mod input;
pub(crate) mod mutate;
pub(crate) mod valid;

#[cfg(test)]
mod tests;

/// Numbers that look random and are the same each time.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self(seed ^ 0x9e37_79b9_7f4a_7c15);
        // Near seeds begin alike.
        for _ in 0..8 {
            random.below(2);
        }
        random
    }

    /// Of a text, so that what becomes of it does not change with what else there is.
    pub(crate) fn of(text: &str) -> Self {
        Self::new(
            text.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = if self.0 == 0 { 1 } else { self.0 };
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % end.max(1) as u64).unwrap_or(0)
    }

    /// Once in so many.
    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}
