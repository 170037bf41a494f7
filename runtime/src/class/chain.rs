//! Errors of which only the chain of causes is known: boxed ones, and those of `anyhow` and `eyre`.

use core::error::Error;
use std::io;

use super::{Class, Classify};
use crate::Rejection;

/// The class of the first cause in the chain that the crate knows.
pub(super) fn known_cause(error: &(dyn Error + 'static)) -> Option<Class> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rejection) = error.downcast_ref::<Rejection>() {
            return Some(rejection.class());
        }
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(error.class());
        }
        next = error.source();
    }
    None
}

macro_rules! by_chain {
    ($($error:ty),*) => {$(
        /// The class of the first cause in the chain that the crate knows, a [`Rejection`] or an [`io::Error`];
        /// transient where there is none.
        impl Classify for $error {
            fn class(&self) -> Class {
                known_cause(self).unwrap_or(Class::TRANSIENT)
            }
        }
    )*};
}

by_chain!(dyn Error + 'static, dyn Error + Send + 'static, dyn Error + Send + Sync + 'static);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RejectionKind;
    use crate::name::Name;

    #[derive(Debug, thiserror::Error)]
    #[error("while it did something")]
    struct Context(#[source] Box<dyn Error + Send + Sync>);

    #[test]
    fn the_first_known_cause_decides() {
        let open = Rejection::new(RejectionKind::CircuitOpen, Name::UNNAMED);
        let boxed: Box<dyn Error + Send + Sync> = Box::new(Context(Box::new(Context(open.into()))));
        assert_eq!(boxed.class(), Class::Neutral);

        let boxed: Box<dyn Error> = Box::new(Context(io::Error::from(io::ErrorKind::NotFound).into()));
        assert_eq!(boxed.class(), Class::Permanent);

        let boxed: Box<dyn Error + Send> = Box::new(Context("no more is known".into()));
        assert_eq!(boxed.class(), Class::TRANSIENT);
    }
}
