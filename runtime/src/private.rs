//! What expansions call. Not for others: it changes without notice.

pub use crate::absorb::{ErrorFromRejection, FromError, FromRejection, absorb, absorb_with, error};
pub use crate::body::{answered, once, repeatable};
pub use crate::cause::{Cause, pass};
pub use crate::circuit_breaker::layer::{Around, By, ByClass, Judge, Layer, When, circuit_breaker};
pub use crate::fallback::{Fails, fallback, fallback_error, fallback_error_with, fallback_returned_error};
pub use crate::filter::{convert, hint, hint_of, hinted, holds, tag, when};
pub use crate::flow::{Call, call, returned};
pub use crate::handle::{DetachedHandle, Handle, detached_handle, handle};
pub use crate::outcome::{IntoHint, Outcome};
pub use crate::retry::{Attempt, Curve, Delay, Next, Run, retry};
pub use crate::timeout::{Layer as TimeoutLayer, Limit, Timed, limit, timeout};

/// The methods of [`Outcome`] and [`Cause`], without names that could meet the user's.
pub mod by_class {
    pub use crate::cause::{ByDefault as _, ByItself as _, ByTarget as _};
    pub use crate::outcome::{ByDefault as _, ByItself as _, ByTarget as _, ByVariant as _};
}
