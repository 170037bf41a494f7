//! Without a list of all policies: nothing but the `static`.

pub use crate::{
    __steadfast_controlled as controlled, __steadfast_listed as listed, __steadfast_policy as policy,
    __steadfast_register as register,
};

#[cfg(feature = "registry")]
pub(crate) fn entries() -> impl Iterator<Item = (&'static dyn crate::registry::Managed, &'static str)> {
    core::iter::empty()
}

#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_policy {
    (static $item:ident: $ty:ty = $value:expr $(; in $set:literal)?) => {{
        static $item: $ty = $value;
        &$item
    }};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_controlled {
    (static $item:ident: $ty:ty = $value:expr $(; $($varying:literal),+)? $(; in $set:literal)?) => {{
        static $item: $ty = $value;
        &$item
    }};
    ($item:ident: $ty:ty = $value:expr; $known:expr; $($varying:literal),* $(; in $set:literal)?) => {
        $value
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_register {
    ($policy:expr) => {
        const _: fn() = || {
            let _ = &$policy;
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __steadfast_listed {
    ($policy:expr) => {};
}
