//! Every policy of the program: what it is, how it stands, and how it is steered. With the feature `registry`.
//!
//! All policies of attributes are listed, from the start of the program, before their first call, and at no cost to it
//! or to calls. A policy that stands in a `static` of its own is listed where an attribute names it,
//! `#[circuit_breaker(PAYMENTS)]`, or where [`register!`](crate::register) does; one that is made while the program runs
//! is listed by [`register`].
//!
//! ```
//! use steadfast::registry;
//! use steadfast::{PolicyKind, circuit_breaker};
//!
//! #[circuit_breaker(failure_threshold = 3, name = "shipping")]
//! async fn ship() -> std::io::Result<()> {
//!     Ok(())
//! }
//!
//! for policy in registry::policies() {
//!     println!("{} `{}`: {:?}", policy.kind(), policy.name(), policy.state());
//! }
//!
//! // No call was made yet.
//! let shipping = &registry::find_kind("shipping", PolicyKind::CircuitBreaker)[0];
//! assert_eq!(shipping.state(), Some("closed"));
//! shipping.force_open();
//! assert_eq!(shipping.state(), Some("forced_open"));
//! ```
//!
//! The names of policies are the ones given, or the path of the function. A name that is given to two policies of one kind
//! means both: [`find`] gives both, and [`shared_names`] tells of it.
//!
//! Entries are gathered by the linker: on Linux, Android, macOS, iOS, tvOS, Windows, FreeBSD, OpenBSD, illumos and
//! Fuchsia. On others, as WebAssembly, and under Miri, only what was registered while the program runs is listed.

pub(crate) mod duration;
pub(crate) mod keys;
mod list;
mod made;
mod managed;
mod policy;
#[cfg(test)]
pub(crate) mod said;
#[cfg(feature = "serde")]
mod serialize;
mod snapshot;
#[cfg(test)]
pub(crate) mod table;
mod value;

pub use self::list::{SharedName, find, find_kind, policies, shared_names};
pub use self::made::{Registered, register};
#[cfg(feature = "config")]
pub(crate) use self::made::{let_go, policies as made_policies};
pub use self::managed::{Change, Count, Managed, Refusal, Setting, Steer, Trouble};
pub use self::policy::Policy;
pub use self::snapshot::{PolicySnapshot, Snapshot, snapshot};
pub use self::value::Value;
pub use crate::control::lasting::PolicyControl;

/// Of a [`Retry`](crate::Retry).
pub type RetryControl = PolicyControl<crate::retry::managed::Part>;

/// Of a [`Timeout`](crate::Timeout).
pub type TimeoutControl = PolicyControl<crate::timeout::managed::Part>;

/// Of a [`Hedge`](crate::Hedge).
pub type HedgeControl = PolicyControl<crate::hedge::managed::Part>;
