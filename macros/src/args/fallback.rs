//! `#[fallback]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, Pat, Stmt, Type};

use super::Args;
use super::stale::Stale;
use super::stateful::is_constant;
use crate::check::mentions_question_mark;
use crate::ctxt::Ctxt;
use crate::kind::Facts;
use crate::policy::{Layer, Policy};
use crate::stack::Stack;

pub(crate) const FACTS: Facts = Facts {
    name: "fallback",
    arguments: &["stale", "key", "max_keys", "on_stale", "clone"],
    settings: &[],
    judges: true,
    rejects: false,
    read: Some(|args| {
        if args.has("stale") {
            Policy::Around(Box::new(Stale::read(args)))
        } else {
            Policy::Fallback(Box::new(Fallback::read(args)))
        }
    }),
};

const OF_STALE: [&str; 3] = ["key", "max_keys", "on_stale"];

pub(crate) struct Fallback {
    /// What to answer with; an empty block where an error was reported.
    pub(crate) answer: Expr,
    pub(crate) failure: Named,
}

/// How the failure is named: `|error| ..`.
pub(crate) enum Named {
    No,
    /// `|error|`, or `|error: E|`: the function's own error.
    Error(Pat),
    /// `|failure: Failure<R>|`.
    Failure(Pat),
}

impl Fallback {
    fn read(args: &mut Args<'_>) -> Self {
        let none = || syn::parse_quote!({});
        // Which may have been meant as `stale`.
        let is_misspelt = !args.is_positional() && args.has_unknown();
        if is_misspelt {
            args.drop(&OF_STALE);
        }
        let of_stale = args.refuse(&OF_STALE, "needs `stale = ..`, e.g. `stale = \"10m\"`");
        let Some(expr) = args.positional() else {
            if !of_stale && !is_misspelt {
                let message = "`#[fallback]` needs an answer, e.g. `#[fallback(Ok(Vec::new()))]`, or `stale = \"10m\"` for \
                               the last success";
                args.ctxt.error(args.span, message);
            }
            return Self { answer: none(), failure: Named::No };
        };
        let Expr::Closure(closure) = expr else {
            // Parentheses that make it an expression, `(on(x))`, would be told to be unnecessary as the answer.
            let answer = match expr {
                Expr::Paren(paren) => *paren.expr,
                expr => expr,
            };
            return Self { answer, failure: Named::No };
        };
        if let Some(token) = closure.asyncness {
            args.ctxt.error(token.span, "leave `async` out; `.await` may be used in the expression as it is");
        }
        let mut inputs = closure.inputs.into_iter();
        let (first, second) = (inputs.next(), inputs.next());
        let failure = match (first, second) {
            (Some(pat), None) if is_failure(&pat) => Named::Failure(pat),
            (Some(pat), None) => Named::Error(pat),
            (first, second) => {
                let (begin, end) = (closure.inputs_begin, closure.inputs_end);
                let all = quote!(#begin #first #second #(#inputs)* #end);
                args.ctxt.error_spanned_by(all, "the closure of a fallback takes one argument: `|error| ..`");
                Named::No
            }
        };
        Self { answer: *closure.body, failure }
    }

    /// The policy by reference.
    pub(crate) fn policy(layer: &Layer, stack: &Stack) -> TokenStream {
        let (root, common) = (&stack.root, layer.common());
        let ty = quote_spanned!(Span::mixed_site()=> #root::__private::Fallback);
        layer.kept(root, &ty, &quote_spanned!(Span::mixed_site()=> #ty::new()#common))
    }

    /// It stands in a `static`, so that its flags name no argument.
    pub(crate) fn check(ctxt: &Ctxt, layer: &Layer, stack: &Stack) {
        for flag in layer.common.flags.exprs() {
            is_constant(ctxt, flag, "say in `ignore(..)` when it does not answer", stack);
        }
    }

    /// Whether the answer is `Ok(..)`, come what may.
    pub(crate) fn always_succeeds(&self) -> bool {
        let Expr::Call(call) = &self.answer else { return false };
        let Expr::Path(path) = &*call.func else { return false };
        path.path.segments.last().is_some_and(|last| last.ident == "Ok")
            && !mentions_question_mark(call.args.to_token_stream())
    }

    /// In words, for the docs of the function.
    pub(crate) fn words(&self) -> String {
        format!("`{}`", crate::docs::source(&self.answer))
    }

    /// As the last words of a block: in parentheses where it begins like a statement, as `match x { .. } + 1` does.
    pub(crate) fn answer(&self) -> TokenStream {
        Stmt::Expr(self.answer.clone(), None).into_token_stream()
    }
}

/// `failure: Failure<R>`
fn is_failure(pat: &Pat) -> bool {
    let Pat::Type(typed) = pat else { return false };
    let Type::Path(path) = &*typed.ty else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "Failure" || last.ident == "Flow")
}
