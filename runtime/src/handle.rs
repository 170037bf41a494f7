//! A policy that is named by an expression, `#[circuit_breaker(self.breaker)]`: taken hold of before the body runs,
//! in a way that leaves the arguments free for the body.

use std::sync::{Arc, LazyLock};

use core::ops::Deref;

/// What an expression gives that stands in for a policy of type `P`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `{P}`",
    label = "expected a `{P}`, a reference to one, or one in an `Arc`"
)]
pub trait Handle<P> {
    /// What is kept for the time of the call.
    type Held<'a>: Deref<Target = P>
    where
        Self: 'a;

    /// Takes hold of the policy.
    fn handle(&self) -> Self::Held<'_>;
}

/// What an expression gives that leaves the argument it goes through free to be moved or changed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `{P}` that can be held while the body has the argument",
    label = "the body needs this argument for itself",
    note = "hold the `{P}` in an `Arc`, which is cloned, or in a `static`"
)]
pub trait DetachedHandle<P> {
    /// What is kept for the time of the call.
    type Held: Deref<Target = P>;

    /// Takes hold of the policy.
    fn handle(&self) -> Self::Held;
}

/// Takes hold of a policy: by reference, or by a clone of its `Arc`. The type that is kept is not told, since the
/// compiler would report one that cannot be found a second time.
#[inline]
pub fn handle<P, H: Handle<P> + ?Sized>(policy: &H) -> impl Deref<Target = P> {
    policy.handle()
}

/// Takes hold of a policy without a borrow of what it was reached through.
#[inline]
pub fn detached_handle<P, H: DetachedHandle<P> + ?Sized>(policy: &H) -> impl Deref<Target = P> + use<P, H> {
    policy.handle()
}

impl<P> Handle<P> for P {
    type Held<'a>
        = &'a P
    where
        P: 'a;

    #[inline]
    fn handle(&self) -> &P {
        self
    }
}

impl<'p, P> Handle<P> for &'p P {
    type Held<'a>
        = &'p P
    where
        Self: 'a;

    #[inline]
    fn handle(&self) -> &'p P {
        self
    }
}

impl<'p, P> DetachedHandle<P> for &'p P {
    type Held = &'p P;

    #[inline]
    fn handle(&self) -> &'p P {
        self
    }
}

impl<P> Handle<P> for Arc<P> {
    type Held<'a>
        = Self
    where
        Self: 'a;

    #[inline]
    fn handle(&self) -> Self {
        Self::clone(self)
    }
}

impl<P> DetachedHandle<P> for Arc<P> {
    type Held = Self;

    #[inline]
    fn handle(&self) -> Self {
        Self::clone(self)
    }
}

/// An argument that is a reference to one.
impl<P> Handle<P> for &Arc<P> {
    type Held<'a>
        = Arc<P>
    where
        Self: 'a;

    #[inline]
    fn handle(&self) -> Arc<P> {
        Arc::clone(self)
    }
}

impl<P> DetachedHandle<P> for &Arc<P> {
    type Held = Arc<P>;

    #[inline]
    fn handle(&self) -> Arc<P> {
        Arc::clone(self)
    }
}

impl<P, F: FnOnce() -> P> Handle<P> for LazyLock<P, F> {
    type Held<'a>
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
    use crate::Retry;

    struct Client {
        plain: Retry,
        shared: Arc<Retry>,
    }

    #[test]
    fn an_arc_leaves_the_argument_free() {
        static LAZY: LazyLock<Retry> = LazyLock::new(Retry::new);
        let mut client = Client { plain: Retry::new(), shared: Arc::new(Retry::new()) };

        let shared = detached_handle::<Retry, _>(&client.shared);
        client.plain = Retry::new().attempts(7);
        assert!(core::ptr::eq(&raw const *shared, &raw const *client.shared));

        let plain = handle::<Retry, _>(&client.plain);
        assert!(core::ptr::eq(&raw const *plain, &raw const client.plain));
        let plain_ref = &client.plain;
        let through = handle::<Retry, _>(&plain_ref);
        assert!(core::ptr::eq(&raw const *through, &raw const *plain));
        let lazy = handle::<Retry, _>(&LAZY);
        assert!(core::ptr::eq(&raw const *lazy, &raw const *LAZY));
    }
}
