//! A setting as text says it.

/// A value of a setting, as an attribute or a configuration says it: durations as in `"250ms"`, a backoff as in
/// `"exponential(100ms, factor = 2.0)"`, what was not set and has no default is not there at all.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// `true` or `false`.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Anything else.
    Text(String),
}
