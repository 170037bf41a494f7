//! Where the body of an annotated function stands: the point at which a test may put a fault in its place.
//!
//! An expansion cannot know the features of this crate, so it says who it is by a macro of it. Without the feature
//! `testing` that is a value without size, and what it was told is not looked at.

#[cfg(feature = "testing")]
pub use crate::testing::site::{Site, body};
#[cfg(not(feature = "testing"))]
pub use without::{Site, body};

/// `site!(R, "payments")`: the function in which it stands, what it returns, and the names of its policies.
/// `site!(errors: R)` of an `R` that borrows, but for its error; `site!()` of one that nobody else can make.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_site {
    ($($function:tt)*) => {
        $crate::__private::Site::new()
    };
}

/// `site!(R, "payments")`: the function in which it stands, what it returns, and the names of its policies.
/// `site!(errors: R)` of an `R` that borrows, but for its error; `site!()` of one that nobody else can make.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_site {
    ($($name:literal),*) => {
        $crate::__private::Site::new(&|| {}, &[$($name),*], $crate::__private::Makes::new().nothing())
    };
    (errors: $output:ty $(, $name:literal)*) => {
        $crate::__private::Site::new(&|| {}, &[$($name),*], {
            use $crate::__private::makes::*;
            (&&$crate::__private::Makes::<$output>::new()).errors()
        })
    };
    ($output:ty $(, $name:literal)*) => {
        $crate::__private::Site::new(&|| {}, &[$($name),*], {
            use $crate::__private::makes::*;
            (&&&$crate::__private::Makes::<$output>::new()).parts()
        })
    };
}

#[cfg(not(feature = "testing"))]
mod without {
    use core::marker::PhantomData;

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

        #[inline]
        #[expect(clippy::unused_self, reason = "as with faults")]
        pub(crate) fn run(&self, body: impl FnOnce() -> R) -> R {
            body()
        }
    }

    /// The innermost end of an async stack.
    #[inline]
    pub const fn body<F: Future, X>(_site: Site<F::Output>, body: F) -> Call<F, X> {
        call(body)
    }
}
