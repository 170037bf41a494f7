//! The section "Resilience" in the docs of an annotated function.

use core::time::Duration;

use proc_macro2::{Delimiter, LineColumn, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Meta};

use crate::args::setting::Setting;
use crate::stack::Stack;

pub(crate) fn append(attributes: &mut Vec<Attribute>, stack: &Stack) {
    append_words(
        attributes,
        stack,
        "Policies of this function, the outermost first; their state is shared by all callers:",
    );
}

pub(crate) fn append_to_set(attributes: &mut Vec<Attribute>, stack: &Stack) {
    append_words(attributes, stack, "Policies of this set, the outermost first:");
}

/// Appended only where there are docs: an attribute that adds the first line would silence `missing_docs`.
fn append_words(attributes: &mut Vec<Attribute>, stack: &Stack, words: &str) {
    // `#[doc(alias = "..")]` and `#[doc(hidden)]` are no docs.
    let is_text = |meta: &Meta| matches!(meta, Meta::NameValue(pair) if pair.path.is_ident("doc"));
    let documented = attributes.iter().any(|attribute| is_text(&attribute.meta));
    if !documented || !stack.docs {
        return;
    }
    for line in section(stack, words) {
        attributes.push(syn::parse_quote!(#[doc = #line]));
    }
}

fn section(stack: &Stack, words: &str) -> Vec<String> {
    let mut lines = vec![String::new(), " # Resilience".to_owned(), format!(" {words}"), String::new()];
    for (index, layer) in stack.layers.iter().enumerate() {
        lines.push(format!(" {}. {}", index + 1, layer.words()));
    }
    lines
}

/// A setting in words.
pub(crate) fn setting<T: ToString>(setting: &Setting<T>) -> String {
    match setting {
        Setting::Literal(value, _) => value.to_string(),
        Setting::Expr(expr) => format!("`{}`", source(expr)),
    }
}

/// A duration in words.
pub(crate) fn duration(setting: &Setting<Duration>) -> String {
    match setting {
        Setting::Literal(value, _) => format!("{value:?}"),
        Setting::Expr(expr) => format!("`{}`", source(expr)),
    }
}

/// An expression as it was written, on one line. A compiler that is not nightly gives the text of single tokens only.
pub(crate) fn source(code: &impl ToTokens) -> String {
    let mut text = String::new();
    let mut end = None;
    write(code.to_token_stream(), &mut text, &mut end);
    text
}

/// Appends tokens to `text`, with a space where there was any between them. `end` is where the last of them ended.
fn write(tokens: TokenStream, text: &mut String, end: &mut Option<LineColumn>) {
    fn push(token: &str, span: Span, text: &mut String, end: &mut Option<LineColumn>) {
        // What stood on several lines has its parentheses on lines of their own.
        let inside = text.ends_with(['(', '[']) || matches!(token, ")" | "]");
        if !inside && end.is_some_and(|end| end != span.start()) {
            text.push(' ');
        }
        text.push_str(token);
        *end = Some(span.end());
    }
    for tree in tokens {
        let TokenTree::Group(group) = &tree else {
            push(&tree.to_string(), tree.span(), text, end);
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => {
                write(group.stream(), text, end);
                continue;
            }
        };
        push(open, group.span_open(), text, end);
        write(group.stream(), text, end);
        push(close, group.span_close(), text, end);
    }
}

#[cfg(test)]
mod tests {
    use syn::Expr;

    use super::*;

    #[test]
    fn expressions_are_quoted_as_they_are_written() {
        for code in [
            "self.breaker",
            "Duration::from_secs(2 * SECONDS)",
            "cached(&key).await?",
            "{ let x = f::<u8>(a, [b; 2]); -x }",
            "|error| Ok(default(error))",
            "!on && 'a' <= c",
            "vec![\"a  b\"]",
        ] {
            let expr: Expr = syn::parse_str(code).unwrap();
            assert_eq!(source(&expr), code);
        }
    }

    #[test]
    fn what_is_undocumented_stays_so() {
        let sections = |attribute: TokenStream| {
            let item = quote::quote!(#attribute pub fn f() -> R { g() });
            let code = crate::attribute::expand(crate::kind::Kind::Retry, TokenStream::new(), item);
            code.to_string().matches("Resilience").count()
        };
        assert_eq!(sections(quote::quote!(#[doc = "Docs."])), 1);
        assert_eq!(sections(quote::quote!(#[doc = include_str!("f.md")])), 1);
        assert_eq!(sections(quote::quote!(#[doc(alias = "g")])), 0);
        assert_eq!(sections(quote::quote!()), 0);
    }

    #[test]
    fn lines_are_joined() {
        let expr: Expr = syn::parse_str("call(\n    first,\n    second, // why\n)\n.await").unwrap();
        assert_eq!(source(&expr), "call(first, second,) .await");
    }
}
