//! What a configuration has changed.

use core::fmt;

use super::Mistake;
use crate::PolicyKind;
use crate::registry::{Managed, Setting, Value};

/// What came into force, by [`Config::load`](super::Config::load): one change a line.
///
/// ```
/// let applied = steadfast::config::Config::new().load()?;
/// for change in &applied.changes {
///     println!("{change}");
/// }
/// # Ok::<(), steadfast::config::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Applied {
    /// The settings that are other ones now.
    pub changes: Vec<Changed>,
    /// What a setting for a kind, or for all, did not reach, the kill switch included: values that are shared without what
    /// lasts of them, such as a [`RetryControl`](crate::registry::RetryControl). By its name such a policy is refused.
    pub left_out: Vec<Mistake>,
}

/// A setting that is another one now.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Changed {
    /// The name of the policy.
    pub policy: &'static str,
    /// Its kind.
    pub kind: PolicyKind,
    /// The setting.
    pub key: &'static str,
    /// Its value until now, if it had one.
    pub before: Option<Value>,
    /// Its value from now on, if it has one.
    pub after: Option<Value>,
}

/// The settings in force, policy by policy.
pub(super) fn settings(policies: &[&dyn Managed]) -> Vec<Vec<Setting>> {
    policies.iter().map(|policy| policy.settings()).collect()
}

impl Applied {
    pub(super) fn since(before: &[Vec<Setting>], policies: &[&dyn Managed], left_out: Vec<Mistake>) -> Self {
        let changes = policies.iter().zip(before).flat_map(|(policy, before)| changed(*policy, before)).collect();
        Self { changes, left_out }
    }
}

fn changed(policy: &dyn Managed, before: &[Setting]) -> Vec<Changed> {
    let value = |settings: &[Setting], key| settings.iter().find(|s| s.key == key).map(|s| s.value.clone());
    let after = policy.settings();
    let gone = before.iter().filter(|setting| value(&after, setting.key).is_none());
    let change = |setting: &Setting| Changed {
        policy: policy.name(),
        kind: policy.kind(),
        key: setting.key,
        before: value(before, setting.key),
        after: value(&after, setting.key),
    };
    after.iter().chain(gone).map(change).filter(|change| change.before != change.after).collect()
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.changes.iter().map(Changed::to_string).chain(self.left_out.iter().map(Mistake::to_string));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "not set".to_owned(), Value::to_string);
        let Self { policy, kind, key, before, after } = self;
        write!(f, "{kind} `{policy}`: {key} is {}, was {}", value(after), value(before))
    }
}
