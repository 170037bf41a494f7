//! Settings in tests: as text, and what is said of them.

use super::{Count, Managed, Value};

/// A value as a person writes it.
pub(crate) fn value(text: &str) -> Value {
    let (flag, integer, float) = (text.parse().ok(), text.parse().ok(), text.parse().ok());
    let number = integer.map(Value::Integer).or(float.map(Value::Float));
    flag.map(Value::Flag).or(number).unwrap_or_else(|| Value::Text(text.to_owned()))
}

/// Puts settings over those of a policy, or says what is wrong with them: `key: message`.
pub(crate) fn put(policy: &dyn Managed, over: &[(&str, &str)]) -> Result<(), Vec<String>> {
    let over: Vec<_> = over.iter().map(|(key, text)| (*key, value(text))).collect();
    match policy.change(&over) {
        Ok(change) => {
            change();
            Ok(())
        }
        Err(refusals) => {
            Err(refusals.into_iter().map(|refusal| format!("{}: {}", refusal.key, refusal.message)).collect())
        }
    }
}

/// The settings in force: `key = value`.
pub(crate) fn settings(policy: &dyn Managed) -> Vec<String> {
    policy.settings().iter().map(|setting| format!("{} = {}", setting.key, setting.value)).collect()
}

/// What is in force with these settings over those given that is not without them.
pub(crate) fn changed(policy: &dyn Managed, over: &[(&str, &str)]) -> Vec<String> {
    let before = settings(policy);
    put(policy, over).unwrap();
    let after = settings(policy);
    put(policy, &[]).unwrap();
    assert_eq!(settings(policy), before, "{over:?} taken back");
    after.into_iter().filter(|setting| !before.contains(setting)).collect()
}

/// A number that a policy has counted.
pub(crate) fn count(policy: &dyn Managed, name: &str) -> u64 {
    let counts: Vec<Count> = policy.counts();
    counts.iter().find(|count| count.name == name).unwrap_or_else(|| panic!("no {name} in {counts:?}")).value
}
