//! The conformance cases, each under its number. Cases of the same rule share the number and have a letter.
//!
//! What the letters of a script mean is said at [`steadfast_tests::Script`].

#![allow(clippy::items_after_statements, reason = "an annotated function stands beside what is asked of it")]
#![allow(clippy::unchecked_time_subtraction, reason = "a panic is as good as any other failure of a test")]

#[path = "conformance/adaptive.rs"]
mod adaptive;
#[path = "conformance/bulkhead.rs"]
mod bulkhead;
#[path = "conformance/circuit_breaker.rs"]
mod circuit_breaker;
#[path = "conformance/classes.rs"]
mod classes;
#[path = "conformance/composition.rs"]
mod composition;
#[path = "conformance/deadline.rs"]
mod deadline;
#[path = "conformance/events.rs"]
mod events;
#[path = "conformance/fallback.rs"]
mod fallback;
#[path = "conformance/half_open.rs"]
mod half_open;
#[path = "conformance/hedge.rs"]
mod hedge;
#[path = "conformance/hedge_stacks.rs"]
mod hedge_stacks;
#[path = "conformance/metered.rs"]
mod metered;
#[path = "conformance/nested.rs"]
mod nested;
#[path = "conformance/outcome.rs"]
mod outcome;
#[path = "conformance/percentile.rs"]
mod percentile;
#[path = "conformance/rate_limit.rs"]
mod rate_limit;
#[path = "conformance/registry.rs"]
mod registry;
#[path = "conformance/rejected_beneath.rs"]
mod rejected_beneath;
#[path = "conformance/rejections.rs"]
mod rejections;
#[path = "conformance/retry.rs"]
mod retry;
#[path = "conformance/retry_budget.rs"]
mod retry_budget;
#[path = "conformance/scope.rs"]
mod scope;
#[path = "conformance/sets.rs"]
mod sets;
#[path = "conformance/settings.rs"]
mod settings;
#[path = "conformance/settings_stateful.rs"]
mod settings_stateful;
#[path = "conformance/shared_breakers.rs"]
mod shared_breakers;
#[path = "conformance/stale.rs"]
mod stale;
#[path = "conformance/stale_shapes.rs"]
mod stale_shapes;
#[path = "conformance/stale_stacks.rs"]
mod stale_stacks;
#[path = "conformance/testing.rs"]
mod testing;
#[path = "conformance/testing_futures.rs"]
mod testing_futures;
#[path = "conformance/testing_scopes.rs"]
mod testing_scopes;
#[path = "conformance/testing_scripts.rs"]
mod testing_scripts;
#[path = "conformance/testing_types.rs"]
mod testing_types;
#[path = "conformance/timeout.rs"]
mod timeout;
#[path = "conformance/traces.rs"]
mod traces;
