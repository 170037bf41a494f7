//! TOML, read with the line of every key.

use toml::de::{DeTable, DeValue};

use super::error::Mistake;
use super::tree::{self, Tree};
use ::config::{Value, ValueKind};

/// What a text says. `name` is that of the file.
pub(super) fn read(text: &str, name: &str, mistakes: &mut Vec<Mistake>) -> Tree {
    let lines = Lines { text, name };
    let (document, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return lines.table(document.get_ref(), &[], mistakes);
    }
    // What could be read of it would be full of mistakes that are none.
    let mut last = None;
    for error in errors {
        let origin = lines.origin(error.span().map_or(0, |span| span.start));
        // One error brings about others in the same line.
        if last.as_ref() != Some(&origin) {
            mistakes.push(Mistake::new("", &origin, format!("not TOML: {}", error.message())));
        }
        last = Some(origin);
    }
    Tree::new()
}

struct Lines<'t> {
    text: &'t str,
    name: &'t str,
}

impl Lines<'_> {
    fn table(&self, table: &DeTable<'_>, above: &[&str], mistakes: &mut Vec<Mistake>) -> Tree {
        let mut tree = Tree::new();
        for (key, value) in table {
            let origin = self.origin(key.span().start);
            let path = [above, &[key.get_ref().as_ref()]].concat();
            match self.value(value.get_ref(), &path, mistakes) {
                Ok(kind) => drop(tree.insert(key.get_ref().to_string(), Value::new(Some(&origin), kind))),
                Err(message) => {
                    let path = tree::path(&path);
                    mistakes.push(Mistake::new(&path, origin, format!("`{path}` {message}")));
                }
            }
        }
        tree
    }

    fn value(&self, value: &DeValue<'_>, path: &[&str], mistakes: &mut Vec<Mistake>) -> Result<ValueKind, String> {
        Ok(match value {
            DeValue::String(text) => ValueKind::String(text.to_string()),
            DeValue::Boolean(flag) => ValueKind::Boolean(*flag),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map(ValueKind::I64)
                .map_err(|_| format!("is a number out of range: {number}"))?,
            DeValue::Float(number) => match number.as_str().parse::<f64>() {
                Ok(number) if number.is_finite() => ValueKind::Float(number),
                _ => return Err(format!("takes a finite number, and not {number}")),
            },
            DeValue::Datetime(date) => return Err(format!("takes no date, and not {date}")),
            DeValue::Array(list) if list.iter().any(|value| matches!(value.get_ref(), DeValue::Table(_))) => {
                return Err(format!("is a section, `[{}]`, and no list", tree::path(path)));
            }
            DeValue::Array(_) => return Err("takes one value, and no list".to_owned()),
            DeValue::Table(table) => ValueKind::Table(self.table(table, path, mistakes)),
        })
    }

    /// `steadfast.toml:7`
    fn origin(&self, offset: usize) -> String {
        format!("{}:{}", self.name, line(self.text.as_bytes(), offset))
    }
}

/// The line in which a byte stands.
pub(super) fn line(text: &[u8], offset: usize) -> usize {
    text[..offset.min(text.len())].split(|byte| *byte == b'\n').count()
}
