//! Where the body of an annotated function stands: the point at which a test may put a fault in its place.
//!
//! An expansion cannot know the features of this crate, so it says who it is by a macro of it. Without the feature
//! `testing` that is a value without size, and what it was told is not looked at.

#[cfg(feature = "testing")]
pub use crate::testing::site::Site;
#[cfg(not(feature = "testing"))]
pub use without::Site;

/// `site!(R, "payments")`: the function in which it stands, what it returns, and the names of its policies.
/// `site!(errors: R)` of an `R` that borrows, but for its error; `site!()` of one that nobody else can make. In brackets
/// stand types that its value and its error hold in others, which may be parameters of an `impl`.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_site {
    ($($function:tt)*) => {
        $crate::__private::Site::new()
    };
}

/// `site!(R, "payments")`: the function in which it stands, what it returns, and the names of its policies.
/// `site!(errors: R)` of an `R` that borrows, but for its error; `site!()` of one that nobody else can make. In brackets
/// stand types that its value and its error hold in others, which may be parameters of an `impl`.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_site {
    ($($name:literal),*) => {
        $crate::__private::Site::new(&|| {}, &[$($name),*], $crate::__private::Makes::<_, (), ()>::new().nothing())
    };
    (errors: $output:ty $([$($in_error:ty),*])? $(, $name:literal)*) => {
        $crate::__private::Site::new(&|| {}, &[$($name),*], {
            use $crate::__private::makes::*;
            (&&$crate::__private::Makes::<
                $output, (), ($($(::core::marker::PhantomData<$in_error>,)*)?)
            >::new()).errors()
        })
    };
    ($output:ty $([$($in_value:ty),*; $($in_error:ty),*])? $(, $name:literal)*) => {
        $crate::__private::Site::new(&|| {}, &[$($name),*], {
            use $crate::__private::makes::*;
            (&&&$crate::__private::Makes::<
                $output,
                ($($(::core::marker::PhantomData<$in_value>,)*)?),
                ($($(::core::marker::PhantomData<$in_error>,)*)?)
            >::new()).parts()
        })
    };
}

#[cfg(not(feature = "testing"))]
mod without {
    use core::marker::PhantomData;

    use crate::Flow;
    use crate::flow::{Call, call};

    /// Nothing.
    #[derive(Debug)]
    pub struct Site<R>(PhantomData<fn() -> R>);

    impl<R> Site<R> {
        /// Nothing.
        #[inline]
        #[expect(clippy::new_without_default, reason = "for expansions alone")]
        pub const fn new() -> Self {
            Self(PhantomData)
        }

        /// The innermost end of an async stack.
        #[inline]
        pub const fn call<F: Future<Output = R>, X>(self, body: F) -> Call<F, X> {
            call(body)
        }

        /// A body that runs once. Its closure is seen by the compiler as one that may give away what it captures.
        #[inline]
        pub fn once<X>(self, body: impl FnOnce() -> R) -> impl FnOnce() -> Flow<R, X> {
            || Flow::Returned(body())
        }

        /// A body that runs once an attempt. A closure that gives away what it captured is refused by the compiler
        /// here, at the variable.
        #[inline]
        pub fn repeatable<X>(self, mut body: impl FnMut() -> R) -> impl FnMut() -> Flow<R, X> {
            move || Flow::Returned(body())
        }
    }
}
