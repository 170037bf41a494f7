//! Loom's atomics and locks in a form that is `const` to make: each keeps its first value, and becomes one of loom's when
//! it is first touched.
//!
//! That is in the model, on the thread that sets it up: loom takes an atomic that another thread comes to before it knows
//! of its making for a race, and says so.

use core::mem::ManuallyDrop;
use core::ops::Deref;
use std::sync::Mutex as Plain;

use loom::sync::atomic;

use super::Ordering::{Acquire, Release};

macro_rules! atomics {
    ($($name:ident of $number:ty),*) => {$(
        #[derive(Debug)]
        pub(crate) struct $name {
            first: $number,
            // Without a `Drop`, so that a setting can take the place of another in a `const fn`.
            made: ManuallyDrop<std::sync::OnceLock<atomic::$name>>,
        }

        impl $name {
            pub(crate) const fn new(first: $number) -> Self {
                Self { first, made: ManuallyDrop::new(std::sync::OnceLock::new()) }
            }

            /// Becomes one of loom's now.
            pub(crate) fn touch(&self) -> &atomic::$name {
                self.made.get_or_init(|| atomic::$name::new(self.first))
            }
        }

        impl Deref for $name {
            type Target = atomic::$name;

            fn deref(&self) -> &Self::Target {
                self.touch()
            }
        }
    )*};
}

atomics!(AtomicU32 of u32, AtomicU64 of u64, AtomicI64 of i64);

#[derive(Debug)]
pub(crate) struct Mutex<T> {
    first: Plain<Option<T>>,
    made: std::sync::OnceLock<loom::sync::Mutex<T>>,
}

impl<T> Mutex<T> {
    pub(crate) const fn new(first: T) -> Self {
        Self { first: Plain::new(Some(first)), made: std::sync::OnceLock::new() }
    }
}

impl<T> Deref for Mutex<T> {
    type Target = loom::sync::Mutex<T>;

    fn deref(&self) -> &Self::Target {
        let first = || self.first.lock().unwrap().take().expect("it is made once");
        self.made.get_or_init(|| loom::sync::Mutex::new(first()))
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// Loom has none. Who has not heard of the value finds none, as with that of the standard library.
#[derive(Debug)]
pub(crate) struct OnceLock<T> {
    is_made: AtomicU32,
    making: Mutex<()>,
    value: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    pub(crate) const fn new() -> Self {
        Self { is_made: AtomicU32::new(0), making: Mutex::new(()), value: std::sync::OnceLock::new() }
    }

    pub(crate) fn touch(&self) {
        self.is_made.touch();
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if self.is_made.load(Acquire) == 1 { self.value.get() } else { None }
    }

    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let _making = self.making.lock().unwrap();
        let value = self.value.get_or_init(make);
        self.is_made.store(1, Release);
        value
    }
}
