//! What the attributes are given, as text: an annotated item, a call of `policies!`, a type with `derive(Classify)`.
//!
//! `__none!(..)` is a group without delimiters, as a `macro_rules!` leaves it around what it was given.

use std::path::{Path, PathBuf};
use std::{fs, io};

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

use crate::kind::Kind;

const NONE: &str = "__none";

/// `None` where the compiler would not have come so far.
pub(crate) fn read(text: &str) -> Option<TokenStream> {
    Some(with_groups(text.parse().ok()?))
}

fn with_groups(tokens: TokenStream) -> TokenStream {
    let mut out = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let mut delimiter = group.delimiter();
                let is_bang =
                    |tree: Option<&TokenTree>| matches!(tree, Some(TokenTree::Punct(p)) if p.as_char() == '!');
                let is_none = |tree: &TokenTree| matches!(tree, TokenTree::Ident(name) if name == NONE);
                if is_bang(out.last()) && out.len() > 1 && is_none(&out[out.len() - 2]) {
                    out.truncate(out.len() - 2);
                    delimiter = Delimiter::None;
                }
                let mut with = Group::new(delimiter, with_groups(group.stream()));
                with.set_span(group.span());
                out.push(with.into());
            }
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

/// What [`read`] reads.
pub(crate) fn write(tokens: TokenStream) -> String {
    without_groups(tokens).to_string()
}

fn without_groups(tokens: TokenStream) -> TokenStream {
    let mut out = TokenStream::new();
    for tree in tokens {
        let TokenTree::Group(group) = tree else {
            out.extend([tree]);
            continue;
        };
        let mut delimiter = group.delimiter();
        if delimiter == Delimiter::None {
            delimiter = Delimiter::Parenthesis;
            let name = Ident::new(NONE, Span::call_site());
            out.extend([TokenTree::from(name), Punct::new('!', Spacing::Alone).into()]);
        }
        out.extend([TokenTree::from(Group::new(delimiter, without_groups(group.stream())))]);
    }
    out
}

/// The inputs in the code of a file, at any depth.
pub(crate) fn inputs(tokens: TokenStream, found: &mut Vec<String>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, char: char| matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == char);
    let mut at = 0;
    while at < trees.len() {
        if matches!(&trees[at], TokenTree::Ident(name) if name == "policies") && is(at + 1, '!') {
            found.push(write(trees[at..trees.len().min(at + 3)].iter().cloned().collect()));
        }
        let (begin, mut is_ours) = (at, false);
        while is(at, '#') && matches!(trees.get(at + 1), Some(TokenTree::Group(_))) {
            is_ours |= is_of_ours(&trees[at + 1]);
            at += 2;
        }
        if is_ours {
            let is_end = |tree: &TokenTree| match tree {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(punct) => punct.as_char() == ';',
                _ => false,
            };
            let end = trees[at..].iter().position(is_end).map_or(trees.len(), |length| at + length + 1);
            found.push(write(trees[begin..end].iter().cloned().collect()));
        }
        if let Some(TokenTree::Group(group)) = trees.get(at) {
            inputs(group.stream(), found);
        }
        at += 1;
    }
}

/// `[retry(..)]`, `[derive(Classify)]`
fn is_of_ours(group: &TokenTree) -> bool {
    let TokenTree::Group(group) = group else { return false };
    let is_class = |name: &Ident| name == "derive" && group.stream().to_string().contains("Classify");
    let mut trees = group.stream().into_iter();
    trees.any(|tree| matches!(tree, TokenTree::Ident(name) if Kind::of(&name).is_some() || is_class(&name)))
}

/// The inputs in all files beneath these paths, in the order of their names: Rust code, or Markdown with blocks of it.
pub(crate) fn corpus() -> io::Result<Vec<String>> {
    let macros = Path::new(env!("CARGO_MANIFEST_DIR"));
    // Also from `macros/fuzz`.
    let macros = if macros.ends_with("fuzz") { macros.join("..") } else { macros.to_owned() };
    let mut files = Vec::new();
    for path in ["fuzz/corpus", "docs", "../README.md", "../tests", "../examples"] {
        list(&macros.join(path), &mut files)?;
    }
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file)?;
        let code = if file.extension().is_some_and(|extension| extension == "md") { blocks(&text) } else { vec![text] };
        for tokens in code.iter().filter_map(|code| read(code)) {
            inputs(tokens, &mut found);
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn list(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        entries.sort_unstable();
        entries.iter().try_for_each(|entry| list(entry, files))?;
    } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
        files.push(path.to_owned());
    }
    Ok(())
}

/// Blocks of code, without the mark of lines that are not shown.
fn blocks(text: &str) -> Vec<String> {
    let shown = |line: &str| line.strip_prefix("# ").unwrap_or(if line == "#" { "" } else { line }).to_owned();
    let blocks = text.split("\n```").skip(1).step_by(2);
    blocks.map(|block| block.lines().skip(1).map(shown).collect::<Vec<_>>().join("\n")).collect()
}
