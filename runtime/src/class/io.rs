//! What `std::io::Error` says, and how it takes a rejection in.

use std::io::{Error, ErrorKind};

use super::chain::known_cause;
use super::{Class, Classify};
use crate::{Rejection, RejectionKind};

/// By its inner error where the crate knows that one or a cause of it (a [`Rejection`] comes back as what it was), then
/// by its kind.
///
/// | kind | class |
/// | --- | --- |
/// | `NotFound`, `PermissionDenied`, `AlreadyExists`, `InvalidInput`, `InvalidData`, `InvalidFilename`, `ArgumentListTooLong`, `NotADirectory`, `IsADirectory`, `DirectoryNotEmpty`, `ReadOnlyFilesystem`, `CrossesDevices`, `TooManyLinks`, `FileTooLarge`, `NotSeekable`, `Unsupported` | permanent |
/// | any other: connections, networks, timeouts, interruptions, what is busy | transient |
impl Classify for Error {
    fn class(&self) -> Class {
        // `source` would pass over the inner error itself.
        self.get_ref().and_then(|inner| known_cause(inner)).unwrap_or_else(|| by_kind(self.kind()))
    }
}

fn by_kind(kind: ErrorKind) -> Class {
    match kind {
        ErrorKind::NotFound
        | ErrorKind::PermissionDenied
        | ErrorKind::AlreadyExists
        | ErrorKind::InvalidInput
        | ErrorKind::InvalidData
        | ErrorKind::InvalidFilename
        | ErrorKind::ArgumentListTooLong
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::DirectoryNotEmpty
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::CrossesDevices
        | ErrorKind::TooManyLinks
        | ErrorKind::FileTooLarge
        | ErrorKind::NotSeekable
        | ErrorKind::Unsupported => Class::Permanent,
        _ => Class::TRANSIENT,
    }
}

/// Kept as the inner error; the kind is `TimedOut` for a timeout, `ResourceBusy` for the others.
impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        let kind = match rejection.kind() {
            RejectionKind::Timeout => ErrorKind::TimedOut,
            RejectionKind::CircuitOpen | RejectionKind::BulkheadFull | RejectionKind::RateLimited => {
                ErrorKind::ResourceBusy
            }
        };
        Self::new(kind, rejection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;

    #[test]
    fn a_rejection_comes_back_as_it_was() {
        for kind in [RejectionKind::Timeout, RejectionKind::CircuitOpen, RejectionKind::RateLimited] {
            let rejection = Rejection::new(kind, Name::given("payments"));
            let error = Error::from(rejection);
            assert_eq!(error.class(), rejection.class());
            assert_eq!(error.get_ref().and_then(|inner| inner.downcast_ref()), Some(&rejection));
            let twice = Error::new(ErrorKind::NotFound, error);
            assert_eq!(twice.class(), rejection.class());
        }
    }

    #[test]
    fn otherwise_the_kind_decides() {
        let cases = [
            (Error::from(ErrorKind::ConnectionReset), Class::TRANSIENT),
            (Error::from(ErrorKind::PermissionDenied), Class::Permanent),
            (Error::other("unknown"), Class::TRANSIENT),
            (Error::new(ErrorKind::InvalidData, "not JSON"), Class::Permanent),
        ];
        for (error, expected) in cases {
            assert_eq!(error.class(), expected, "{error:?}");
        }
    }
}
