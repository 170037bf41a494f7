//! Stacks that cannot work: orders, functions and combinations that would do nothing, or not what they say.

use core::time::Duration;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Expr, ExprBlock, ExprClosure, ExprPath, FnArg, Lifetime, ReceiverKind, Type, TypeReference};

use crate::args::fallback::Named;
use crate::args::setting::Setting;
use crate::ctxt::Ctxt;
use crate::function::{Function, Passed};
use crate::policy::{Layer, Policy, Stack};
use crate::shape::{self, Shape};

pub(crate) fn check(ctxt: &Ctxt, stack: &Stack, function: &Function, shape: &Shape) {
    if stack.layers.is_empty() {
        ctxt.error(
            stack.span,
            "`#[outcome]` says what a failure is, and no policy here asks; add one, e.g. `#[retry]`",
        );
    }
    if shape::is_expanded(&shape.body).is_some() {
        let name = stack.layers.first().map_or("#[outcome]", Layer::name);
        let message = format!(
            "this is `{name}` under another name, so that the attribute above has not taken it in; import it under \
             its own"
        );
        ctxt.error(stack.span, message);
    }
    function_can_be_wrapped(ctxt, stack, function, shape);
    for (index, layer) in stack.layers.iter().enumerate() {
        let above = &stack.layers[..index];
        match &layer.policy {
            Policy::Timeout(timeout) => {
                let is_first = !above.iter().any(|layer| matches!(layer.policy, Policy::Timeout(_)));
                if is_first && !shape.is_async && !shape::is_tokio_entry(&shape.body) {
                    let message = "`#[timeout]` cannot stop a function that blocks; make it an `async fn`, or set the \
                                   time limit of what it calls";
                    ctxt.error(layer.span, message);
                }
                if let Some(limit) = &timeout.limit {
                    inner_timeout_is_shorter(ctxt, limit, above);
                }
            }
            Policy::Fallback(fallback) => {
                if fallback.always_succeeds() && layer.filter.is_empty() {
                    fallback_is_reachable(ctxt, layer, above);
                }
                if matches!(fallback.failure, Named::Error(_)) && layer.filter.picks_values() {
                    let message =
                        "`on` picks values here that are no errors; name the failure: `|failure: Failure<R>| ..`";
                    ctxt.error(layer.span, message);
                }
            }
            Policy::CircuitBreaker(breaker) => {
                for setting in &breaker.shared.constants {
                    names_no_argument(ctxt, setting, "a breaker", layer.name(), stack);
                }
            }
            Policy::Bulkhead(bulkhead) => {
                for setting in &bulkhead.shared.constants {
                    names_no_argument(ctxt, setting, "a bulkhead", layer.name(), stack);
                }
            }
            Policy::RateLimit(limit) => {
                for setting in &limit.shared.constants {
                    names_no_argument(ctxt, setting, "a limit", layer.name(), stack);
                }
            }
            Policy::Retry(_) => {}
        }
    }
}

fn function_can_be_wrapped(ctxt: &Ctxt, stack: &Stack, function: &Function, shape: &Shape) {
    let Some(outermost) = stack.layers.first() else { return };
    let signature = &function.signature;
    if let Some(token) = &signature.constness {
        let message = format!("`{}` cannot work in a `const fn`; remove `const`", outermost.name());
        ctxt.error_spanned_by(token, message);
    }
    if let Some(variadic) = &signature.variadic {
        ctxt.error_spanned_by(variadic, format!("`{}` cannot stand on a variadic function", outermost.name()));
    }
    if matches!(shape.output, Type::Never(_)) {
        ctxt.error_spanned_by(
            &shape.output,
            format!("a function that never returns has no outcome for `{}` to judge", outermost.name()),
        );
    }
    if !shape.is_async && shape::is_tokio_entry(&shape.body) {
        let message = format!(
            "`#[tokio::main]` or `#[tokio::test]` above has made this a function that blocks; move it below `{}`",
            outermost.name()
        );
        ctxt.error(stack.span, message);
    }
    if let Some(retry) = stack.layers.iter().find(|layer| layer.repeats())
        && let Some(borrow) = borrow_of_mutable(function, &shape.written_output)
    {
        let message = format!(
            "under `{}` this borrow of a `&mut` argument would outlive its attempt; return an owned value, or borrow \
             after the call",
            retry.name()
        );
        ctxt.error_spanned_by(borrow, message);
    }
}

/// A timeout that ends no sooner than the one around it never does anything, unless a retry between starts it anew.
fn inner_timeout_is_shorter(ctxt: &Ctxt, inner: &Setting<Duration>, above: &[Layer]) {
    let around = above.iter().rev().take_while(|layer| !layer.repeats()).find_map(|layer| match &layer.policy {
        Policy::Timeout(timeout) => timeout.limit.as_ref(),
        _ => None,
    });
    if let (Some(Setting::Literal(outer, _)), Setting::Literal(inner, span)) = (around, inner)
        && inner >= outer
    {
        let message =
            format!("this timeout is not shorter than the one around it ({outer:?}), so it never ends a call");
        ctxt.error(*span, message);
    }
}

/// Above an answer that is always `Ok` there is nothing left to retry, to count, or to fall back from.
fn fallback_is_reachable(ctxt: &Ctxt, fallback: &Layer, above: &[Layer]) {
    let Some(next) = above.last() else { return };
    let sees_more = match &next.policy {
        Policy::CircuitBreaker(breaker) => breaker.watches_slow_calls || breaker.shared.handle().is_some(),
        Policy::Bulkhead(_) | Policy::RateLimit(_) | Policy::Timeout(_) => true,
        Policy::Retry(_) | Policy::Fallback(_) => false,
    };
    if !sees_more && !next.filter.picks_values() {
        let message = if next.is_fallback() {
            "this fallback always answers `Ok`, so the one above is never reached; remove one of them".to_owned()
        } else {
            format!(
                "this fallback always answers `Ok`, so `{}` above never sees a failure; put the fallback above it",
                next.name()
            )
        };
        ctxt.error(fallback.span, message);
    }
}

/// What stands in a `static` is the same for all calls.
fn names_no_argument(ctxt: &Ctxt, setting: &Expr, policy: &str, attribute: &str, stack: &Stack) {
    struct Argument<'a>(&'a Stack, Option<&'a Ident>);
    impl<'ast: 'a, 'a> Visit<'ast> for Argument<'a> {
        fn visit_expr_path(&mut self, path: &'ast ExprPath) {
            let name = path.path.get_ident().filter(|name| self.0.mentions_argument(name.to_token_stream()));
            self.1 = self.1.or(name);
        }

        // They may have names of their own.
        fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
        fn visit_expr_block(&mut self, _: &'ast ExprBlock) {}
    }
    let mut argument = Argument(stack, None);
    argument.visit_expr(setting);
    if let Some(name) = argument.1 {
        let (attribute, field) = (attribute.trim_end_matches(']'), policy.trim_start_matches("a "));
        let name_of = if name == "__self" { "self".to_owned() } else { name.to_string() };
        let message = format!(
            "`{name_of}` is an argument, and the settings are the same for all calls; give a constant, or {policy} that \
             was made elsewhere, as in `{attribute}(self.{field})]`"
        );
        ctxt.error(name.span(), message);
    }
}

/// The part of what the body returns that borrows from an argument taken by `&mut`.
fn borrow_of_mutable(function: &Function, output: &Type) -> Option<TokenStream> {
    let mut borrows = Borrows::default();
    borrows.visit_type(output);

    let mut mutable = Vec::new();
    let mut references = 0;
    for input in &function.signature.inputs {
        let mut inside = Borrows::default();
        inside.visit_fn_arg(input);
        references += inside.named.len() + inside.elided.len();
        match input {
            FnArg::Receiver(receiver) => {
                if let ReceiverKind::Reference(_, lifetime, Some(_)) = &receiver.kind {
                    mutable.push(lifetime.clone());
                }
            }
            FnArg::Typed(typed) => {
                if let Type::Reference(TypeReference { lifetime, mutability: Some(_), .. }) = &*typed.ty {
                    mutable.push(lifetime.clone());
                }
            }
        }
    }
    let named = borrows.named.iter().find(|lifetime| mutable.iter().flatten().any(|other| other == *lifetime));
    if let Some(lifetime) = named {
        return Some(lifetime.to_token_stream());
    }
    // An elided lifetime is that of `self`, or of the only reference there is.
    let from_mutable = match function.receiver() {
        Some(Passed::Mut) => true,
        Some(Passed::Ref) => false,
        _ => references == 1 && mutable.len() == 1,
    };
    borrows.elided.into_iter().next().filter(|_| from_mutable)
}

/// The lifetimes in a type.
#[derive(Default)]
struct Borrows {
    named: Vec<Lifetime>,
    elided: Vec<TokenStream>,
}

impl<'ast> Visit<'ast> for Borrows {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if reference.lifetime.is_none() {
            self.elided.push(reference.to_token_stream());
        }
        visit::visit_type_reference(self, reference);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        match lifetime.ident.to_string().as_str() {
            "static" => {}
            "_" => self.elided.push(lifetime.to_token_stream()),
            _ => self.named.push(lifetime.clone()),
        }
    }
}

/// Whether an expression has a `?` of its own; one in a nested block or closure is not told from it.
pub(crate) fn mentions_question_mark(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Group(group) => mentions_question_mark(group.stream()),
        _ => false,
    })
}
