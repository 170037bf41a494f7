//! The settings that a configuration has, each with the policies that it is for.

use ::config::{Value as Raw, ValueKind};

use super::environment;
use super::error::Mistake;
use super::known::{COMMON, Known, Meant, kind, kinds};
use super::tree::{self, Tree};
use crate::PolicyKind;
use crate::registry::Value;
use crate::registry::keys::did_you_mean;

/// The policies that a setting is for; a later one goes before an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Level {
    All,
    Kind(PolicyKind),
    Name(String),
    Own(String, PolicyKind),
}

impl Level {
    /// Where it is of one kind.
    pub(super) fn kind(&self) -> Option<PolicyKind> {
        match self {
            Self::Kind(kind) | Self::Own(_, kind) => Some(*kind),
            Self::All | Self::Name(_) => None,
        }
    }

    /// The sections that lead there.
    pub(super) fn sections(&self) -> Vec<&str> {
        match self {
            Self::All => vec![],
            Self::Kind(kind) => vec![kind.as_str()],
            Self::Name(name) => vec![name],
            Self::Own(name, kind) => vec![name, kind.as_str()],
        }
    }
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) level: Level,
    pub(super) key: String,
    pub(super) value: Value,
    pub(super) origin: String,
    /// By another one that says the same in another way, and comes from a later source.
    pub(super) is_replaced: bool,
}

impl Entry {
    /// `payments.retry.attempts`
    pub(super) fn path(&self) -> String {
        let mut path = self.level.sections();
        path.push(&self.key);
        tree::path(&path)
    }
}

/// Takes a tree apart. What it says of unknown names and kinds, or in the wrong place, is a mistake.
pub(super) fn of(tree: &Tree, known: &Known, mistakes: &mut Vec<Mistake>) -> Vec<Entry> {
    let mut reader = Reader { known, mistakes, entries: Vec::new() };
    reader.top(tree);
    reader.entries
}

struct Reader<'r> {
    known: &'r Known,
    mistakes: &'r mut Vec<Mistake>,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    fn top(&mut self, tree: &Tree) {
        for (word, value) in tree {
            match (&value.kind, kind(word)) {
                (ValueKind::Table(section), Some(kind)) => self.of_kind(kind, section),
                (ValueKind::Table(section), None) => self.of_name(word, value, section),
                (_, None) if COMMON.contains(&word.as_str()) => self.flag(Level::All, word, value),
                (_, None) if !self.known.is_name(word) => {
                    let words = COMMON.iter().copied().chain(kinds()).chain(self.known.names());
                    let near = did_you_mean(word, words);
                    self.refuse(&[word], value, &format!("unknown setting `{word}` for all policies{near}"));
                }
                (_, kind) => self.refuse(&[word], value, &no_section(&[word], kind, value)),
            }
        }
    }

    /// `[retry]`, and `[retry.circuit_breaker]` where a policy is named so.
    fn of_kind(&mut self, kind: PolicyKind, section: &Tree) {
        for (word, value) in section {
            match &value.kind {
                ValueKind::Table(inner) if self.known.is_name(kind.as_str()) && self::kind(word).is_some() => {
                    self.of_kind_by_name(kind.as_str(), word, value, inner);
                }
                ValueKind::Table(_) if self.known.is_name(word) => {
                    let right = tree::path(&[word, kind.as_str()]);
                    self.refuse(&[kind.as_str(), word], value, &format!("the name stands first: `[{right}]`"));
                }
                _ => self.setting(Level::Kind(kind), word, value),
            }
        }
    }

    /// `[payments]`
    fn of_name(&mut self, name: &str, origin: &Raw, section: &Tree) {
        if !self.known.is_name(name) {
            let message = unknown_policy(name, self.known);
            return self.refuse(&[name], origin, &message);
        }
        for (word, value) in section {
            match &value.kind {
                ValueKind::Table(inner) => self.of_kind_by_name(name, word, value, inner),
                _ if COMMON.contains(&word.as_str()) => self.flag(Level::Name(name.to_owned()), word, value),
                _ if kind(word).is_some() => {
                    self.refuse(&[name, word], value, &no_section(&[name, word], kind(word), value));
                }
                _ => {
                    let message = format!(
                        "`{word}` is not for all policies of a name; only {} are, others stand under a kind, as in `[{}]`",
                        quoted(&COMMON),
                        tree::path(&[name, self.known.kinds_of(name).first().map_or("retry", |kind| kind.as_str())]),
                    );
                    self.refuse(&[name, word], value, &message);
                }
            }
        }
    }

    /// `[payments.retry]`
    fn of_kind_by_name(&mut self, name: &str, word: &str, origin: &Raw, section: &Tree) {
        let Some(kind) = kind(word) else {
            let message = unknown_kind(word);
            return self.refuse(&[name, word], origin, &message);
        };
        match self.known.meant(name, kind) {
            Meant::Nobody => {
                let kinds = self.known.kinds_of(name).into_iter();
                let sections: Vec<String> = kinds.map(|kind| tree::path(&[name, kind.as_str()])).collect();
                let message = format!("no {kind} is named `{name}`; there is `[{}]`", sections.join("]`, `["));
                self.refuse(&[name, word], origin, &message);
            }
            Meant::Anyone => {
                let message = format!("more than one {kind} is named `{name}`: give each a name of its own");
                self.refuse(&[name, word], origin, &message);
            }
            Meant::This => {
                for (key, value) in section {
                    self.setting(Level::Own(name.to_owned(), kind), key, value);
                }
            }
        }
    }

    fn flag(&mut self, level: Level, key: &str, value: &Raw) {
        if matches!(value.kind, ValueKind::Boolean(_)) {
            return self.setting(level, key, value);
        }
        let path = [level.sections(), vec![key]].concat();
        let shown = read(value).map_or_else(|| "a section".to_owned(), |value| value.to_string());
        self.refuse(&path, value, &format!("`{}` takes `true` or `false`, and not {shown}", tree::path(&path)));
    }

    fn setting(&mut self, level: Level, key: &str, value: &Raw) {
        let Some(taken) = read(value) else {
            let path = [level.sections(), vec![key]].concat();
            let message = format!("`{}` takes one value, and is no section", tree::path(&path));
            return self.refuse(&path, value, &message);
        };
        self.entries.push(Entry {
            level,
            key: key.to_owned(),
            value: taken,
            origin: origin(value),
            is_replaced: false,
        });
    }

    fn refuse(&mut self, path: &[&str], value: &Raw, message: &str) {
        self.mistakes.push(Mistake::new(tree::path(path), origin(value), message));
    }
}

pub(super) fn unknown_policy(word: &str, known: &Known) -> String {
    if let Some(path) = known.path(word) {
        return format!("the policy of `{path}` has no name; give it one with `name = \"..\"`");
    }
    let near = other_kind(word).unwrap_or_else(|| did_you_mean(word, known.names().chain(kinds())));
    format!("unknown policy `{word}`{near}")
}

/// Kinds that are often called otherwise.
fn other_kind(word: &str) -> Option<String> {
    let kind = match word.to_lowercase().as_str() {
        "budget" | "retrybudget" | "retry-budget" => PolicyKind::RetryBudget,
        "breaker" | "circuit" | "circuitbreaker" | "circuit-breaker" => PolicyKind::CircuitBreaker,
        "limiter" | "rate_limiter" | "ratelimiter" | "ratelimit" | "rate-limit" | "throttle" => PolicyKind::RateLimit,
        _ => return None,
    };
    Some(format!("; did you mean `{kind}`?"))
}

pub(super) fn unknown_kind(word: &str) -> String {
    let near = other_kind(word).unwrap_or_else(|| did_you_mean(word, kinds()));
    let known = || format!("; expected one of: {}", quoted(&kinds().collect::<Vec<_>>()));
    format!("unknown kind of policy `{word}`{}", if near.is_empty() { known() } else { near })
}

/// A value, where it is no section.
fn read(value: &Raw) -> Option<Value> {
    Some(match &value.kind {
        ValueKind::Boolean(flag) => Value::Flag(*flag),
        ValueKind::I64(number) => Value::Integer(*number),
        ValueKind::Float(number) => Value::Float(*number),
        ValueKind::String(text) => Value::Text(text.clone()),
        _ => return None,
    })
}

/// What says that a name or kind is a section, and no value: with the key that was meant, where a kind has one such.
fn no_section(path: &[&str], kind: Option<PolicyKind>, value: &Raw) -> String {
    let section = tree::path(path);
    let is_variable = origin(value).to_lowercase().starts_with(environment::PREFIX);
    let value = read(value).filter(|_| kind.is_some());
    let key = match (kind, &value) {
        (_, Some(Value::Flag(_))) => Some("enabled"),
        (Some(PolicyKind::Timeout), _) => Some("limit"),
        (Some(PolicyKind::Retry), _) => Some("attempts"),
        (Some(PolicyKind::Hedge), _) => Some("after"),
        (Some(PolicyKind::Bulkhead), _) => Some("max_concurrent"),
        (Some(PolicyKind::RateLimit), _) => Some("permits"),
        _ => None,
    };
    if is_variable {
        let path = [path, &[key.unwrap_or("KEY")]].concat();
        return format!("`{section}` is a section: `STEADFAST__{}`", path.join("__").to_uppercase());
    }
    match key.zip(value) {
        Some((key, value)) => format!("`[{section}]` takes `{key} = {value}`"),
        None => format!("`{section}` is a section: `[{section}]`"),
    }
}

fn origin(value: &Raw) -> String {
    value.origin().unwrap_or_default().to_owned()
}

/// `` `a`, `b` ``
fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
