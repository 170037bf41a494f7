//! How expansions write the policies that they make: as a `static`, and with the feature `registry` also as an entry of
//! the list of all policies.
//!
//! ```text
//! policy!(static BULKHEAD: Bulkhead = VALUE)                 &'static Bulkhead
//! controlled!(static RETRY: Retry = VALUE)                   &'static Retry: settings may be put over those of VALUE
//! controlled!(RETRY: Retry = VALUE; KNOWN; "attempts")       Retry, made by each call. KNOWN is what is the same for all
//!                                                            calls, and stands in the list for all of them
//! ..!(.. ; in "7:12")                                        a copy of what a set declares, where its name stands there
//! listed!(PAYMENTS);                                         a policy that is made elsewhere
//! register!(PAYMENTS);                                       the same, if the user says so
//! ```
//!
//! The crate that is compiled decides, so that an expansion is the same whatever its features are. Entries are gathered
//! by the linker; where it cannot, the list has none.

#[cfg(feature = "registry")]
mod found;
#[cfg(all(
    feature = "registry",
    not(miri),
    any(
        target_os = "linux",
        target_os = "macos",
        target_os = "windows",
        target_os = "android",
        target_os = "ios",
        target_os = "tvos",
        target_os = "freebsd",
        target_os = "openbsd",
        target_os = "fuchsia",
        target_os = "illumos",
    )
))]
#[path = "declare/linked.rs"]
mod list;
#[cfg(not(all(
    feature = "registry",
    not(miri),
    any(
        target_os = "linux",
        target_os = "macos",
        target_os = "windows",
        target_os = "android",
        target_os = "ios",
        target_os = "tvos",
        target_os = "freebsd",
        target_os = "openbsd",
        target_os = "fuchsia",
        target_os = "illumos",
    )
)))]
#[path = "declare/plain.rs"]
mod list;

#[cfg(feature = "registry")]
pub use self::found::{Found, IsManaged, IsOther, IsReference};
pub use self::list::*;

/// Lists a policy that stands in a `static`, for the module `registry`; with the feature `registry`, and nothing without.
///
/// A `static` that an attribute names, as in `#[circuit_breaker(PAYMENTS)]`, is listed without it. What is not itself a
/// policy is said with a star, `register!(*MAILS)`: a reference to one, or a `LazyLock`, which is then made by whoever
/// first asks for the list; one whose making panics is left out. It stands where items or statements do.
///
/// ```
/// use steadfast::CircuitBreaker;
///
/// static MAILS: CircuitBreaker = CircuitBreaker::new().name("mails");
/// steadfast::register!(MAILS);
///
/// # #[cfg(feature = "registry")]
/// assert_eq!(steadfast::registry::find("mails").len(), 1);
/// ```
#[macro_export]
macro_rules! register {
    ($policy:expr $(,)?) => {
        $crate::__private::register!($policy);
    };
}
