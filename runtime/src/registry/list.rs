//! All policies, and those of a name.

use std::collections::HashSet;

use super::{Policy, made};
use crate::PolicyKind;

/// All policies of the program, by name and then by kind. One that several functions share is there once.
pub fn policies() -> Vec<Policy> {
    let mut seen = HashSet::new();
    let mut policies: Vec<Policy> = crate::declare::entries().map(Policy::of_static).chain(made::policies()).collect();
    policies.retain(|policy| seen.insert(policy.clone()));
    policies.sort_by_cached_key(|policy| (policy.name(), policy.kind().as_str()));
    policies
}

/// The policies of that name, by kind; none where there is none.
pub fn find(name: &str) -> Vec<Policy> {
    let mut policies = policies();
    policies.retain(|policy| policy.name() == name);
    policies
}

/// The policies of that name and kind: one, unless [several share it](shared_names), or a function has several.
pub fn find_kind(name: &str, kind: PolicyKind) -> Vec<Policy> {
    let mut policies = find(name);
    policies.retain(|policy| policy.kind() == kind);
    policies
}

/// A name that was given to several policies of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SharedName {
    /// The name.
    pub name: &'static str,
    /// The kind.
    pub kind: PolicyKind,
    /// Those that have it.
    pub policies: Vec<Policy>,
}

/// The names that were given to more than one policy of the same kind: events, metrics and configuration cannot tell these
/// apart, and [`find`] gives all of them. A name never shares state. Paths of functions are not looked at: a function may
/// have two timeouts.
///
/// ```
/// use steadfast::registry;
/// use steadfast::circuit_breaker;
///
/// #[circuit_breaker(name = "payments")]
/// fn pay() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// #[circuit_breaker(name = "payments")]
/// fn pay_back() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// let shared = registry::shared_names();
/// assert_eq!((shared[0].name, shared[0].policies.len()), ("payments", 2));
/// ```
pub fn shared_names() -> Vec<SharedName> {
    let mut names: Vec<SharedName> = Vec::new();
    // In order, so that those of one name and kind are neighbours.
    for policy in policies().into_iter().filter(Policy::is_named) {
        let (name, kind) = (policy.name(), policy.kind());
        match names.last_mut() {
            Some(last) if (last.name, last.kind) == (name, kind) => last.policies.push(policy),
            _ => names.push(SharedName { name, kind, policies: vec![policy] }),
        }
    }
    names.retain(|shared| shared.policies.len() > 1);
    names
}
