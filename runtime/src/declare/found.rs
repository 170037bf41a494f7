//! What the path in `#[circuit_breaker(PAYMENTS)]` names: a policy, a reference to one, or what only some code at run time
//! can tell, as a `LazyLock`.

use crate::registry::Managed;

/// What a path names; only some of it is a policy.
pub struct Found<T: ?Sized + 'static>(pub &'static T);

/// A policy.
pub trait IsManaged {
    /// It.
    fn entry(&self) -> Option<&'static dyn Managed>;
}

/// A reference to one.
pub trait IsReference {
    /// It.
    fn entry(&self) -> Option<&'static dyn Managed>;
}

/// Anything else.
pub trait IsOther {
    /// Nothing.
    fn entry(&self) -> Option<&'static dyn Managed>;
}

impl<T: Managed> IsManaged for &&Found<T> {
    fn entry(&self) -> Option<&'static dyn Managed> {
        Some(self.0)
    }
}

impl<T: Managed> IsReference for &Found<&'static T> {
    fn entry(&self) -> Option<&'static dyn Managed> {
        Some(*self.0)
    }
}

impl<T: ?Sized> IsOther for Found<T> {
    fn entry(&self) -> Option<&'static dyn Managed> {
        None
    }
}
