//! The layer over small policies that take what they are told.

mod keys;
mod levels;
mod mistakes;
mod policy;
mod real;
mod sources;
#[cfg(feature = "watch")]
mod watch;

use super::known::Many;
use super::turn::InForce;
use super::{Applied, Config, ConfigError};
use crate::registry::Managed;

use self::policy::Policy;

/// A program with these policies, and what was loaded last in it.
struct Program {
    policies: Vec<Policy>,
    in_force: InForce,
    many: Many,
}

impl Program {
    fn of(policies: impl IntoIterator<Item = Policy>) -> Self {
        Self { policies: policies.into_iter().collect(), in_force: InForce::new(), many: Many::new() }
    }

    fn load(&mut self, config: &Config) -> Result<Applied, ConfigError> {
        let policies: Vec<&dyn Managed> = self.policies.iter().map(|policy| policy as _).collect();
        config.load_over(&policies, &self.many, &self.in_force)
    }

    /// `retry payments: attempts = 3, ..`, without what is as in the attribute.
    fn stands(&self) -> Vec<String> {
        self.policies.iter().filter(|policy| policy.is_altered()).map(Policy::to_string).collect()
    }
}
