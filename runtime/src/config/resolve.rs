//! Which settings a policy gets, and whether it takes them.

use std::collections::BTreeMap;

use super::entries::{Entry, Level};
use super::error::Mistake;
use crate::PolicyKind;
use crate::registry::keys::did_you_mean;
use crate::registry::{Change, Managed, Refusal, Value};

/// What is to be done to each policy, or what is wrong; nothing has changed yet.
pub(super) fn plan<'p>(entries: &[Entry], policies: &[&'p dyn Managed]) -> Result<Vec<Change<'p>>, Vec<Mistake>> {
    let mut changes = Vec::new();
    let mut refused = Refused::default();
    for policy in policies {
        let over = over(entries, *policy);
        match policy.change(&values(&over)) {
            Ok(change) => changes.push(change),
            Err(refusals) => {
                for refusal in refusals {
                    refused.add(*policy, &over, refusal);
                }
            }
        }
    }
    let mistakes = refused.mistakes(entries, policies);
    if mistakes.is_empty() { Ok(changes) } else { Err(mistakes) }
}

/// Settings for all policies of a name that none of them has.
pub(super) fn without_taker(entries: &[Entry], policies: &[&dyn Managed]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for entry in entries {
        let Level::Name(name) = &entry.level else { continue };
        let mut named = policies.iter().filter(|policy| policy.is_named() && policy.name() == name).peekable();
        if named.peek().is_some() && !named.any(|policy| has(*policy, &entry.key)) {
            let message = format!("`{}` is taken by no policy named `{name}`", entry.path());
            mistakes.push(Mistake::new(entry.path(), &entry.origin, message));
        }
    }
    mistakes
}

/// Whether any setting is for a policy.
pub(super) fn says_something_of(entries: &[Entry], policy: &dyn Managed) -> bool {
    entries.iter().any(|entry| rank(entry, policy).is_some())
}

/// The settings that go over those of the policy, one a key.
fn over<'e>(entries: &'e [Entry], policy: &dyn Managed) -> Vec<&'e Entry> {
    let mut over: BTreeMap<&str, (u8, &Entry)> = BTreeMap::new();
    for entry in entries {
        let Some(rank) = rank(entry, policy) else { continue };
        let first = over.entry(&entry.key).or_insert((rank, entry));
        if rank > first.0 {
            *first = (rank, entry);
        }
    }
    let ranked: Vec<(u8, &Entry)> = over.into_values().collect();
    let replaced = |(rank, entry): &(u8, &Entry)| {
        let by = |(nearer, other): &(u8, &Entry)| nearer > rank && is_replaced(policy.kind(), &entry.key, &other.key);
        entry.is_replaced || ranked.iter().any(by)
    };
    let over: Vec<&Entry> = ranked.iter().filter(|entry| !replaced(entry)).map(|(_, entry)| *entry).collect();
    if over.len() == ranked.len() { over } else { without_needless(over, policy) }
}

/// Whether a setting goes where another one comes that is nearer: they say the same in another way.
fn is_replaced(kind: PolicyKind, key: &str, by: &str) -> bool {
    const WAYS: [&str; 2] = ["failure_threshold", "failure_rate"];
    kind == PolicyKind::CircuitBreaker && key != by && WAYS.contains(&key) && WAYS.contains(&by)
}

/// Without what was of use beside the setting that was replaced, and is of none now.
fn without_needless<'e>(mut over: Vec<&'e Entry>, policy: &dyn Managed) -> Vec<&'e Entry> {
    let refusals = policy.change(&values(&over)).err().unwrap_or_default();
    let is_needless =
        |key: &str| refusals.iter().any(|refusal| refusal.key == key && refusal.message.contains(" needs "));
    over.retain(|entry| !is_needless(&entry.key));
    over
}

fn values<'e>(over: &[&'e Entry]) -> Vec<(&'e str, Value)> {
    over.iter().map(|entry| (entry.key.as_str(), entry.value.clone())).collect()
}

/// Marks those that a later source replaces at the same level.
pub(super) fn mark_replaced(entries: &mut [Entry], layers: &[Vec<Entry>]) {
    let same = |a: &Entry, b: &Entry| a.level == b.level && a.key == b.key;
    let layer = |entry: &Entry| layers.iter().rposition(|layer| layer.iter().any(|other| same(other, entry)));
    let all = entries.to_vec();
    for entry in entries {
        entry.is_replaced = all.iter().any(|other| {
            other.level == entry.level
                && entry.level.kind().is_some_and(|kind| is_replaced(kind, &entry.key, &other.key))
                && layer(other) > layer(entry)
        });
    }
}

/// How near a setting is to a policy; `None` where it is not for it.
fn rank(entry: &Entry, policy: &dyn Managed) -> Option<u8> {
    let named = |name: &str| policy.is_named() && policy.name() == name;
    match &entry.level {
        _ if is_kill_switch(entry) => (policy.kind() != PolicyKind::Fallback && !policy.is_fixed()).then_some(4),
        // What is for many goes to those that can take it.
        Level::All | Level::Kind(_) if policy.is_fixed() => None,
        Level::All => has(policy, &entry.key).then_some(0),
        Level::Kind(kind) => (*kind == policy.kind()).then_some(1),
        Level::Name(name) => (named(name) && has(policy, &entry.key)).then_some(2),
        Level::Own(name, kind) => (named(name) && *kind == policy.kind()).then_some(3),
    }
}

/// Goes before all else, and leaves fallbacks.
fn is_kill_switch(entry: &Entry) -> bool {
    entry.level == Level::All && entry.key == "enabled" && entry.value == Value::Flag(false)
}

/// Whether a policy has a setting of those that not every kind has. It is asked, since what it shows is not all it has: not
/// what each call computes.
fn has(policy: &dyn Managed, key: &str) -> bool {
    let is_unknown = |refusals: Vec<Refusal>| refusals.iter().any(|refusal| refusal.message.starts_with(UNKNOWN));
    !policy.change(&[(key, Value::Flag(true))]).err().is_some_and(is_unknown)
}

/// So begins what a policy says of a key that it does not have.
const UNKNOWN: &str = "unknown setting";

/// What settings for a kind, or for all, did not reach.
pub(super) fn left_out(entries: &[Entry], policies: &[&dyn Managed]) -> Vec<Mistake> {
    let mut left = Vec::new();
    for policy in policies.iter().filter(|policy| policy.is_fixed()) {
        let (kind, name) = (policy.kind(), policy.name());
        for entry in entries.iter().filter(|entry| is_meant(entry, *policy)) {
            let message = if is_kill_switch(entry) {
                format!("{kind} `{name}` can't be switched off")
            } else {
                format!("{kind} `{name}` stays as it is, since it has no `.controlled(&CONTROL)`")
            };
            left.push(Mistake::new(entry.path(), &entry.origin, message));
        }
    }
    left
}

/// Whether a setting for many is for this one as well.
fn is_meant(entry: &Entry, policy: &dyn Managed) -> bool {
    match &entry.level {
        Level::All => has(policy, &entry.key),
        Level::Kind(kind) => *kind == policy.kind(),
        Level::Name(_) | Level::Own(..) => false,
    }
}

/// What policies did not take, with who did not.
#[derive(Default)]
struct Refused<'p> {
    /// By setting, origin and message: a bad value for all retries is one mistake, not a hundred.
    by: BTreeMap<(String, String, String), Vec<&'p dyn Managed>>,
}

impl<'p> Refused<'p> {
    fn add(&mut self, policy: &'p dyn Managed, over: &[&Entry], Refusal { key, message }: Refusal) {
        let entry = over.iter().find(|entry| entry.key == key);
        let (path, origin) = match entry {
            Some(entry) => (entry.path(), entry.origin.clone()),
            None => (key.clone(), over.first().map_or_else(String::new, |entry| entry.origin.clone())),
        };
        let message = match message.strip_prefix(&format!("`{key}` ")) {
            Some(message) => format!("`{path}` {message}"),
            None if message.starts_with(UNKNOWN) && !message.contains("did you mean") && !message.contains("alone") => {
                let settings = policy.settings();
                let near = did_you_mean(&key, settings.iter().map(|setting| setting.key));
                format!("`{path}`: {message}{near}")
            }
            None => format!("`{path}`: {message}"),
        };
        self.by.entry((path, origin, message)).or_default().push(policy);
    }

    fn mistakes(self, entries: &[Entry], policies: &[&dyn Managed]) -> Vec<Mistake> {
        self.by
            .into_iter()
            .map(|((path, origin, message), by)| {
                let who = entries
                    .iter()
                    .find(|entry| entry.path() == path)
                    .map_or(String::new(), |entry| who(entry, &by, policies));
                Mistake::new(path, origin, message + &who)
            })
            .collect()
    }
}

/// Who refused a setting that others take: `` (retry `a`, `b`) ``.
fn who(entry: &Entry, by: &[&dyn Managed], policies: &[&dyn Managed]) -> String {
    let addressed = policies.iter().filter(|policy| rank(entry, **policy).is_some()).count();
    if matches!(entry.level, Level::Own(..)) || (by.len() == addressed && addressed > 1) {
        return String::new();
    }
    let names: Vec<String> = by.iter().take(3).map(|policy| format!("{} `{}`", policy.kind(), policy.name())).collect();
    let more = if by.len() > 3 { format!(" and {} more", by.len() - 3) } else { String::new() };
    format!(" ({}{more})", names.join(", "))
}
