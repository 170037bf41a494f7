//! What one source says, as the crate `config` keeps it: tables of values, each of which knows where it comes from.

use ::config::{ConfigError, Map, Source, Value, ValueKind};

pub(super) type Tree = Map<String, Value>;

/// The layers put over each other, the later over the earlier, key by key.
pub(super) fn merged(layers: Vec<Tree>) -> Tree {
    let builder = layers.into_iter().fold(::config::Config::builder(), |builder, tree| builder.add_source(Layer(tree)));
    let Ok(mut tree) = builder.build().and_then(|merged| merged.collect()) else { return Tree::new() };
    match tree.remove(ROOT).map(|root| root.kind) {
        Some(ValueKind::Table(tree)) => tree,
        _ => Tree::new(),
    }
}

/// A source that has been read.
#[derive(Debug, Clone)]
struct Layer(Tree);

/// Above all else: `config` takes a key at the top for a path, so that the policy `payments.eu` would come apart.
const ROOT: &str = "steadfast";

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Tree, ConfigError> {
        Ok(Tree::from_iter([(ROOT.to_owned(), table(self.0.clone(), ""))]))
    }
}

pub(super) fn table(tree: Tree, origin: &str) -> Value {
    Value::new(Some(&origin.to_owned()), ValueKind::Table(tree))
}

/// Puts a value where `path` leads, making the tables on the way.
pub(super) fn put(tree: &mut Tree, path: &[String], value: Value) {
    match path {
        [] => {}
        [key] => drop(tree.insert(key.clone(), value)),
        [section, rest @ ..] => {
            let origin = value.origin().unwrap_or_default().to_owned();
            let inner = tree.entry(section.clone()).or_insert_with(|| table(Tree::new(), &origin));
            if let ValueKind::Table(inner) = &mut inner.kind {
                put(inner, rest, value);
            }
        }
    }
}

/// As in TOML, quoted where a bare key may not be written so.
pub(super) fn path(segments: &[&str]) -> String {
    let bare = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let segments: Vec<String> =
        segments.iter().map(|s| if bare(s) { (*s).to_owned() } else { format!("{s:?}") }).collect();
    segments.join(".")
}
