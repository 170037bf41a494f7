//! With a list of all policies, which the linker makes: nothing runs before `main`, nor at a call.

pub use linkme;

pub use crate::{
    __steadfast_control as control, __steadfast_controlled as controlled, __steadfast_entry as entry,
    __steadfast_listed as listed, __steadfast_policy as policy, __steadfast_register as register,
};

use crate::hook;
use crate::registry::{HedgeControl, Managed, RetryControl, TimeoutControl};
use crate::{Hedge, Retry, Timeout};

/// A policy that is its settings, over which others may be put.
pub trait Controlled {
    /// What holds those.
    type Control: 'static;
}

impl Controlled for Retry {
    type Control = RetryControl;
}

impl Controlled for Timeout {
    type Control = TimeoutControl;
}

impl Controlled for Hedge {
    type Control = HedgeControl;
}

/// A policy of the list.
pub struct Entry {
    /// It, where there is one: a function, since what is named by a path may be no policy.
    pub policy: fn() -> Option<&'static dyn Managed>,
    /// Where its name stands in a set, of which each function has a copy of it; empty where it is of no set.
    pub set: &'static str,
}

/// All entries of the program, in no order; a policy that several functions share may have several.
#[linkme::distributed_slice]
pub static ENTRIES: [Entry];

/// A policy of the user's.
pub fn registered<P: Managed>(policy: &'static P) -> &'static dyn Managed {
    policy
}

/// Without those whose making panics, as that of a `LazyLock` may, and then does whenever it is asked for.
pub(crate) fn entries() -> impl Iterator<Item = (&'static dyn Managed, &'static str)> {
    ENTRIES.iter().filter_map(|entry| Some((hook::caught(entry.policy).flatten()?, entry.set)))
}

#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_entry {
    ($entry:expr) => {
        $crate::__private::entry!($entry, "");
    };
    ($entry:expr, $set:literal) => {
        const _: () = {
            #[$crate::__private::linkme::distributed_slice($crate::__private::ENTRIES)]
            #[linkme(crate = $crate::__private::linkme)]
            static __STEADFAST_ENTRY: $crate::__private::Entry = $crate::__private::Entry { policy: $entry, set: $set };
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_policy {
    (static $item:ident: $ty:ty = $value:expr $(; in $set:literal)?) => {{
        static $item: $ty = $value;
        $crate::__private::entry!(|| ::core::option::Option::Some(&$item) $(, $set)?);
        &$item
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_controlled {
    (static $item:ident: $ty:ty = $value:expr $(; $($varying:literal),+)? $(; in $set:literal)?) => {{
        $crate::__private::control!(__STEADFAST_CONTROL: $ty; $($($varying),+)?);
        static $item: $ty = $value.controlled(&__STEADFAST_CONTROL);
        $crate::__private::entry!(|| ::core::option::Option::Some(&$item) $(, $set)?);
        &$item
    }};
    ($item:ident: $ty:ty = $value:expr; $known:expr; $($varying:literal),* $(; in $set:literal)?) => {
        $value.controlled({
            $crate::__private::control!(__STEADFAST_CONTROL: $ty; $($varying),*);
            static $item: $ty = $known.controlled(&__STEADFAST_CONTROL);
            $crate::__private::entry!(|| ::core::option::Option::Some(&$item) $(, $set)?);
            &__STEADFAST_CONTROL
        })
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_control {
    ($item:ident: $ty:ty; $($varying:literal),*) => {
        static $item: <$ty as $crate::__private::Controlled>::Control =
            <$ty as $crate::__private::Controlled>::Control::new().varying(&[$($varying),*]);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_register {
    ($policy:expr) => {
        $crate::__private::entry!(|| ::core::option::Option::Some($crate::__private::registered(&$policy)));
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_listed {
    ($policy:expr) => {
        $crate::__private::entry!(|| {
            use $crate::__private::{IsManaged as _, IsOther as _, IsReference as _};
            (&&&$crate::__private::Found(&$policy)).entry()
        });
    };
}
