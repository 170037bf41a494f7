//! Every policy of the program: what it is, how it stands, and how it is steered.

pub(crate) mod duration;
pub(crate) mod keys;
mod managed;
mod value;

pub use self::managed::{Change, Count, Managed, Refusal, Setting, Steer};
pub use self::value::Value;
pub use crate::control::lasting::PolicyControl;

/// Of a [`Retry`](crate::Retry).
pub type RetryControl = PolicyControl<crate::retry::managed::Part>;

/// Of a [`Timeout`](crate::Timeout).
pub type TimeoutControl = PolicyControl<crate::timeout::managed::Part>;

/// Of a [`Hedge`](crate::Hedge).
pub type HedgeControl = PolicyControl<crate::hedge::managed::Part>;
