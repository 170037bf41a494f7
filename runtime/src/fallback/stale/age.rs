//! How old an answer may be, where that is a constant: `stale = MAX_AGE`.

use core::time::Duration;

/// What says how old an answer may be; a shared policy would be named in another form.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no `Duration`",
    label = "expected a `Duration`; a shared `StaleFallback` stands in parentheses, `stale(..)`"
)]
pub trait MaxAge {
    /// As a duration.
    fn max_age(&self) -> Duration;
}

#[diagnostic::do_not_recommend]
impl MaxAge for Duration {
    #[inline]
    fn max_age(&self) -> Duration {
        *self
    }
}

/// How old an answer may be.
#[inline]
pub fn max_age(max_age: &impl MaxAge) -> Duration {
    max_age.max_age()
}
