//! One policy per key as the registry sees it: what is changed or steered is so for all keys, those to come included.

use std::sync::Arc;

use super::{Keyed, Policy, forget, write};
use crate::PolicyKind;
use crate::registry::{Change, Count, Managed, Refusal, Setting, Steer, Trouble, Value};
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed};

const MAX_KEYS: &str = "max_keys";
const STATES: [&str; 5] = ["closed", "open", "half_open", "forced_open", "forced_closed"];

impl<P> Keyed<P> {
    pub(super) fn max_keys_in_force(&self) -> usize {
        match self.max_keys_over.load(Relaxed) {
            0 => self.max_keys,
            over => usize::try_from(over).unwrap_or(usize::MAX),
        }
    }
}

impl<P: Policy> Keyed<P> {
    /// Keeps at most so many keys from now on; 0 for as many as was given.
    fn set_max_keys(&self, keys: u32) {
        self.max_keys_over.store(keys.into(), Relaxed);
        // What is forgotten is dropped after the lock.
        let _forgotten = self.entries.get().map(|entries| forget(&mut write(entries), self.max_keys_in_force()));
    }

    pub(super) fn steered(&self) -> u64 {
        self.steered.load(Acquire)
    }

    /// Gives policies what is put over the settings of the template, and what it is forced to do. Where all were steered
    /// since `seen`, what they have of the template may be of before or of after that, in any order: it is asked again.
    pub(super) fn bring_along(&self, policies: &[Arc<P>], seen: u64) {
        for policy in policies {
            policy.follow(&self.template);
        }
        self.settle(policies, seen);
    }

    fn settle(&self, policies: &[Arc<P>], mut seen: u64) {
        loop {
            let now = self.steered();
            if now == seen {
                return;
            }
            seen = now;
            for policy in policies {
                policy.obey(&self.template);
            }
        }
    }
}

/// What [`Policy`] asks for, of any kind.
pub(super) fn obey<P: Managed>(policy: &P, template: &P) {
    policy.steer(match template.state() {
        Some("forced_open") => Steer::ForceOpen,
        Some("forced_closed") => Steer::ForceClosed,
        _ => Steer::Reset,
    });
}

impl<P: Policy + Managed + Send> Managed for Keyed<P> {
    fn name(&self) -> &'static str {
        self.template.name()
    }

    fn is_named(&self) -> bool {
        self.template.is_named()
    }

    fn kind(&self) -> PolicyKind {
        self.template.kind()
    }

    /// Those of each key, and how many keys there may be.
    fn settings(&self) -> Vec<Setting> {
        let mut settings = self.template.settings();
        let keys = i64::try_from(self.max_keys_in_force()).unwrap_or(i64::MAX);
        let common = settings.iter().position(|setting| setting.key == "enabled").unwrap_or(settings.len());
        settings.insert(common, Setting { key: MAX_KEYS, value: Value::Integer(keys) });
        settings
    }

    /// What all keys are forced to do; else each has a state of its own, and this has none.
    fn state(&self) -> Option<&'static str> {
        self.template.state().filter(|state| matches!(*state, "forced_open" | "forced_closed"))
    }

    /// How many keys there are, how many of them keep calls away, the sums of what these know, and what has been counted of
    /// all keys, those included that are forgotten.
    fn counts(&self) -> Vec<Count> {
        let policies = self.policies();
        let rejecting = policies.iter().filter(|policy| policy.is_rejecting()).count();
        let mut sums: Vec<Count> = self.template.counts();
        for count in &mut sums {
            count.value = 0;
        }
        for policy in &policies {
            for (sum, count) in sums.iter_mut().zip(policy.counts()) {
                sum.value = sum.value.saturating_add(count.value);
            }
        }
        for total in self.template.totals() {
            if let Some(place) = sums.iter().position(|sum| sum.name == total.name) {
                // What keys know beyond it is the time in their present states.
                let beyond = policies.iter().map(|policy| policy.counts()[place].value.saturating_sub(total.value));
                sums[place].value = beyond.fold(total.value, u64::saturating_add);
            }
        }
        let keys = [("keys", policies.len()), ("rejecting", rejecting)];
        let states = if self.kind() == PolicyKind::CircuitBreaker { &STATES[..] } else { &[] };
        let states = states.iter().map(|state| {
            let number = policies.iter().filter(|policy| policy.state() == Some(state)).count();
            Count { name: state, value: number as u64 }
        });
        let keys = keys.map(|(name, number)| Count { name, value: number as u64 });
        keys.into_iter().chain(states).chain(sums).collect()
    }

    /// One key without another is no more than a part of what it guards; and to reject a key that asks too often is what
    /// a limit is for.
    fn trouble(&self) -> Option<Trouble> {
        if self.template.state() == Some("forced_open") {
            return self.template.trouble();
        }
        let policies = self.policies();
        let rejecting = policies.iter().filter(|policy| matches!(policy.trouble(), Some(Trouble::Rejects(_)))).count();
        (rejecting > 0).then(|| Trouble::Spent(format!("rejects the calls of {rejecting} of {} keys", policies.len())))
    }

    fn steer(&self, steer: Steer) -> bool {
        let is_steered = self.template.steer(steer);
        // After the template and before the keys are listed: whoever is not among them looks at this once more.
        let seen = self.steered.fetch_add(1, AcqRel).wrapping_add(1);
        let policies = self.policies();
        for policy in &policies {
            policy.obey(&self.template);
        }
        // Two who steer at once agree on what the template says at last.
        self.settle(&policies, seen);
        is_steered
    }

    fn change(&self, over: &[(&str, Value)]) -> Result<Change<'_>, Vec<Refusal>> {
        let mut refusals = Vec::new();
        let mut max_keys = 0;
        let mut of_policy = Vec::new();
        for (key, value) in over {
            if *key != MAX_KEYS {
                of_policy.push((*key, value.clone()));
                continue;
            }
            match value.count(1, u32::MAX) {
                Ok(keys) => max_keys = keys,
                Err(message) => {
                    refusals.push(Refusal { key: MAX_KEYS.to_owned(), message: format!("`{MAX_KEYS}` {message}") });
                }
            }
        }
        let change = match self.template.change(&of_policy) {
            Ok(change) if refusals.is_empty() => change,
            Ok(_) => return Err(refusals),
            Err(more) => {
                refusals.extend(more.into_iter().map(with_max_keys));
                return Err(refusals);
            }
        };
        Ok(Box::new(move || {
            change();
            self.set_max_keys(max_keys);
            // Outside of the lock of the keys. Whoever comes to them meanwhile has looked at the template by itself.
            let steered = self.steered();
            self.bring_along(&self.policies(), steered);
        }))
    }
}

/// It is known here, besides those that the policy lists.
fn with_max_keys(mut refusal: Refusal) -> Refusal {
    if refusal.message.starts_with("unknown setting") {
        refusal.message.push_str(", `max_keys`");
    }
    refusal
}
