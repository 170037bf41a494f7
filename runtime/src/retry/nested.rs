//! A retry beneath a retry.

/// What a retry does where it runs, in the same task, within an attempt of another retry of this crate.
///
/// ```
/// use std::cell::Cell;
/// use steadfast::{Backoff, Nested, Retry};
///
/// let retry = Retry::new().attempts(3).backoff(Backoff::NONE);
/// let runs = |nested| {
///     let runs = Cell::new(0);
///     let body = || {
///         runs.set(runs.get() + 1);
///         Err::<(), _>("down".to_owned())
///     };
///     let outcome = retry.call_blocking(|| retry.nested(nested).call_blocking(|| retry.nested(nested).call_blocking(body)));
///     assert!(outcome.is_err());
///     runs.get()
/// };
/// assert_eq!(runs(Nested::Multiply), 27);
/// assert_eq!(runs(Nested::Once), 3);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Nested {
    /// It has all its attempts, each time: with three of each, three levels make 27 calls.
    #[default]
    Multiply,
    /// It makes one attempt and leaves it to the outermost retry to call again.
    Once,
}
