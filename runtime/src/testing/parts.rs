//! What a fault can put into the return type of a function, found by the shape of that type.
//!
//! `(&&&Makes::<R>::new()).parts()` picks the first rung that fits, since method lookup tries fewer references later. What a
//! fault makes is `'static`, which that lookup does not see: a type parameter would be picked, and then be an error. So the
//! rungs ask for `Unpin` too, which holds for nearly all types and for no parameter that does not say so. A pointer is
//! `Unpin` whatever it points to, so they ask it of what the type holds in others as well: `V` in its value, `H` in its
//! error.

use core::any::{Any, type_name};
use core::fmt;
use core::marker::PhantomData;

/// What a fault has made.
pub(super) struct Made {
    pub(super) kind: Kind,
    pub(super) value: Box<dyn Any>,
    pub(super) type_name: &'static str,
}

/// What it is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Value,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "an injected error",
            Self::Value => "an injected value",
        })
    }
}

type Put<R> = fn(Box<dyn Any>) -> Option<R>;

/// How an `R` is made of what a fault has made; nothing where it cannot be.
pub struct Parts<R> {
    error: Option<Put<R>>,
    value: Option<Put<R>>,
}

impl<R> Parts<R> {
    pub(super) fn can_take(&self, kind: Kind) -> bool {
        self.of(kind).is_some()
    }

    pub(super) fn put(&self, made: Made) -> Option<R> {
        self.of(made.kind)?(made.value)
    }

    fn of(&self, kind: Kind) -> Option<Put<R>> {
        match kind {
            Kind::Error => self.error,
            Kind::Value => self.value,
        }
    }
}

impl<R> fmt::Debug for Parts<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("of", &type_name::<R>()).finish_non_exhaustive()
    }
}

/// Asks how an `R` can be made.
#[derive(Debug)]
pub struct Makes<R, V, H>(PhantomData<fn() -> (R, V, H)>);

impl<R, V, H> Clone for Makes<R, V, H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, V, H> Copy for Makes<R, V, H> {}

impl<R, V, H> Makes<R, V, H> {
    /// Asks.
    #[expect(clippy::new_without_default, reason = "for expansions alone")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    /// It cannot be.
    pub const fn nothing(&self) -> Parts<R> {
        Parts { error: None, value: None }
    }
}

fn error<T, E: 'static>(made: Box<dyn Any>) -> Option<Result<T, E>> {
    made.downcast().ok().map(|error| Err(*error))
}

fn whole<R: 'static>(made: Box<dyn Any>) -> Option<R> {
    made.downcast().ok().map(|value| *value)
}

fn success<T: 'static, E: 'static>(made: Box<dyn Any>) -> Option<Result<T, E>> {
    made.downcast().map_or_else(whole, |value| Some(Ok(*value)))
}

/// The methods of [`Makes`], without names that could meet the user's.
pub mod makes {
    pub use super::{ErrorsOf as _, Fixed as _, ResultOf as _, ValueOf as _};
}

/// A `Result`, whole.
pub trait ResultOf {
    /// What it returns.
    type Output;
    /// How it is made.
    fn parts(&self) -> Parts<Self::Output>;
}

impl<T: Unpin + 'static, E: Unpin + 'static, V: Unpin, H: Unpin> ResultOf for &&Makes<Result<T, E>, V, H> {
    type Output = Result<T, E>;
    fn parts(&self) -> Parts<Self::Output> {
        Parts { error: Some(error), value: Some(success) }
    }
}

/// A `Result` of which only the error can be made.
pub trait ErrorsOf {
    /// What it returns.
    type Output;
    /// How it is made.
    fn parts(&self) -> Parts<Self::Output>;
    /// The same, where no more is asked.
    fn errors(&self) -> Parts<Self::Output>;
}

impl<T, E: Unpin + 'static, V, H: Unpin> ErrorsOf for &Makes<Result<T, E>, V, H> {
    type Output = Result<T, E>;
    fn parts(&self) -> Parts<Self::Output> {
        Parts { error: Some(error), value: None }
    }
    fn errors(&self) -> Parts<Self::Output> {
        Parts { error: Some(error), value: None }
    }
}

/// Any other type, whole.
pub trait ValueOf {
    /// What it returns.
    type Output;
    /// How it is made.
    fn parts(&self) -> Parts<Self::Output>;
}

impl<R: Unpin + 'static, V: Unpin, H: Unpin> ValueOf for Makes<R, V, H> {
    type Output = R;
    fn parts(&self) -> Parts<R> {
        Parts { error: None, value: Some(whole) }
    }
}

/// What cannot be made.
pub trait Fixed: Sized {
    /// What it returns.
    type Output;
    /// How it is made.
    fn parts(self) -> Parts<Self::Output>;
    /// The same.
    fn errors(self) -> Parts<Self::Output>;
}

impl<R, V, H> Fixed for Makes<R, V, H> {
    type Output = R;
    fn parts(self) -> Parts<R> {
        self.nothing()
    }
    fn errors(self) -> Parts<R> {
        self.nothing()
    }
}

#[cfg(test)]
mod tests {
    use super::makes::*;
    use super::*;

    macro_rules! can {
        ($output:ty $(, [$($in_value:ty),*; $($in_error:ty),*])?) => {{
            let parts = (&&&Makes::<
                $output, ($($(PhantomData<$in_value>,)*)?), ($($(PhantomData<$in_error>,)*)?)
            >::new()).parts();
            (parts.can_take(Kind::Error), parts.can_take(Kind::Value))
        }};
    }

    #[test]
    fn each_type_finds_its_rung() {
        assert_eq!(can!(Result<u32, String>), (true, true));
        assert_eq!(can!(std::io::Result<()>), (true, true));
        assert_eq!(can!(Option<u32>), (false, true));
        assert_eq!(can!(Box<dyn std::error::Error + Send + Sync>), (false, true));
        assert_eq!(can!(()), (false, true));
    }

    #[test]
    fn a_parameter_is_no_error_and_cannot_be_made() {
        fn generic<T, E>() -> [(bool, bool); 4] {
            [can!(Result<T, E>), can!(Result<Vec<T>, String>), can!(Option<T>), can!(Result<u32, E>)]
        }
        assert_eq!(generic::<u32, String>(), [(false, false), (true, false), (false, false), (false, false)]);
    }

    #[test]
    fn nor_behind_a_pointer() {
        fn generic<T, E>() -> [(bool, bool); 4] {
            [
                can!(Result<Vec<Box<T>>, String>, [T;]),
                can!(Result<u32, Box<E>>, [; E]),
                can!(Option<Box<T>>, [T;]),
                can!(Result<std::rc::Rc<T>, Box<E>>, [T; E]),
            ]
        }
        assert_eq!(generic::<u32, String>(), [(true, false), (false, false), (false, false), (false, false)]);
        assert_eq!(can!(Result<std::sync::Arc<str>, Box<String>>, [str; String]), (true, true));
    }

    #[test]
    #[expect(clippy::needless_borrow, reason = "as in an expansion")]
    fn of_what_borrows_the_error_can_be_made() {
        fn borrows<'a>(_of: &'a str) -> (bool, bool) {
            let parts = (&&Makes::<Result<&'a str, String>, (), ()>::new()).errors();
            (parts.can_take(Kind::Error), parts.can_take(Kind::Value))
        }
        assert_eq!(borrows("x"), (true, false));
        assert!(!(&&Makes::<Option<&str>, (), ()>::new()).errors().can_take(Kind::Value));
    }
}
