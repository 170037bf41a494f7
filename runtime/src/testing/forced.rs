//! States that a test wants a policy to be in.

use core::fmt;

use crate::{Bulkhead, CircuitBreaker, RateLimit};

/// A policy that can be steered by hand.
pub trait Steered {
    /// Rejects every call.
    fn open(&self);
    /// Lets every call pass.
    fn close(&self);
    /// Begins anew.
    fn reset(&self);
}

macro_rules! steered {
    ($($policy:ty),*) => {$(
        impl Steered for $policy {
            fn open(&self) {
                self.force_open();
            }

            fn close(&self) {
                self.force_closed();
            }

            fn reset(&self) {
                Self::reset(self);
            }
        }
    )*};
}

steered!(CircuitBreaker, Bulkhead, RateLimit);

/// Lets a policy reject every call, until the guard is dropped, which resets it.
///
/// Its state is that of all who use it, in other tests as well.
///
/// ```
/// use steadfast::{CircuitBreaker, circuit_breaker, fallback, testing};
///
/// static PAYMENTS: CircuitBreaker = CircuitBreaker::new().name("payments");
///
/// #[fallback(Ok("queued"))]
/// #[circuit_breaker(PAYMENTS)]
/// fn pay() -> Result<&'static str, std::io::Error> {
///     Ok("paid")
/// }
///
/// let open = testing::force_open(&PAYMENTS);
/// assert_eq!(pay().unwrap(), "queued");
/// drop(open);
/// assert_eq!(pay().unwrap(), "paid");
/// ```
pub fn force_open<P: Steered + ?Sized>(policy: &P) -> Forced<'_, P> {
    policy.open();
    Forced { policy }
}

/// Lets a policy pass every call, until the guard is dropped, which resets it.
///
/// ```
/// use steadfast::{RateLimit, testing};
///
/// static QUOTA: RateLimit = RateLimit::new(1);
///
/// let _closed = testing::force_closed(&QUOTA);
/// assert!((0..100).all(|_| QUOTA.try_acquire().is_ok()));
/// ```
pub fn force_closed<P: Steered + ?Sized>(policy: &P) -> Forced<'_, P> {
    policy.close();
    Forced { policy }
}

/// Resets a policy, and again when the guard is dropped: a test that opens a breaker leaves it as it was.
///
/// ```
/// use steadfast::{CircuitBreaker, Rejection, State, testing};
///
/// static PAYMENTS: CircuitBreaker = CircuitBreaker::new().failure_threshold(1);
///
/// let fresh = testing::fresh(&PAYMENTS);
/// # #[derive(Debug)]
/// # enum Error { Lost, Rejected(Rejection) }
/// # impl From<Rejection> for Error { fn from(r: Rejection) -> Self { Self::Rejected(r) } }
/// # impl steadfast::Classify for Error {}
/// let _: Result<(), Error> = PAYMENTS.call_blocking(|| Err(Error::Lost));
/// assert_eq!(PAYMENTS.state(), State::Open);
/// drop(fresh);
/// assert_eq!(PAYMENTS.state(), State::Closed);
/// ```
pub fn fresh<P: Steered + ?Sized>(policy: &P) -> Forced<'_, P> {
    policy.reset();
    Forced { policy }
}

/// Resets the policy when it is dropped.
#[must_use = "the policy is reset when this is dropped"]
pub struct Forced<'p, P: Steered + ?Sized> {
    policy: &'p P,
}

impl<P: Steered + ?Sized> Drop for Forced<'_, P> {
    fn drop(&mut self) {
        self.policy.reset();
    }
}

impl<P: Steered + ?Sized> fmt::Debug for Forced<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forced").finish_non_exhaustive()
    }
}
