//! The settings that a configuration has, each with the policies that it is for.

use ::config::{Value as Raw, ValueKind};

use super::error::{Mistake, did_you_mean};
use super::known::{COMMON, Known, Meant, kind, kinds};
use super::tree::{self, Tree};
use crate::PolicyKind;
use crate::registry::Value;

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
                _ => self.refuse(&[word], value, &format!("`{word}` is a section: `[{}]`", tree::path(&[word]))),
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
            let near = did_you_mean(name, self.known.names().chain(kinds()));
            return self.refuse(&[name], origin, &format!("unknown policy `{name}`{near}"));
        }
        for (word, value) in section {
            match &value.kind {
                ValueKind::Table(inner) => self.of_kind_by_name(name, word, value, inner),
                _ if COMMON.contains(&word.as_str()) => self.flag(Level::Name(name.to_owned()), word, value),
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
        self.refuse(&path, value, &format!("`{}` takes `true` or `false`", tree::path(&path)));
    }

    fn setting(&mut self, level: Level, key: &str, value: &Raw) {
        let taken = match &value.kind {
            ValueKind::Boolean(flag) => Value::Flag(*flag),
            ValueKind::I64(number) => Value::Integer(*number),
            ValueKind::Float(number) => Value::Float(*number),
            ValueKind::String(text) => Value::Text(text.clone()),
            _ => {
                let path = [level.sections(), vec![key]].concat();
                let message = format!("`{}` takes one value, and is no section", tree::path(&path));
                return self.refuse(&path, value, &message);
            }
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

pub(super) fn unknown_kind(word: &str) -> String {
    let near = did_you_mean(word, kinds());
    let known = || format!("; expected one of: {}", quoted(&kinds().collect::<Vec<_>>()));
    format!("unknown kind of policy `{word}`{}", if near.is_empty() { known() } else { near })
}

fn origin(value: &Raw) -> String {
    value.origin().unwrap_or_default().to_owned()
}

/// `` `a`, `b` ``
fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
