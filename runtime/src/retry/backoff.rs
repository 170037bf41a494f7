//! How the delays between attempts grow.

#[cfg(feature = "registry")]
mod text;

use core::time::Duration;

/// How long to wait after each attempt, before cap and jitter.
///
/// ```
/// use std::time::Duration;
/// use steadfast::Backoff;
///
/// let seconds = |backoff: Backoff| [1, 2, 3, 4].map(|attempt| backoff.delay(attempt).as_secs());
/// let second = Duration::from_secs(1);
/// assert_eq!(seconds(Backoff::exponential(second)), [1, 2, 4, 8]);
/// assert_eq!(seconds(Backoff::exponential(second).factor(3.0)), [1, 3, 9, 27]);
/// assert_eq!(seconds(Backoff::linear(second)), [1, 2, 3, 4]);
/// assert_eq!(seconds(Backoff::fibonacci(second)), [1, 1, 2, 3]);
/// assert_eq!(seconds(Backoff::fixed(second)), [1, 1, 1, 1]);
/// assert_eq!(seconds(Backoff::custom(|attempt| Duration::from_secs(100 - u64::from(attempt)))), [99, 98, 97, 96]);
/// assert_eq!(seconds(Backoff::NONE), [0, 0, 0, 0]);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Backoff(Kind);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Exponential { base: Duration, factor: f64 },
    Fixed(Duration),
    Linear(Duration),
    Fibonacci(Duration),
    Custom(fn(u32) -> Duration),
}

impl Backoff {
    /// No delay, and no timer either.
    pub const NONE: Self = Self::fixed(Duration::ZERO);

    pub(super) const DEFAULT: Self = Self::exponential(Duration::from_millis(100));

    /// `base`, then each delay the double of the one before; [`factor`](Self::factor) sets another factor than 2.
    pub const fn exponential(base: Duration) -> Self {
        Self(Kind::Exponential { base, factor: 2.0 })
    }

    /// The same delay each time.
    pub const fn fixed(delay: Duration) -> Self {
        Self(Kind::Fixed(delay))
    }

    /// `base`, then each delay longer than the one before by `base`.
    pub const fn linear(base: Duration) -> Self {
        Self(Kind::Linear(base))
    }

    /// `base` twice, then each delay the sum of the two before.
    pub const fn fibonacci(base: Duration) -> Self {
        Self(Kind::Fibonacci(base))
    }

    /// What `delay` gives for the number of the attempt that failed, from 1.
    pub const fn custom(delay: fn(u32) -> Duration) -> Self {
        Self(Kind::Custom(delay))
    }

    /// The factor of an exponential backoff; others have none and stay as they are. Below 1, or not a number, is 1:
    /// delays do not shrink.
    pub const fn factor(self, factor: f64) -> Self {
        match self.0 {
            Kind::Exponential { base, .. } => Self(Kind::Exponential { base, factor }),
            _ => self,
        }
    }

    /// How long to wait after this attempt, from 1. It saturates.
    pub fn delay(&self, attempt: u32) -> Duration {
        let attempt = attempt.max(1);
        match self.0 {
            Kind::Exponential { base, factor } => exponential(base, factor, attempt),
            Kind::Fixed(delay) => delay,
            Kind::Linear(base) => base.saturating_mul(attempt),
            Kind::Fibonacci(base) => from_nanos(base.as_nanos().saturating_mul(fibonacci(attempt))),
            Kind::Custom(delay) => delay(attempt),
        }
    }

    /// What every delay is made from; zero where that is not known.
    pub(super) const fn base(&self) -> Duration {
        match self.0 {
            Kind::Exponential { base, .. } | Kind::Fixed(base) | Kind::Linear(base) | Kind::Fibonacci(base) => base,
            Kind::Custom(_) => Duration::ZERO,
        }
    }
}

fn exponential(base: Duration, factor: f64, attempt: u32) -> Duration {
    // Zero times infinity is not a number.
    if base.is_zero() {
        return base;
    }
    // `max` also takes 1 where the factor is not a number.
    let power = power(factor.max(1.0), attempt - 1);
    // In nanoseconds, which are whole numbers and so exact for a good while.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let nanos = (base.as_nanos() as f64 * power).round() as u128;
    from_nanos(nanos).max(base)
}

/// By products, which are the same everywhere: how exact `powi` is differs between targets.
fn power(mut factor: f64, mut exponent: u32) -> f64 {
    let mut power = 1.0;
    while exponent > 0 {
        if exponent % 2 == 1 {
            power *= factor;
        }
        factor *= factor;
        exponent /= 2;
    }
    power
}

fn fibonacci(attempt: u32) -> u128 {
    let (mut this, mut next) = (1_u128, 1_u128);
    for _ in 1..attempt {
        if this == u128::MAX {
            break;
        }
        (this, next) = (next, this.saturating_add(next));
    }
    this
}

fn from_nanos(nanos: u128) -> Duration {
    const SECOND: u128 = 1_000_000_000;
    match (u64::try_from(nanos / SECOND), u32::try_from(nanos % SECOND)) {
        (Ok(seconds), Ok(nanos)) => Duration::new(seconds, nanos),
        _ => Duration::MAX,
    }
}

/// What may stand as `backoff = ..`: a [`Backoff`], or a function of the attempt's number.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backoff",
    label = "expected a `steadfast::Backoff`, or `Fn(u32) -> Duration`"
)]
pub trait Curve {
    /// How long to wait after this attempt. `policy` is the backoff of the policy itself.
    fn delay(&self, policy: &Backoff, attempt: u32) -> Duration;

    /// What every delay is made from; zero where that is not known.
    fn base(&self, _policy: &Backoff) -> Duration {
        Duration::ZERO
    }
}

/// The backoff that the policy was given.
#[derive(Debug, Clone, Copy)]
pub struct OfPolicy;

impl Curve for OfPolicy {
    fn delay(&self, policy: &Backoff, attempt: u32) -> Duration {
        policy.delay(attempt)
    }

    fn base(&self, policy: &Backoff) -> Duration {
        policy.base()
    }
}

impl Curve for Backoff {
    fn delay(&self, _policy: &Backoff, attempt: u32) -> Duration {
        self.delay(attempt)
    }

    fn base(&self, _policy: &Backoff) -> Duration {
        self.base()
    }
}

impl<F: Fn(u32) -> Duration> Curve for F {
    fn delay(&self, _policy: &Backoff, attempt: u32) -> Duration {
        self(attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r6_exact_milliseconds() {
        let backoff = Backoff::exponential(Duration::from_millis(100));
        for attempt in 1..=30 {
            assert_eq!(backoff.delay(attempt), Duration::from_millis(100 << (attempt - 1)), "{attempt}");
        }
    }

    #[test]
    fn r6_the_first_delays_of_each_curve() {
        let ms = Duration::from_millis;
        let other = Backoff::fixed(ms(7));
        for (backoff, base, delays) in [
            (Backoff::exponential(ms(100)), 100, [100, 200, 400, 800, 1600]),
            (Backoff::exponential(ms(100)).factor(3.0), 100, [100, 300, 900, 2700, 8100]),
            (Backoff::fixed(ms(100)), 100, [100, 100, 100, 100, 100]),
            (Backoff::fixed(ms(100)).factor(3.0), 100, [100, 100, 100, 100, 100]),
            (Backoff::linear(ms(100)), 100, [100, 200, 300, 400, 500]),
            (Backoff::fibonacci(ms(100)), 100, [100, 100, 200, 300, 500]),
            (Backoff::custom(|attempt| Duration::from_millis(40) * attempt), 0, [40, 80, 120, 160, 200]),
        ] {
            for (attempt, delay) in (1..).zip(delays) {
                assert_eq!(backoff.delay(attempt), ms(delay), "{backoff:?} after attempt {attempt}");
                assert_eq!(Curve::delay(&backoff, &other, attempt), ms(delay));
                assert_eq!(OfPolicy.delay(&backoff, attempt), ms(delay));
            }
            assert_eq!([Curve::base(&backoff, &other), OfPolicy.base(&backoff)], [ms(base), ms(base)], "{backoff:?}");
        }
        let curve = |attempt: u32| ms(3) * attempt;
        assert_eq!((curve.delay(&other, 2), curve.base(&other)), (ms(6), Duration::ZERO));
    }

    #[test]
    fn r7_p12_no_curve_overflows_or_shrinks() {
        const LAST: u32 = if cfg!(miri) { 50 } else { 10_000 };
        let bases = [0, 1, 999, 1_000_000_001].map(Duration::from_nanos).into_iter().chain([Duration::MAX]);
        let factors = [0.0, -3.0, 0.5, 1.0, 1.5, 2.0, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        for base in bases {
            let curves = [Backoff::fixed, Backoff::linear, Backoff::fibonacci].map(|curve| curve(base));
            let exponential = factors.map(|factor| Backoff::exponential(base).factor(factor));
            for curve in curves.into_iter().chain(exponential) {
                let mut before = base;
                for attempt in (1..=LAST).chain([u32::MAX - 1, u32::MAX]) {
                    let delay = curve.delay(attempt);
                    assert!(delay >= before, "{curve:?} after attempt {attempt}: {delay:?} < {before:?}");
                    before = delay;
                }
                assert_eq!(curve.delay(0), curve.delay(1));
            }
        }
    }
}
