//! What `#[derive(Classify)]` asks of the fields of an error: the class of a cause, an argument of a function.

use core::ops::Deref;
use std::sync::Arc;

use crate::{Class, Classify};

/// The error in a field, of which nothing is known when the derive is expanded.
///
/// `(&&&Cause(field)).class()` picks the first of the traits below that fits, since method lookup tries fewer
/// references later. A bound could not: the errors of other crates implement no trait of this one.
#[derive(Debug)]
pub struct Cause<'a, E>(pub &'a E);

/// An error, or an optional one, that says what it is.
pub trait ByItself {
    /// The class of the error.
    fn class(&self) -> Class;
}

impl<E: Classify> ByItself for &&Cause<'_, E> {
    fn class(&self) -> Class {
        self.0.class()
    }
}

impl<E: Classify> ByItself for &&Cause<'_, Option<E>> {
    fn class(&self) -> Class {
        self.0.as_ref().map_or(Class::TRANSIENT, E::class)
    }
}

/// An error that leads to one that does: the pointers of `anyhow` and `eyre`.
pub trait ByTarget {
    /// The class of the error.
    fn class(&self) -> Class;
}

impl<E: Deref<Target: Classify>> ByTarget for &Cause<'_, E> {
    fn class(&self) -> Class {
        self.0.deref().class()
    }
}

/// An error that says nothing.
pub trait ByDefault {
    /// Transient.
    fn class(&self) -> Class;
}

impl<E> ByDefault for Cause<'_, E> {
    fn class(&self) -> Class {
        Class::TRANSIENT
    }
}

/// A field as the function in `with = ..` takes it: `fn(&A)`, `fn(A)` where that is `Copy`, or what `A` owns.
pub fn pass<'a, A: Pass<'a, P>, P>(field: &'a A) -> P {
    field.pass()
}

/// A field of type `Self` can be given as a `P`.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` can't be given to this function as `{P}`",
    label = "expected a function of `&{Self}`, or of `{Self}` where that is `Copy`",
    note = "`with = ..` names a function that takes each field of the variant, in order, and returns `steadfast::Class`"
)]
pub trait Pass<'a, P> {
    /// The field as argument.
    fn pass(&'a self) -> P;
}

impl<'a, A> Pass<'a, &'a A> for A {
    fn pass(&'a self) -> &'a A {
        self
    }
}

impl<'a, A: Copy> Pass<'a, A> for A {
    fn pass(&'a self) -> A {
        *self
    }
}

impl<'a> Pass<'a, &'a str> for String {
    fn pass(&'a self) -> &'a str {
        self
    }
}

impl<'a, T> Pass<'a, &'a [T]> for Vec<T> {
    fn pass(&'a self) -> &'a [T] {
        self
    }
}

impl<'a, T: ?Sized> Pass<'a, &'a T> for Box<T> {
    fn pass(&'a self) -> &'a T {
        self
    }
}

impl<'a, T: ?Sized> Pass<'a, &'a T> for Arc<T> {
    fn pass(&'a self) -> &'a T {
        self
    }
}

impl<'a, T> Pass<'a, Option<&'a T>> for Option<T> {
    fn pass(&'a self) -> Option<&'a T> {
        self.as_ref()
    }
}
