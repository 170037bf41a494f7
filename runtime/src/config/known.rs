//! The names and kinds that a configuration can speak of.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::PolicyKind;
use crate::registry::{Managed, Policy};

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
    /// The paths of functions whose policies have no name.
    paths: BTreeSet<&'static str>,
    /// Names that mean all policies that have them.
    many: Many,
}

/// Names that mean all policies of a kind that have them, since these are one to whoever wrote them: copies of one
/// declaration, or made while the program runs, as one for each tenant.
pub(super) type Many = HashSet<(&'static str, PolicyKind)>;

pub(super) fn many(policies: &[Policy]) -> Many {
    let mut many = Many::new();
    // By name and then by kind.
    for same in policies.chunk_by(|a, b| (a.name(), a.kind()) == (b.name(), b.kind())) {
        let of_a_set = same[0].set().is_some() && same.iter().all(|policy| policy.set() == same[0].set());
        if of_a_set || same.iter().any(Policy::is_made) {
            many.insert((same[0].name(), same[0].kind()));
        }
    }
    many
}

impl Known {
    pub(super) fn of(policies: &[&dyn Managed], later: &[String], many: &Many) -> Self {
        let mut names: BTreeMap<String, Vec<PolicyKind>> = BTreeMap::new();
        for policy in policies.iter().filter(|policy| policy.is_named()) {
            names.entry(policy.name().to_owned()).or_default().push(policy.kind());
        }
        let paths = policies.iter().filter(|policy| !policy.is_named()).map(|policy| policy.name()).collect();
        Self { names, paths, later: later.iter().cloned().collect(), many: many.clone() }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let later = self.later.iter().filter(|name| !self.names.contains_key(*name));
        self.names.keys().chain(later).map(String::as_str)
    }

    /// The path of a function, or the end of one, whose policies have no name.
    pub(super) fn path(&self, word: &str) -> Option<&'static str> {
        let is_end = |path: &&&str| path.strip_suffix(word).is_some_and(|rest| rest.is_empty() || rest.ends_with("::"));
        self.paths.iter().find(is_end).copied()
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

    /// Whether a name tells which policy of a kind is meant.
    pub(super) fn meant(&self, name: &str, kind: PolicyKind) -> Meant {
        let is_later = self.later.contains(name);
        match self.names.get(name).map_or(0, |kinds| kinds.iter().filter(|other| **other == kind).count()) {
            0 if !is_later => Meant::Nobody,
            2.. if !is_later && !self.many.contains(&(name, kind)) => Meant::Anyone,
            _ => Meant::This,
        }
    }
}

pub(super) enum Meant {
    /// No policy of that kind has the name.
    Nobody,
    /// The one that has it, or all of them.
    This,
    /// Several have it, that have nothing else in common.
    Anyone,
}
