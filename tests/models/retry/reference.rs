//! What may follow an attempt, by the rules. Only the jitter is not foreseen: a delay has a least and a longest value.

use std::time::Duration;

use steadfast::{Backoff, Class, Classify, Flow, GiveUp, Jitter, RejectionKind, Rejections, Retry};
use steadfast_tests::Answer;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// `None` is unlimited.
    pub(crate) attempts: Option<u32>,
    pub(crate) curve: Curve,
    pub(crate) jitter: Jitter,
    pub(crate) max_delay: Option<Duration>,
    pub(crate) max_duration: Option<Duration>,
    /// Timeout, rate limit, bulkhead, open circuit.
    pub(crate) rejections: Option<[bool; 4]>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Curve {
    Exponential(Duration, f64),
    Fixed(Duration),
    Linear(Duration),
    Fibonacci(Duration),
    /// [`falling`].
    Custom,
}

/// A curve of the user's own, which may do as it likes.
pub(crate) fn falling(attempt: u32) -> Duration {
    Duration::from_secs(12).saturating_sub(Duration::from_secs(3) * attempt)
}

impl Settings {
    pub(crate) fn retry(&self) -> Retry {
        let backoff = match self.curve {
            Curve::Exponential(base, factor) => Backoff::exponential(base).factor(factor),
            Curve::Fixed(delay) => Backoff::fixed(delay),
            Curve::Linear(base) => Backoff::linear(base),
            Curve::Fibonacci(base) => Backoff::fibonacci(base),
            Curve::Custom => Backoff::custom(falling),
        };
        let mut retry = Retry::new().backoff(backoff).jitter(self.jitter);
        retry = match self.attempts {
            Some(attempts) => retry.attempts(attempts),
            None => retry.unlimited(),
        };
        if let Some(max_delay) = self.max_delay {
            retry = retry.max_delay(max_delay);
        }
        if let Some(max_duration) = self.max_duration {
            retry = retry.max_duration(max_duration);
        }
        if let Some([timeout, rate_limited, bulkhead_full, circuit_open]) = self.rejections {
            let mut named = Rejections::NONE;
            named = if timeout { named.timeout() } else { named };
            named = if rate_limited { named.rate_limited() } else { named };
            named = if bulkhead_full { named.bulkhead_full() } else { named };
            named = if circuit_open { named.circuit_open() } else { named };
            retry = retry.rejections(named);
        }
        retry
    }

    /// `None` is a success.
    pub(crate) fn class(&self, outcome: &Flow<Answer>) -> Option<Class> {
        match outcome {
            Flow::Returned(answer) => answer.as_ref().err().map(Classify::class),
            Flow::Rejected(rejection) => Some(self.refused(rejection.kind(), rejection.retry_after(), false)),
        }
    }

    /// Of a rejection. Where a filter narrows the retry, only those are retried that are named.
    pub(crate) fn refused(&self, kind: RejectionKind, hint: Option<Duration>, narrowed: bool) -> Class {
        let default = if narrowed { [false; 4] } else { [true, true, true, false] };
        let [timeout, rate_limited, bulkhead_full, circuit_open] = self.rejections.unwrap_or(default);
        let is_retried = match kind {
            RejectionKind::Timeout => timeout,
            RejectionKind::RateLimited => rate_limited,
            RejectionKind::BulkheadFull => bulkhead_full,
            RejectionKind::CircuitOpen => circuit_open,
            other => panic!("{other:?}"),
        };
        // Those that know how long it will be are not asked sooner.
        if is_retried { Class::Throttled { retry_after: hint } } else { Class::Permanent }
    }
}

/// From the least to the longest, both included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delay {
    pub(crate) least: Duration,
    pub(crate) longest: Duration,
}

/// What may follow a failure.
#[derive(Debug)]
pub(crate) struct Next {
    pub(crate) delay: Delay,
    /// Why it ends, whatever is drawn.
    pub(crate) ends: Vec<GiveUp>,
    /// Why it may end, if a long delay is drawn.
    pub(crate) may_end: Vec<GiveUp>,
}

impl Settings {
    /// After this attempt, from 1, which has failed after `elapsed`. `left` is the time until the deadline around it.
    pub(crate) fn next(&self, attempt: u32, class: Class, elapsed: Duration, left: Option<Duration>) -> Next {
        let computed = self.delay(attempt);
        let hint = class.retry_after().unwrap_or_default();
        let delay =
            Delay { least: hint.saturating_add(computed.least), longest: hint.saturating_add(computed.longest) };
        let (mut ends, mut may_end) = (Vec::new(), Vec::new());
        if matches!(class, Class::Permanent | Class::Neutral) {
            ends.push(GiveUp::NotRetryable);
        }
        if self.attempts.is_some_and(|attempts| attempt >= attempts.max(1)) {
            ends.push(GiveUp::Attempts);
        }
        if hint > self.max_delay() {
            ends.push(GiveUp::HintTooLong);
        }
        let limits = [(GiveUp::MaxDuration, self.max_duration), (GiveUp::Deadline, left.map(|left| elapsed + left))];
        for (reason, limit) in limits {
            let Some(limit) = limit else { continue };
            if elapsed.saturating_add(delay.least) >= limit {
                ends.push(reason);
            } else if elapsed.saturating_add(delay.longest) >= limit {
                may_end.push(reason);
            }
        }
        Next { delay, ends, may_end }
    }

    fn max_delay(&self) -> Duration {
        let base = match self.curve {
            Curve::Exponential(base, _) | Curve::Fixed(base) | Curve::Linear(base) | Curve::Fibonacci(base) => base,
            Curve::Custom => Duration::ZERO,
        };
        self.max_delay.unwrap_or(base.max(Duration::from_secs(10)))
    }

    /// Capped first, and then spread downwards.
    fn delay(&self, attempt: u32) -> Delay {
        let cap = self.max_delay();
        let Delay { least, longest } = self.uncapped(attempt);
        let (least, longest) = (least.min(cap), longest.min(cap));
        let share = match self.jitter {
            Jitter::None => return Delay { least, longest },
            Jitter::Full => 1.0,
            Jitter::Fraction(share) if share.is_nan() => 0.0,
            Jitter::Fraction(share) => share.clamp(0.0, 1.0),
        };
        // Fractions of a nanosecond, and of what a float can tell, are nobody's.
        let least = Duration::try_from_secs_f64(least.as_secs_f64() * (1.0 - share) * (1.0 - 1e-9));
        Delay { least: least.unwrap_or(longest).saturating_sub(Duration::from_nanos(1)), longest }
    }

    fn uncapped(&self, attempt: u32) -> Delay {
        let exactly = |delay| Delay { least: delay, longest: delay };
        match self.curve {
            Curve::Custom => exactly(falling(attempt)),
            Curve::Fixed(delay) => exactly(delay),
            Curve::Linear(base) => exactly(base.saturating_mul(attempt)),
            Curve::Fibonacci(base) => {
                let (mut delay, mut next) = (base, base);
                for _ in 1..attempt {
                    (delay, next) = (next, delay.saturating_add(next));
                }
                exactly(delay)
            }
            Curve::Exponential(base, factor) => {
                // Delays do not shrink.
                let factor = if factor > 1.0 { factor } else { 1.0 };
                let mut delay = base.as_secs_f64();
                for _ in 1..attempt {
                    // Nothing remains nothing.
                    delay = if base.is_zero() { 0.0 } else { delay * factor };
                }
                let about = |share: f64| Duration::try_from_secs_f64(delay * share).unwrap_or(Duration::MAX);
                let nanosecond = Duration::from_nanos(1);
                Delay {
                    least: about(1.0 - 1e-9).saturating_sub(nanosecond),
                    longest: about(1.0 + 1e-9).saturating_add(nanosecond),
                }
            }
        }
    }
}
