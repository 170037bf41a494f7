//! A policy that is named by an expression, `#[circuit_breaker(self.breaker)]`: taken hold of before the body runs,
//! in a way that leaves the arguments free for the body.

use std::sync::{Arc, LazyLock};

use core::ops::Deref;

use crate::{CircuitBreaker, Keyed, Retry, Timeout};

/// A policy as a value.
pub trait Policy {}

impl Policy for Retry {}
impl Policy for Timeout {}
impl Policy for CircuitBreaker {}
impl<P> Policy for Keyed<P> {}

/// What an expression gives that stands in for a policy.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a policy",
    label = "expected a policy, a reference to one, or one in an `Arc`"
)]
pub trait Handle {
    /// What is kept for the time of the call.
    type Handle<'a>: Deref<Target: Policy>
    where
        Self: 'a;

    /// Takes hold of the policy.
    fn handle(&self) -> Self::Handle<'_>;
}

/// What an expression gives that leaves the argument it goes through free to be moved or changed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` would keep the argument borrowed while the body runs",
    label = "the body needs this argument for itself",
    note = "hold it in an `Arc`, which is cloned, or in a `static`"
)]
pub trait DetachedHandle {
    /// What is kept for the time of the call.
    type Handle: Deref<Target: Policy>;

    /// Takes hold of the policy.
    fn handle(&self) -> Self::Handle;
}

/// Takes hold of a policy: by reference, or by a clone of its `Arc`.
#[inline]
pub fn handle<H: Handle + ?Sized>(policy: &H) -> H::Handle<'_> {
    policy.handle()
}

/// Takes hold of a policy without a borrow of what it was reached through.
#[inline]
pub fn detached_handle<H: DetachedHandle + ?Sized>(policy: &H) -> H::Handle {
    policy.handle()
}

/// For each policy by itself, since a blanket over `P` and `&P` would overlap.
macro_rules! plain_handle {
    ($([$($generic:tt)*] $policy:ty),* $(,)?) => {$(
        impl<$($generic)*> Handle for $policy {
            type Handle<'a> = &'a Self where Self: 'a;

            #[inline]
            fn handle(&self) -> &Self {
                self
            }
        }

        impl<'p, $($generic)*> Handle for &'p $policy {
            type Handle<'a> = &'p $policy where Self: 'a;

            #[inline]
            fn handle(&self) -> &'p $policy {
                self
            }
        }

        impl<'p, $($generic)*> DetachedHandle for &'p $policy {
            type Handle = &'p $policy;

            #[inline]
            fn handle(&self) -> &'p $policy {
                self
            }
        }
    )*};
}

plain_handle!([] Retry, [] Timeout, [] CircuitBreaker, [P] Keyed<P>);

impl<P: Policy> Handle for Arc<P> {
    type Handle<'a>
        = Self
    where
        Self: 'a;

    #[inline]
    fn handle(&self) -> Self {
        Self::clone(self)
    }
}

impl<P: Policy> DetachedHandle for Arc<P> {
    type Handle = Self;

    #[inline]
    fn handle(&self) -> Self {
        Self::clone(self)
    }
}

/// An argument that is a reference to one.
impl<P: Policy> Handle for &Arc<P> {
    type Handle<'a>
        = Arc<P>
    where
        Self: 'a;

    #[inline]
    fn handle(&self) -> Arc<P> {
        Arc::clone(self)
    }
}

impl<P: Policy> DetachedHandle for &Arc<P> {
    type Handle = Arc<P>;

    #[inline]
    fn handle(&self) -> Arc<P> {
        Arc::clone(self)
    }
}

impl<P: Policy, F: FnOnce() -> P> Handle for LazyLock<P, F> {
    type Handle<'a>
        = &'a P
    where
        Self: 'a;

    #[inline]
    fn handle(&self) -> &P {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Client {
        plain: Retry,
        shared: Arc<Retry>,
    }

    #[test]
    fn an_arc_leaves_the_argument_free() {
        static LAZY: LazyLock<Retry> = LazyLock::new(Retry::new);
        let mut client = Client { plain: Retry::new(), shared: Arc::new(Retry::new()) };

        let shared = detached_handle(&client.shared);
        client.plain = Retry::new().attempts(7);
        let target: &Retry = &shared;
        assert!(core::ptr::eq(target, &raw const *client.shared));

        let plain = handle(&client.plain);
        assert!(core::ptr::eq(plain, &raw const client.plain));
        let through = handle(&&client.plain);
        assert!(core::ptr::eq(through, plain));
        let _: &'static Retry = handle(&LAZY);
    }
}
