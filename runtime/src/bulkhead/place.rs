//! A place that is held.

use core::fmt;

use super::Bulkhead;

/// A place in a bulkhead, from [`Bulkhead::try_acquire`]; dropped, it is free for the next.
#[must_use = "a place that is dropped is free for the next"]
pub struct Place<'b>(&'b Bulkhead);

impl<'b> Place<'b> {
    /// Of one who has just entered.
    #[inline]
    pub(super) fn taken(bulkhead: &'b Bulkhead) -> Self {
        bulkhead.count_admitted();
        Self(bulkhead)
    }
}

impl Drop for Place<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(self.0).finish()
    }
}
