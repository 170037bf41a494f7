//! What the tests of each policy ask of its settings, as tables.

use super::said::settings;
use super::{Managed, Value};

/// How one setting is shown.
pub(crate) fn one(policy: &dyn Managed, key: &str) -> Option<String> {
    policy.settings().iter().find(|setting| setting.key == key).map(|setting| setting.value.to_string())
}

/// Puts settings over those of a policy, or says what is wrong with them.
pub(crate) fn put(policy: &dyn Managed, over: &[(&str, Value)]) -> Result<(), Vec<String>> {
    let said = |refusals: Vec<super::Refusal>| refusals.into_iter().map(|refusal| refusal.message).collect();
    policy.change(over).map(|change| change()).map_err(said)
}

/// Each value is taken, and shown so; then all that is shown is put over the settings, and changes nothing.
pub(crate) fn takes(policy: &dyn Managed, rows: &[(&str, Value, &str)]) {
    let own = settings(policy);
    for (key, value, expected) in rows {
        assert_eq!(put(policy, &[(key, value.clone())]), Ok(()), "{key} = {value}");
        assert_eq!(one(policy, key).as_deref(), Some(*expected), "{key} = {value}");
        let before = settings(policy);
        let all: Vec<_> = policy.settings().into_iter().map(|setting| (setting.key, setting.value)).collect();
        assert_eq!(put(policy, &all), Ok(()), "{all:?}");
        assert_eq!(settings(policy), before);
    }
    assert_eq!(put(policy, &[]), Ok(()));
    assert_eq!(settings(policy), own, "an empty list takes everything back");
}

/// A list of settings, and what is said of it.
type Refused<'a> = (&'a [(&'a str, Value)], &'a [&'a str]);

/// Each list of settings is refused with these words, and changes nothing.
pub(crate) fn refuses(policy: &dyn Managed, rows: &[Refused<'_>]) {
    let own = settings(policy);
    for (over, expected) in rows {
        let messages = put(policy, over).expect_err(&format!("{over:?}"));
        assert_eq!(messages, *expected, "{over:?}");
        for message in &messages {
            assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
        }
        assert_eq!(settings(policy), own, "{over:?}");
    }
}

/// What it has counted of what it decides, by name; the rest is for metrics.
pub(crate) fn counted(policy: &dyn Managed) -> Vec<(&'static str, u64)> {
    const NAMES: [&str; 7] = ["retries", "gave_up", "refused", "timed_out", "hedged", "won", "answered"];
    let counts = policy.counts();
    let decided = counts.iter().filter(|count| NAMES.contains(&count.name));
    decided.map(|count| (count.name, count.value)).collect()
}
