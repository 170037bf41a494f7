//! A policy's refusal.

use core::convert::Infallible;
use core::error::Error;
use core::fmt;
use core::time::Duration;

use crate::name::Name;
use crate::time::saturated;

/// What a policy answers instead of the function: a timeout, an open circuit, a full bulkhead, a spent rate.
///
/// It is a small `Copy` value: no allocation, no backtrace. An error type takes it in with one variant,
/// `#[from] steadfast::Rejection`.
///
/// ```
/// use steadfast::Rejection;
///
/// #[derive(Debug, thiserror::Error)]
/// enum Error {
///     #[error("upstream said {0}")]
///     Status(u16),
///     #[error(transparent)]
///     Rejected(#[from] Rejection),
/// }
///
/// fn respond(error: &Error) -> u16 {
///     match error {
///         Error::Status(status) => *status,
///         Error::Rejected(rejection) => rejection.http_status(),
///     }
/// }
/// # assert_eq!(respond(&Error::Status(404)), 404);
/// ```
#[derive(Clone, Copy)]
pub struct Rejection {
    policy: Name,
    kind: RejectionKind,
    /// Which policy of the stack rejected, for `error = F`; 0 where nobody asks. As wide as the kind, so that there is no
    /// padding: an outcome is copied field by field through the stack, and padding would be copied in pieces.
    tag: u32,
    /// What else is known, [`UNKNOWN`] where nothing is: of a full bulkhead how many wait (the upper half) and run, of
    /// the others the nanoseconds until another call can pass. Half the size of an `Option<Duration>`.
    known: u64,
}

const UNKNOWN: u64 = u64::MAX;

/// Which kind of policy rejected a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
// See `Rejection::tag`.
#[repr(u32)]
pub enum RejectionKind {
    /// The time given by a timeout was over.
    Timeout,
    /// The circuit breaker is open, or half-open with every probe under way.
    CircuitOpen,
    /// The bulkhead has no place, or had none in time.
    BulkheadFull,
    /// The rate limit is spent.
    RateLimited,
}

impl RejectionKind {
    /// As `rejections(..)` of a retry, events and metrics name it: `bulkhead_full`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::CircuitOpen => "circuit_open",
            Self::BulkheadFull => "bulkhead_full",
            Self::RateLimited => "rate_limited",
        }
    }
}

impl Rejection {
    pub(crate) const fn new(kind: RejectionKind, policy: Name) -> Self {
        Self { policy, kind, tag: 0, known: UNKNOWN }
    }

    pub(crate) fn with_retry_after(self, retry_after: Duration) -> Self {
        self.with_wait(saturated(retry_after).min(UNKNOWN - 1))
    }

    /// The same in nanoseconds; all that a number holds, 584 years, is not known.
    pub(crate) fn with_wait(self, nanos: u64) -> Self {
        Self { known: nanos, ..self }
    }

    /// A bulkhead that is full: so many run in it, and so many wait.
    pub(crate) const fn bulkhead_full(policy: Name, running: u32, waiting: u32) -> Self {
        Self { known: (waiting as u64) << 32 | running as u64, ..Self::new(RejectionKind::BulkheadFull, policy) }
    }

    pub(crate) const fn with_tag(self, tag: u8) -> Self {
        Self { tag: tag as u32, ..self }
    }

    /// Which policy of the stack rejected, for `error = F`.
    pub(crate) const fn tag(&self) -> u32 {
        self.tag
    }

    /// Which kind of policy rejected the call.
    pub const fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// The name of the policy that rejected the call: the one given, or the path of its function.
    pub fn policy(&self) -> &'static str {
        self.policy.as_str()
    }

    /// How long it is before another call can pass, where the policy knows.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.known {
            UNKNOWN => None,
            _ if self.is_bulkhead_full() => None,
            nanos => Some(Duration::from_nanos(nanos)),
        }
    }

    /// How many calls ran in the bulkhead that rejected this one; `None` for other policies.
    ///
    /// ```
    /// use steadfast::Bulkhead;
    ///
    /// let bulkhead = Bulkhead::new(1);
    /// let place = bulkhead.try_acquire()?;
    /// let rejection = bulkhead.try_acquire().unwrap_err();
    /// assert_eq!((rejection.running(), rejection.waiting()), (Some(1), Some(0)));
    /// # drop(place);
    /// # Ok::<(), steadfast::Rejection>(())
    /// ```
    pub const fn running(&self) -> Option<u32> {
        match self.occupancy() {
            Some((running, _)) => Some(running),
            None => None,
        }
    }

    /// How many other calls waited for the bulkhead that rejected this one; `None` for other policies.
    pub const fn waiting(&self) -> Option<u32> {
        match self.occupancy() {
            Some((_, waiting)) => Some(waiting),
            None => None,
        }
    }

    /// How many run and wait.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    const fn occupancy(&self) -> Option<(u32, u32)> {
        if self.is_bulkhead_full() { Some((self.known as u32, (self.known >> 32) as u32)) } else { None }
    }

    /// Whether a timeout rejected the call.
    pub const fn is_timeout(&self) -> bool {
        matches!(self.kind, RejectionKind::Timeout)
    }

    /// Whether a circuit breaker rejected the call.
    pub const fn is_circuit_open(&self) -> bool {
        matches!(self.kind, RejectionKind::CircuitOpen)
    }

    /// Whether a bulkhead rejected the call.
    pub const fn is_bulkhead_full(&self) -> bool {
        matches!(self.kind, RejectionKind::BulkheadFull)
    }

    /// Whether a rate limit rejected the call.
    pub const fn is_rate_limited(&self) -> bool {
        matches!(self.kind, RejectionKind::RateLimited)
    }

    /// The HTTP status to answer with: 504 for a timeout, 429 for a rate limit, 503 for the others.
    pub const fn http_status(&self) -> u16 {
        match self.kind {
            RejectionKind::Timeout => 504,
            RejectionKind::RateLimited => 429,
            RejectionKind::CircuitOpen | RejectionKind::BulkheadFull => 503,
        }
    }

    /// The gRPC code to answer with: `DEADLINE_EXCEEDED` (4) for a timeout, `RESOURCE_EXHAUSTED` (8) for a rate limit
    /// or a full bulkhead, `UNAVAILABLE` (14) for an open circuit.
    pub const fn grpc_code(&self) -> i32 {
        match self.kind {
            RejectionKind::Timeout => 4,
            RejectionKind::RateLimited | RejectionKind::BulkheadFull => 8,
            RejectionKind::CircuitOpen => 14,
        }
    }
}

/// A stack in which nothing can reject.
impl From<Infallible> for Rejection {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// Two rejections are equal when they say the same: kind, policy, and the hint or the numbers.
impl PartialEq for Rejection {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.known == other.known && self.policy() == other.policy()
    }
}

impl Eq for Rejection {}

impl Error for Rejection {}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            RejectionKind::Timeout => "timed out",
            RejectionKind::CircuitOpen => "circuit open",
            RejectionKind::BulkheadFull => "bulkhead full",
            RejectionKind::RateLimited => "rate limited",
        };
        write!(f, "{what} at `{}`", self.policy)?;
        match (self.retry_after(), self.occupancy()) {
            (Some(wait), _) => write!(f, ", retry after {wait:.3?}"),
            (None, Some((running, waiting))) => write!(f, ", {running} running and {waiting} waiting"),
            (None, None) => Ok(()),
        }
    }
}

#[expect(clippy::missing_fields_in_debug, reason = "the tag is nobody's business")]
impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Rejection");
        debug.field("kind", &self.kind).field("policy", &self.policy);
        match self.occupancy() {
            Some((running, waiting)) => debug.field("running", &running).field("waiting", &waiting),
            None => debug.field("retry_after", &self.retry_after()),
        }
        .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_says_what_it_is() {
        use RejectionKind::{BulkheadFull, CircuitOpen, RateLimited, Timeout};
        for (kind, which, http, grpc) in [
            (Timeout, [true, false, false, false], 504, 4),
            (CircuitOpen, [false, true, false, false], 503, 14),
            (BulkheadFull, [false, false, true, false], 503, 8),
            (RateLimited, [false, false, false, true], 429, 8),
        ] {
            let it = Rejection::new(kind, Name::given("it"));
            let is = [it.is_timeout(), it.is_circuit_open(), it.is_bulkhead_full(), it.is_rate_limited()];
            assert_eq!((it.kind(), is, it.http_status(), it.grpc_code()), (kind, which, http, grpc));
        }
    }

    #[test]
    fn it_says_what_is_known() {
        let open = Rejection::new(RejectionKind::CircuitOpen, Name::given("it"));
        let longest = Duration::from_nanos(u64::MAX - 1);
        for (rejection, wait, occupancy) in [
            (open, None, None),
            (open.with_retry_after(Duration::ZERO), Some(Duration::ZERO), None),
            (open.with_retry_after(longest), Some(longest), None),
            // Too long to be told, it is not unknown for that.
            (open.with_retry_after(Duration::from_nanos(u64::MAX)), Some(longest), None),
            (open.with_retry_after(Duration::MAX), Some(longest), None),
            (Rejection::bulkhead_full(Name::given("it"), 3, 5), None, Some((3, 5))),
            (Rejection::bulkhead_full(Name::given("it"), u32::MAX, 0), None, Some((u32::MAX, 0))),
        ] {
            assert_eq!(rejection.retry_after(), wait, "{rejection:?}");
            assert_eq!(rejection.running().zip(rejection.waiting()), occupancy, "{rejection:?}");
        }
    }
}
