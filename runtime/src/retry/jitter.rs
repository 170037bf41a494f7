//! How delays are spread, so that callers which failed together do not come back together.

use core::time::Duration;

use crate::random;

/// How a delay is spread: always downwards from the capped delay, so that it never exceeds the cap and still spreads
/// at it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jitter {
    /// Anything from nothing to the delay.
    Full,
    /// The delay as it is.
    None,
    /// Takes off up to this share of the delay: 0.25 gives three quarters of it to all of it. Outside of 0 to 1 the
    /// nearer of the two counts; what is not a number is 0.
    Fraction(f64),
}

impl Jitter {
    pub(super) fn spread(self, delay: Duration) -> Duration {
        let share = match self {
            Self::Full => 1.0,
            Self::Fraction(share) if share > 0.0 => share.min(1.0),
            // What is not a number comes here too.
            Self::None | Self::Fraction(_) => return delay,
        };
        let cut = delay.as_secs_f64() * (share * random::unit());
        delay.saturating_sub(Duration::try_from_secs_f64(cut).unwrap_or(delay))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_p13_spreads_downwards_over_the_whole_range() {
        let cap = Duration::from_secs(10);
        let cases = [
            (Jitter::Full, 0.0),
            (Jitter::Fraction(0.25), 0.75),
            (Jitter::Fraction(1.0), 0.0),
            (Jitter::Fraction(7.0), 0.0),
            (Jitter::Fraction(f64::INFINITY), 0.0),
            (Jitter::Fraction(0.0), 1.0),
            (Jitter::Fraction(-1.0), 1.0),
            (Jitter::Fraction(f64::NAN), 1.0),
            (Jitter::None, 1.0),
        ];
        for (jitter, lowest) in cases {
            let (lowest, range) = (cap.mul_f64(lowest), cap.mul_f64(1.0 - lowest));
            let draws: Vec<_> = (0..1000).map(|_| jitter.spread(cap)).collect();
            assert!(draws.iter().all(|draw| (lowest..=cap).contains(draw)), "{jitter:?}");
            for tenth in 0..10 {
                let (from, to) = (lowest + range * tenth / 10, lowest + range * (tenth + 1) / 10);
                assert!(draws.iter().any(|draw| (from..=to).contains(draw)), "{jitter:?} never in {from:?}..{to:?}");
            }
        }
    }

    #[test]
    fn p12_extreme_delays() {
        for jitter in [Jitter::Full, Jitter::Fraction(1e-9), Jitter::Fraction(1.0), Jitter::None] {
            assert_eq!(jitter.spread(Duration::ZERO), Duration::ZERO);
            for _ in 0..100 {
                let _ = jitter.spread(Duration::MAX);
            }
        }
    }
}
