//! The section "Resilience" in the docs of an annotated function.

use core::time::Duration;

use quote::ToTokens;
use syn::{Attribute, Expr};

use crate::args::setting::Setting;
use crate::policy::{Policy, Stack};

/// Appended only where the function has docs: an attribute that adds the first line would silence `missing_docs`.
pub(crate) fn append(attributes: &mut Vec<Attribute>, stack: &Stack) {
    let documented = attributes.iter().any(|attribute| attribute.path().is_ident("doc"));
    if !documented || !stack.docs {
        return;
    }
    for line in section(stack) {
        attributes.push(syn::parse_quote!(#[doc = #line]));
    }
}

fn section(stack: &Stack) -> Vec<String> {
    let mut lines = vec![String::new(), " # Resilience".to_owned()];
    lines.push(" Policies of this function, the outermost first; their state is shared by all callers:".to_owned());
    lines.push(String::new());
    for (index, layer) in stack.layers.iter().enumerate() {
        let words = match &layer.policy {
            Policy::Retry(retry) => format!("**retry**: {}", retry.words()),
            Policy::CircuitBreaker(breaker) => format!("**circuit breaker**: {}", breaker.words()),
            Policy::Timeout(timeout) => format!("**timeout**: {}", timeout.words()),
            Policy::Fallback(fallback) => format!("**fallback**: {}", fallback.words()),
        };
        lines.push(format!(" {}. {words}", index + 1));
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

/// An expression as it was written; as the compiler spaces tokens where the text is not to be had.
pub(crate) fn source(expr: &Expr) -> String {
    let span = syn::spanned::Spanned::span(expr);
    span.source_text().unwrap_or_else(|| expr.to_token_stream().to_string())
}
