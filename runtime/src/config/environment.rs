//! Environment variables: `STEADFAST__PAYMENTS__RETRY__ATTEMPTS=5`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use ::config::{Value, ValueKind};

use super::entries::{Level, unknown_kind, unknown_policy};
use super::error::Mistake;
use super::known::{COMMON, Known, kind, kinds};
use super::tree::{self, Tree};

/// Also between the words that follow.
const BETWEEN: &str = "__";
pub(super) const PREFIX: &str = "steadfast__";

pub(super) const FORMS: &str =
    "expected `STEADFAST__KEY`, `STEADFAST__KIND__KEY`, `STEADFAST__NAME__KEY` or `STEADFAST__NAME__KIND__KEY`";

const SINGLE: &str = "steadfast_";

/// What was meant where an underscore is missing, if we can be meant: what begins with one of our switches, names or kinds,
/// or has a kind in it.
fn with_two(words: &str, known: &Known) -> Option<String> {
    let after = |first: &str| words.strip_prefix(first).filter(|rest| rest.is_empty() || rest.starts_with('_'));
    let words_of_ours = known.names().map(as_word).chain(kinds().map(str::to_owned)).chain(COMMON.map(str::to_owned));
    let in_the_middle = || {
        let before = kinds().filter_map(|kind| words.split_once(&format!("_{kind}_")));
        before.map(|(first, _)| first.to_owned()).next()
    };
    let longest = words_of_ours.filter(|first| after(first).is_some()).max_by_key(String::len);
    let first = longest.or_else(in_the_middle)?;
    let mut rest = after(&first)?.trim_start_matches('_');
    if rest.is_empty() {
        return COMMON.contains(&first.as_str()).then(|| format!("STEADFAST__{}", first.to_uppercase()));
    }
    let mut path = vec![first.as_str()];
    let kind = kinds().filter(|kind| rest.strip_prefix(kind).is_some_and(|rest| rest.starts_with('_')));
    if let Some(kind) = kind.max_by_key(|kind| kind.len()) {
        path.push(kind);
        rest = rest[kind.len()..].trim_start_matches('_');
    }
    path.push(rest);
    Some(format!("STEADFAST__{}", path.join(BETWEEN).to_uppercase()))
}

/// What those variables say that are meant for us.
pub(super) fn read(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    known: &Known,
    mistakes: &mut Vec<Mistake>,
) -> Tree {
    let mut tree = Tree::new();
    let mut said: BTreeMap<Vec<String>, String> = BTreeMap::new();
    let mut variables: Vec<_> = variables.into_iter().collect();
    variables.sort();
    for (variable, value) in variables {
        let shown = variable.to_string_lossy().into_owned();
        let word = as_word(&shown);
        let Some(words) = word.strip_prefix(PREFIX).map(str::to_owned) else {
            // In an emergency a slip must not go unheard.
            if let Some(meant) = word.strip_prefix(SINGLE).and_then(|words| with_two(words, known)) {
                let message = format!("words are divided by two underscores: `{meant}`");
                mistakes.push(Mistake::new("", shown, message));
            }
            continue;
        };
        let read = path(&words, known).and_then(|path| match said.insert(path.clone(), shown.clone()) {
            Some(other) => Err(format!("sets the same as `{other}`")),
            None => Ok((path, parsed(&value)?)),
        });
        match read {
            Ok((path, value)) => tree::put(&mut tree, &path, Value::new(Some(&shown), value)),
            Err(message) => mistakes.push(Mistake::new(words.replace(BETWEEN, "."), shown, message)),
        }
    }
    tree
}

/// Where a variable leads in TOML.
fn path(words: &str, known: &Known) -> Result<Vec<String>, String> {
    let mut readings = readings(words, known);
    if readings.len() > 1 {
        let names: Vec<String> = readings.iter().map(|(level, _)| tree::path(&level.sections())).collect();
        return Err(format!("can mean each of `{}`: set it in a file", names.join("`, `")));
    }
    let (level, key) = readings.pop().ok_or_else(|| unknown(words, known))?;
    Ok(level.sections().into_iter().chain([key.as_str()]).map(str::to_owned).collect())
}

/// All that the words of a variable can mean. A name may have two underscores in it, a key has not.
fn readings(words: &str, known: &Known) -> Vec<(Level, String)> {
    let is_key = |key: &str| !key.is_empty() && !key.contains(BETWEEN);
    let of_kind = |words: &str| {
        let (word, key) = words.split_once(BETWEEN)?;
        kind(word).filter(|_| is_key(key)).map(|kind| (kind, key.to_owned()))
    };
    let mut readings = Vec::new();
    if is_key(words) {
        readings.push((Level::All, words.to_owned()));
    }
    if let Some((kind, key)) = of_kind(words) {
        readings.push((Level::Kind(kind), key));
    }
    for name in known.names() {
        let Some(rest) = words.strip_prefix(&as_word(name)).and_then(|rest| rest.strip_prefix(BETWEEN)) else {
            continue;
        };
        if let Some((kind, key)) = of_kind(rest) {
            readings.push((Level::Own(name.to_owned(), kind), key));
        } else if is_key(rest) && kind(name).is_none() {
            readings.push((Level::Name(name.to_owned()), rest.to_owned()));
        }
    }
    readings
}

fn unknown(words: &str, known: &Known) -> String {
    let (first, rest) = words.split_once(BETWEEN).unwrap_or((words, ""));
    let name = known.names().find(|name| as_word(name) == first);
    match (name, rest.split_once(BETWEEN)) {
        (Some(_), Some((word, key))) if !word.is_empty() && !key.is_empty() && kind(word).is_none() => {
            unknown_kind(word)
        }
        (None, _) if !first.is_empty() && !rest.is_empty() && kind(first).is_none() => unknown_policy(first, known),
        _ => FORMS.to_owned(),
    }
}

/// As names and keys are told apart in a variable: without case, and `_` for all that is no letter or digit.
fn as_word(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

fn parsed(value: &OsStr) -> Result<ValueKind, String> {
    let text = value.to_str().ok_or_else(|| format!("is not UTF-8: {}", value.display()))?;
    Ok(match text {
        "" => return Err("is empty; unset it to leave the setting as it is".to_owned()),
        _ if text.eq_ignore_ascii_case("true") => ValueKind::Boolean(true),
        _ if text.eq_ignore_ascii_case("false") => ValueKind::Boolean(false),
        _ => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => ValueKind::I64(whole),
            (_, Ok(float)) if float.is_finite() => ValueKind::Float(float),
            _ => ValueKind::String(text.to_owned()),
        },
    })
}
