//! A policy that is named by an expression, `#[circuit_breaker(self.breaker)]`: taken hold of before the body runs,
//! in a way that leaves the arguments free for the body.

use std::sync::{Arc, LazyLock};

/// What an expression gives that stands in for a policy of type `P`. `T` is what is kept for the time of the call; it is
/// a parameter, since the compiler would report an associated type that it cannot find a second time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `{P}`",
    label = "expected a `{P}`, a reference to one, or one in an `Arc`"
)]
pub trait Handle<'h, P, T> {
    /// Takes hold of the policy.
    fn handle(&'h self) -> T;
}

/// What an expression gives that leaves the argument it goes through free to be moved or changed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be held while the body has the argument",
    label = "the body needs this argument for itself",
    note = "hold the `{P}` in an `Arc`, which is cloned, or in a `static`"
)]
pub trait DetachedHandle<P, T> {
    /// Takes hold of the policy.
    fn handle(&self) -> T;
}

/// What a call gives, `budget = self.budget()`. A policy itself would be made anew by each call of the function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no shared `{P}`",
    label = "a `{P}` is shared by all calls; put it into a `static` and name that",
    note = "a function may give a reference to one, or one in an `Arc`"
)]
pub trait CalledHandle<P, T> {
    /// Takes hold of the policy.
    fn handle(&self) -> T;
}

/// Takes hold of a policy: by reference, or by a clone of its `Arc`.
#[inline]
pub fn handle<'h, P, H: Handle<'h, P, T> + ?Sized, T>(policy: &'h H) -> T {
    policy.handle()
}

/// Takes hold of a policy without a borrow of what it was reached through.
#[inline]
pub fn detached_handle<P, H: DetachedHandle<P, T> + ?Sized, T>(policy: &H) -> T {
    policy.handle()
}

/// Takes hold of a policy that a call gives.
#[inline]
pub fn called_handle<P, H: CalledHandle<P, T> + ?Sized, T>(policy: &H) -> T {
    policy.handle()
}

/// As [`Handle`], of a policy that may be one for each key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `{P}`",
    label = "expected a `{P}`, a reference to one, or one in an `Arc`",
    note = "a `Keyed` policy needs `key = ..`, and `key = ..` a policy that was made with `.keyed()`"
)]
pub trait StatefulHandle<'h, P, T> {
    /// Takes hold of the policy.
    fn handle(&'h self) -> T;
}

/// As [`CalledHandle`], of a policy that may be one for each key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no shared `{P}`",
    label = "a `{P}` is shared by all calls; put it into a `static` and name that",
    note = "a function may give a reference to one, or one in an `Arc`",
    note = "a `Keyed` policy needs `key = ..`, and `key = ..` a policy that was made with `.keyed()`"
)]
pub trait CalledStatefulHandle<P, T> {
    /// Takes hold of the policy.
    fn handle(&self) -> T;
}

/// Takes hold of a policy that may be one for each key.
#[inline]
pub fn stateful_handle<'h, P, H: StatefulHandle<'h, P, T> + ?Sized, T>(policy: &'h H) -> T {
    policy.handle()
}

/// Takes hold of a policy that a call gives, and that may be one for each key.
#[inline]
pub fn called_stateful_handle<P, H: CalledStatefulHandle<P, T> + ?Sized, T>(policy: &H) -> T {
    policy.handle()
}

#[diagnostic::do_not_recommend]
impl<'h, P, T, H: Handle<'h, P, T> + ?Sized> StatefulHandle<'h, P, T> for H {
    #[inline]
    fn handle(&'h self) -> T {
        Handle::handle(self)
    }
}

#[diagnostic::do_not_recommend]
impl<P, T, H: CalledHandle<P, T> + ?Sized> CalledStatefulHandle<P, T> for H {
    #[inline]
    fn handle(&self) -> T {
        CalledHandle::handle(self)
    }
}

#[diagnostic::do_not_recommend]
impl<'h, P> Handle<'h, P, &'h P> for P {
    #[inline]
    fn handle(&'h self) -> &'h P {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<'p, P> Handle<'_, P, &'p P> for &'p P {
    #[inline]
    fn handle(&self) -> &'p P {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<'p, P> DetachedHandle<P, &'p P> for &'p P {
    #[inline]
    fn handle(&self) -> &'p P {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<P> Handle<'_, P, Self> for Arc<P> {
    #[inline]
    fn handle(&self) -> Self {
        Self::clone(self)
    }
}

#[diagnostic::do_not_recommend]
impl<P> DetachedHandle<P, Self> for Arc<P> {
    #[inline]
    fn handle(&self) -> Self {
        Self::clone(self)
    }
}

#[diagnostic::do_not_recommend]
impl<'p, P> CalledHandle<P, &'p P> for &'p P {
    #[inline]
    fn handle(&self) -> &'p P {
        self
    }
}

#[diagnostic::do_not_recommend]
impl<P> CalledHandle<P, Self> for Arc<P> {
    #[inline]
    fn handle(&self) -> Self {
        Self::clone(self)
    }
}

#[diagnostic::do_not_recommend]
impl<P> CalledHandle<P, Arc<P>> for &Arc<P> {
    #[inline]
    fn handle(&self) -> Arc<P> {
        Arc::clone(self)
    }
}

/// An argument that is a reference to one.
#[diagnostic::do_not_recommend]
impl<P> Handle<'_, P, Arc<P>> for &Arc<P> {
    #[inline]
    fn handle(&self) -> Arc<P> {
        Arc::clone(self)
    }
}

#[diagnostic::do_not_recommend]
impl<P> DetachedHandle<P, Arc<P>> for &Arc<P> {
    #[inline]
    fn handle(&self) -> Arc<P> {
        Arc::clone(self)
    }
}

#[diagnostic::do_not_recommend]
impl<'h, P, F: FnOnce() -> P> Handle<'h, P, &'h P> for LazyLock<P, F> {
    #[inline]
    fn handle(&'h self) -> &'h P {
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

        let shared = detached_handle::<Retry, _, _>(&client.shared);
        client.plain = Retry::new().attempts(7);
        assert!(core::ptr::eq(&raw const *shared, &raw const *client.shared));

        let plain = handle::<Retry, _, _>(&client.plain);
        assert!(core::ptr::eq(&raw const *plain, &raw const client.plain));
        let plain_ref = &client.plain;
        let through = handle::<Retry, _, _>(&plain_ref);
        assert!(core::ptr::eq(&raw const *through, &raw const *plain));
        let lazy = handle::<Retry, _, _>(&LAZY);
        assert!(core::ptr::eq(&raw const *lazy, &raw const *LAZY));
    }
}
