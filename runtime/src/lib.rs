//! Attributes that make a function resilient: one line above it, the body, the signature and the callers unchanged.
//!
//! ```
//! use std::time::Duration;
//! use steadfast::{Rejection, circuit_breaker, fallback, retry, timeout};
//!
//! #[derive(Debug, thiserror::Error)]
//! enum Error {
//!     #[error("connection lost")]
//!     Connection,
//!     #[error(transparent)]
//!     Rejected(#[from] Rejection),
//! }
//!
//! #[fallback(Ok(format!("a cached price of {item}")))]          // the last resort
//! #[timeout("10s")]                                              // the total: attempts and delays
//! #[retry(attempts = 4, backoff = exponential("100ms"))]
//! #[circuit_breaker(failure_threshold = 3, reset_timeout = "30s")]
//! #[timeout("2s")]                                               // each attempt
//! async fn price(item: &str) -> Result<String, Error> {
//!     match steadfast::attempt() {
//!         1 => Err(Error::Connection),
//!         2 => std::future::pending().await,
//!         _ => Ok(format!("the price of {item}")),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Error> {
//! // Lost at first, then late, and then there.
//! assert_eq!(price("tea").await?, "the price of tea");
//! # Ok(())
//! # }
//! ```
//!
//! Attributes wrap in the order in which they are written: the first is outermost. Any of them may appear more than
//! once, on an `async fn` or a `fn`, free or a method, in a trait or not. A call that succeeds at once takes no lock,
//! reads no clock and allocates nothing, unless its policy cannot work without. Calls that are cancelled, panic, come
//! late or never end leave every policy usable.
//!
//! # Policies
//!
//! | attribute | value | what it does |
//! | --- | --- | --- |
//! | [`#[retry]`](macro@retry) | [`Retry`] | calls again what failed, after a delay |
//! | [`#[circuit_breaker]`](macro@circuit_breaker) | [`CircuitBreaker`], one per key: [`Keyed`] | stops asking a dependency that is down |
//! | [`#[bulkhead]`](macro@bulkhead) | [`Bulkhead`], one per key: [`Keyed`] | lets only so many calls run at once |
//! | [`#[rate_limit]`](macro@rate_limit) | [`RateLimit`], one per key: [`Keyed`] | lets so many calls pass in a time |
//! | [`#[timeout]`](macro@timeout) | [`Timeout`], [`PercentileTimeout`] | drops a call that takes too long |
//! | [`#[hedge]`](macro@hedge) | [`Hedge`] | starts another call when the first is late, and takes the better |
//! | [`#[fallback]`](macro@fallback) | with the last success: [`StaleFallback`] | answers in place of what failed |
//! | [`#[outcome]`](macro@outcome) | | says for all of them what a failure is |
//!
//! The page of each attribute lists its arguments. This order is the one to begin with: fallback, total timeout, retry,
//! hedge, circuit breaker, rate limit, bulkhead, timeout per attempt.
//!
//! # Failures
//!
//! What an error says of itself, it says once for all policies, by [`Classify`]: its [`Class`] is transient, throttled,
//! permanent or neutral, and transient where it says nothing. For one function `on`, `ignore` and `when` decide first.
//!
//! Within a stack a call is either returned by the function or rejected by a policy; a [`Flow`] is one of both. A
//! [`Rejection`] that nobody handles becomes the function's error, by `E: From<Rejection>` or the argument `error`. It
//! knows its [kind](RejectionKind), the name of the policy, how long to wait, and the HTTP status or gRPC code to
//! answer with.
//!
//! # Within a call
//!
//! [`attempt`] tells the body which attempt it is in; [`deadline`] and [`remaining`] tell it how long anybody will
//! wait. [`parse_retry_after`] reads the header of that name. A [`Deadline`] carries the deadline into other tasks and
//! threads, to servers, and from clients.
//!
//! # Without attributes
//!
//! The policies are plain values with the same names and defaults, and can be made in a `const`:
//!
//! ```
//! use std::time::Duration;
//! use steadfast::{CircuitBreaker, Rejection, Retry, State, Timeout};
//!
//! static RETRY: Retry = Retry::new().attempts(4);
//! static LIMIT: Timeout = Timeout::new(Duration::from_secs(2));
//! static PAYMENTS: CircuitBreaker =
//!     CircuitBreaker::new().name("payments").failure_threshold(5).reset_timeout(Duration::from_secs(30));
//!
//! async fn pay(amount: u32) -> Result<u32, Rejection> {
//!     RETRY.call(|| PAYMENTS.call(LIMIT.call(async move { Ok(amount) }))).await
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! assert_eq!(pay(3).await, Ok(3));
//! assert_eq!(PAYMENTS.state(), State::Closed);
//! # }
//! ```
//!
//! `call` gives a `Result<T, E>` with `E: From<Rejection>`, `try_call` the [`Flow`], `call_blocking` is for what
//! blocks. The errors are [`Classify`], for which an empty `impl` will do, or a predicate decides: [`Retry::when`],
//! [`CircuitBreaker::when`]. Hooks that a value keeps are function pointers, to which closures coerce that capture
//! nothing. A value can also stand in an attribute: `#[circuit_breaker(PAYMENTS)]`, `#[retry(RETRY)]`.
//!
//! A [`RetryBudget`] is shared by retries of any kind: `#[retry(budget = BUDGET)]`, [`Retry::budget`]. It bounds what they
//! add to the load of a dependency that is down.
//!
//! A breaker is read and steered by [`state`](CircuitBreaker::state), [`counts`](CircuitBreaker::counts),
//! [`force_open`](CircuitBreaker::force_open), [`force_closed`](CircuitBreaker::force_closed) and
//! [`reset`](CircuitBreaker::reset), a bulkhead by [`running`](Bulkhead::running), [`waiting`](Bulkhead::waiting) and the
//! same three, a rate limit by [`available`](RateLimit::available), [`waiting`](RateLimit::waiting),
//! [`rejected`](RateLimit::rejected) and [`reset`](RateLimit::reset), a timeout that follows recent latencies by
//! [`limit`](PercentileTimeout::limit) and [`percentile`](PercentileTimeout::percentile).
//! What a [`StaleFallback`] has kept is counted by
//! [`len`](StaleFallback::len) and forgotten by [`remove`](StaleFallback::remove) and [`clear`](StaleFallback::clear).
//!
//! # Watching
//!
//! [`observe`] takes a listener that is told every decision of every policy: [`telemetry`] lists them, and what the features
//! make of them.
//!
//! # Runtime
//!
//! What waits in an async function needs a tokio runtime with time enabled; tokio panics without one. All times come
//! from tokio's clock, so `tokio::time::pause` and `advance` drive every policy.
//!
//! # Settings at run time
//!
//! With the feature `registry` every setting can be changed while the program runs, by the names that it has in the
//! attribute, and every policy can be switched off, `enabled = false`: it lets calls pass as though it were not there, and
//! makes no events. What is wrong is refused as in an attribute, all of it at once, and then nothing changes. A change
//! takes effect on the next call, whole, and keeps what a policy has counted; taken back, the settings are those of the
//! attribute again.
//!
//! | policy | settings | under way |
//! | --- | --- | --- |
//! | [`Retry`] | `attempts`, `backoff`, `jitter`, `max_delay`, `max_duration`, `rejections`, `nested` | goes by what is in force when it decides; `nested` from the next call |
//! | [`Timeout`] | `limit`, or `none` | keeps the limit that it began with |
//! | [`PercentileTimeout`] | `share`, `factor`, `min`, `max`, `min_calls`; `window` is shown alone | keeps the limit that it began with |
//! | [`Hedge`] | `after`, `attempts` | goes by what was in force when it first waited or failed |
//! | [`StaleFallback`] | `stale`, `max_keys` | goes by what is in force when it ends |
//! | [`RetryBudget`] | `ratio`, `min_per_second`, `window` | |
//!
//! All of them have `enabled` and `critical` as well. Switched off, a `#[fallback(ANSWER)]` still answers for rejections:
//! there may be no value of the function's type to return otherwise. A retry, timeout or hedge is a value that is copied,
//! so that one without an attribute is given what lasts of it, `controlled(&CONTROL)`; the others are changed as they are.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `metrics`: what the policies count, through the facade of the crate `metrics`: [`telemetry`] lists the names.
//! - `config`: the module `config`, settings from a TOML file and environment variables over those of the attributes.
//! - `watch`: the same again whenever the file changes.
//! - `tracing`: decisions as events of `tracing`, attempts as spans; see [`telemetry`].
//! - `registry`: the module `registry`, in which every policy of the program is listed, steered and changed, and
//!   `health()`, which tells from them whether it can do its work.
//! - `serde`: what these two tell can be serialised; it brings `registry`.
//! - `page`: the module `page`, a router of axum with a page that shows every policy live; it brings `registry`, `serde` and
//!   `metrics`, for their counts.
//! - `testing`: the module `testing`, for tests of code that uses this crate: faults in annotated functions, by name and
//!   for one test alone, what the policies decided, seeded randomness, and delays of sync functions that take no time.

mod absorb;
mod body;
mod bulkhead;
mod cause;
mod circuit_breaker;
mod class;
mod clock;
mod control;
mod deadline;
mod declare;
mod event;
mod fallback;
mod filter;
mod flow;
mod handle;
mod hedge;
mod hook;
mod judge;
mod key;
mod keyed;
#[cfg(steadfast_loom)]
mod models;
mod name;
mod outcome;
mod percentile;
mod random;
mod rate_limit;
mod rejection;
mod retry;
mod retry_after;
mod scope;
mod site;
mod sleeper;
mod sync;
#[cfg(feature = "registry")]
mod tally;
mod time;
mod timeout;
mod trace;
mod wake;
#[cfg(test)]
mod woken;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(feature = "config")]
pub mod config;
#[cfg(feature = "registry")]
pub mod health;
#[cfg(feature = "page")]
pub mod page;
#[cfg(feature = "registry")]
pub mod registry;
#[doc = include_str!("../docs/telemetry.md")]
pub mod telemetry {}
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(feature = "testing")]
pub mod testing;

pub use bulkhead::{Bulkhead, BulkheadLimits, Place};
pub use circuit_breaker::{Abandoned, Calls, CircuitBreaker, Counts, Permit, Reason, State, StateChange, Window};
pub use class::{Class, Classify};
pub use deadline::{Deadline, DeadlineScope, ParseDeadlineError};
pub use event::observe::{Observer, observe};
pub use event::{Cause, Decision, Event, PolicyKind};
pub use fallback::stale::{StaleCalls, StaleEvent, StaleFallback};
pub use flow::{Failure, Flow};
#[cfg(feature = "registry")]
pub use health::health;
pub use hedge::{Hedge, HedgeWhen};
pub use key::{Key, KeyBytes};
pub use keyed::{Keyed, Policy};
pub use percentile::Percentile;
pub use rate_limit::RateLimit;
pub use rejection::{Rejection, RejectionKind};
pub use retry::{
    Backoff, BudgetCounts, GiveUp, GiveUpEvent, Jitter, Nested, Rejections, Retry, RetryBudget, RetryEvent, RetryWhen,
};
pub use retry_after::parse_retry_after;
pub use scope::{attempt, deadline, remaining};
pub use steadfast_macros::{
    Classify, bulkhead, circuit_breaker, fallback, hedge, outcome, policies, rate_limit, resilient, retry, timeout,
};
pub use timeout::Timeout;
pub use timeout::percentile::PercentileTimeout;
