//! The list as plain data.

use super::{Count, Policy, Setting, policies};
use crate::PolicyKind;

/// How all policies stand at one moment. Each policy is asked in turn, so that calls may be made in between.
///
/// With the feature `serde` it is `Serialize`. Names of fields stay as they are in later versions; settings and counts
/// are maps, to which others may be added, and durations are text, as in attributes. Of the counts of this one two are shown:
///
/// ```json
/// {
///   "policies": [
///     {
///       "name": "payments",
///       "named": true,
///       "kind": "retry",
///       "state": null,
///       "settings": {
///         "attempts": 4,
///         "backoff": "exponential(250ms, factor = 2.0)",
///         "jitter": "full",
///         "max_delay": "10s",
///         "rejections": "timeout, rate_limited, bulkhead_full",
///         "nested": "multiply",
///         "enabled": true,
///         "critical": false
///       },
///       "counts": { "retries": 0, "gave_up": 0 }
///     }
///   ]
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Snapshot {
    /// By name and then by kind.
    pub policies: Vec<PolicySnapshot>,
}

/// How one policy stands.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PolicySnapshot {
    /// The name given, or the path of the function that the attribute stands on.
    pub name: &'static str,
    /// Whether the name was given.
    pub is_named: bool,
    /// What kind of policy it is.
    pub kind: PolicyKind,
    /// `None` for a kind that has no state.
    pub state: Option<&'static str>,
    /// The settings in force, in the order of the docs.
    pub settings: Vec<Setting>,
    /// What it has counted.
    pub counts: Vec<Count>,
}

/// How all policies stand.
pub fn snapshot() -> Snapshot {
    Snapshot { policies: policies().iter().map(Policy::snapshot).collect() }
}

impl Policy {
    /// How it stands.
    pub fn snapshot(&self) -> PolicySnapshot {
        PolicySnapshot {
            name: self.name(),
            is_named: self.is_named(),
            kind: self.kind(),
            state: self.state(),
            settings: self.settings(),
            counts: self.counts(),
        }
    }
}
