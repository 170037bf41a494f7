//! States that a test wants a policy to be in.

use core::fmt;

use crate::{Bulkhead, CircuitBreaker, RateLimit};

/// A policy that can be steered by hand.
pub trait Steered {
    /// Rejects every call.
    fn open(&self);
    /// Lets every call pass.
    fn close(&self);
    /// Begins anew; `false` where there is nothing to do so.
    fn reset(&self) -> bool;
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

            fn reset(&self) -> bool {
                Self::reset(self);
                true
            }
        }
    )*};
}

steered!(CircuitBreaker, Bulkhead, RateLimit);

/// With the feature `registry`, all policies of a name that can be steered: the name that was given, or the end of the path of
/// the function. So those of an attribute can be forced too.
///
/// ```
/// use steadfast::{circuit_breaker, fallback, retry, testing};
///
/// #[fallback(Ok("queued"))]
/// #[retry(name = "payments")]
/// #[circuit_breaker(name = "payments")]
/// fn pay() -> Result<&'static str, std::io::Error> {
///     Ok("paid")
/// }
///
/// let open = testing::force_open("payments");
/// assert_eq!(pay().unwrap(), "queued");
/// drop(open);
/// assert_eq!(pay().unwrap(), "paid");
/// ```
///
/// # Panics
/// Where there is none, so that a wrong name is found.
#[cfg(feature = "registry")]
impl Steered for str {
    fn open(&self) {
        assert!(steer(self, crate::registry::Policy::force_open), "no policy called `{self}` can be forced open");
    }

    fn close(&self) {
        assert!(steer(self, crate::registry::Policy::force_closed), "no policy called `{self}` can be forced closed");
    }

    fn reset(&self) -> bool {
        steer(self, crate::registry::Policy::reset)
    }
}

/// Does it to all policies of a name, and says whether any could be.
#[cfg(feature = "registry")]
fn steer(name: &str, how: impl Fn(&crate::registry::Policy) -> bool) -> bool {
    let mut named = crate::registry::policies();
    named.retain(|policy| super::path::ends_in(policy.name(), name));
    named.iter().filter(|policy| how(policy)).count() > 0
}

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
///
/// # Panics
/// If there is no policy of that name, or none that can be reset: the test is wrong.
pub fn fresh<P: Steered + ?Sized>(policy: &P) -> Forced<'_, P> {
    assert!(policy.reset(), "no policy of this name can be reset");
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
