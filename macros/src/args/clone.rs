//! `clone(a, b)`: the arguments that each attempt gets its own clone of.

use proc_macro2::Ident;
use syn::Token;
use syn::ext::IdentExt;
use syn::parse::ParseStream;

use super::{Args, Named, Value};
use crate::function::{Argument, Function, Passed};
use crate::suggest::unknown;

impl Args<'_> {
    /// `clone(a, b)`, or `clone` for all arguments that are taken by value; a function of a set need not have any.
    pub(crate) fn clones(&mut self, function: Option<&Function>, is_of_a_set: bool) -> Vec<Ident> {
        // A timeout has nothing in which a consumed argument could be named again.
        if !self.kind.takes("clone") {
            return Vec::new();
        }
        let Some(Named { name: clone, value }) = self.take("clone") else { return Vec::new() };
        let Some(function) = function else { return Vec::new() };
        let arguments = function.arguments();
        match value {
            Value::List(list) => {
                let names = self.parse_list(&list, |input: ParseStream<'_>| {
                    let names = input.parse_terminated(Ident::parse_any, Token![,])?;
                    Ok(names.into_iter().collect::<Vec<_>>())
                });
                if names.as_ref().is_some_and(Vec::is_empty) {
                    let message = "`clone()` names no argument; write `clone` for all that are taken by value";
                    self.ctxt.error(clone.span(), message);
                }
                let mut clones = Vec::new();
                for name in names.unwrap_or_default() {
                    if let Some(message) = refusal(&name, &arguments, function.receiver(), &clones) {
                        // In a set, the compiler then shows which function it is.
                        self.ctxt.error(name.span().resolved_at(list.span()), message);
                    } else {
                        clones.push(name);
                    }
                }
                clones
            }
            Value::Bare => {
                let by_value: Vec<Ident> =
                    arguments.into_iter().filter(|a| a.kind == Passed::Value).map(|a| a.name).collect();
                if by_value.is_empty() && !is_of_a_set {
                    let message = "`clone` is for arguments that are taken by value, and there is none; leave it out";
                    self.ctxt.error(clone.span(), message);
                }
                by_value
            }
            Value::Expr(_) => {
                self.ctxt.error(clone.span(), "expected `clone(..)`, not `clone = ..`");
                Vec::new()
            }
            Value::Mistaken => Vec::new(),
        }
    }
}

/// Why `name` is not cloned.
fn refusal(name: &Ident, arguments: &[Argument], receiver: Option<Passed>, before: &[Ident]) -> Option<String> {
    let kind = if name == "self" {
        receiver
    } else {
        arguments.iter().find(|argument| argument.name == *name).map(|argument| argument.kind)
    };
    Some(match kind {
        Some(Passed::Value) if name == "self" => {
            "`self` cannot be cloned for each attempt; take `&self`, or clone it in a method above and call that one"
                .to_owned()
        }
        Some(Passed::Value) if before.contains(name) => format!("`{name}` stands twice in `clone(..)`"),
        Some(Passed::Value) => return None,
        Some(_) => format!("`{name}` is a reference, which each attempt uses as it is; leave it out"),
        None => {
            let by_value: Vec<String> =
                arguments.iter().filter(|a| a.kind == Passed::Value).map(|a| a.name.to_string()).collect();
            if by_value.is_empty() {
                format!("`{name}` is no argument of this function; `clone` is for those that are taken by value")
            } else {
                let by_value: Vec<&str> = by_value.iter().map(String::as_str).collect();
                unknown("argument", &name.to_string(), &by_value)
            }
        }
    })
}
