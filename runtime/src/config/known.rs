//! The names and kinds that a configuration can speak of.

use std::collections::{BTreeMap, BTreeSet};

use crate::PolicyKind;
use crate::registry::Managed;

/// What every policy has, or every one that can reject.
pub(super) const COMMON: [&str; 3] = ["enabled", "shadow", "critical"];

const KINDS: [PolicyKind; 8] = [
    PolicyKind::Retry,
    PolicyKind::RetryBudget,
    PolicyKind::CircuitBreaker,
    PolicyKind::Bulkhead,
    PolicyKind::RateLimit,
    PolicyKind::Timeout,
    PolicyKind::Hedge,
    PolicyKind::Fallback,
];

pub(super) fn kinds<'w>() -> impl Iterator<Item = &'w str> {
    KINDS.iter().map(|kind| kind.as_str())
}

pub(super) fn kind(word: &str) -> Option<PolicyKind> {
    KINDS.into_iter().find(|kind| kind.as_str() == word)
}

/// The names that were given to policies.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// With the kinds of policies that have them, each as often as it has.
    names: BTreeMap<String, Vec<PolicyKind>>,
    /// Names of policies that come later, of whatever kind.
    later: BTreeSet<String>,
}

impl Known {
    pub(super) fn of(policies: &[&dyn Managed], later: &[String]) -> Self {
        let mut names: BTreeMap<String, Vec<PolicyKind>> = BTreeMap::new();
        for policy in policies.iter().filter(|policy| policy.is_named()) {
            names.entry(policy.name().to_owned()).or_default().push(policy.kind());
        }
        Self { names, later: later.iter().cloned().collect() }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let later = self.later.iter().filter(|name| !self.names.contains_key(*name));
        self.names.keys().chain(later).map(String::as_str)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        self.names.contains_key(name) || self.later.contains(name)
    }

    /// The kinds of policies of that name, once each.
    pub(super) fn kinds_of(&self, name: &str) -> Vec<PolicyKind> {
        let mut kinds: Vec<PolicyKind> = Vec::new();
        for kind in self.names.get(name).into_iter().flatten() {
            if !kinds.contains(kind) {
                kinds.push(*kind);
            }
        }
        kinds
    }

    /// How many policies of a kind have a name; `None` where there may be some later.
    pub(super) fn count(&self, name: &str, kind: PolicyKind) -> Option<usize> {
        let count = self.names.get(name).map_or(0, |kinds| kinds.iter().filter(|other| **other == kind).count());
        if count == 0 && self.later.contains(name) { None } else { Some(count) }
    }
}
