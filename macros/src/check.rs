//! Stacks that cannot work: orders, functions and combinations that would do nothing, or not what they say.

use core::time::Duration;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{FnArg, Lifetime, ReceiverKind, Type, TypeReference};

use crate::args::fallback::Named;
use crate::args::setting::Setting;
use crate::ctxt::Ctxt;
use crate::function::{Function, Passed};
use crate::policy::{Layer, Policy, Stack};
use crate::shape::{self, Shape};

pub(crate) fn check(ctxt: &Ctxt, stack: &Stack, function: &Function, shape: &Shape) {
    if stack.layers.is_empty() {
        ctxt.error(
            Span::call_site(),
            "`#[outcome]` says what a failure is, and no policy here asks; add one, e.g. `#[retry]`",
        );
    }
    if shape::is_expanded(&shape.body).is_some() {
        let message = "an attribute of steadfast stands beneath this one under another name; import it under its own \
                       name, so that the attributes are taken in written order";
        ctxt.error(Span::call_site(), message);
    }
    function_can_be_wrapped(ctxt, stack, function, shape);
    for (index, layer) in stack.layers.iter().enumerate() {
        let above = &stack.layers[..index];
        match &layer.policy {
            Policy::Timeout(timeout) => {
                if !shape.is_async {
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
            Policy::Retry(_) | Policy::CircuitBreaker(_) => {}
        }
    }
}

fn function_can_be_wrapped(ctxt: &Ctxt, stack: &Stack, function: &Function, shape: &Shape) {
    let Some(outermost) = stack.layers.first() else { return };
    let signature = &function.signature;
    if let Some(token) = &signature.constness {
        ctxt.error_spanned_by(token, format!("`{}` needs the run time; a `const fn` has none", outermost.name()));
    }
    if let Some(variadic) = &signature.variadic {
        ctxt.error_spanned_by(variadic, format!("`{}` cannot stand on a variadic function", outermost.name()));
    }
    if matches!(shape.output, Type::Never(_)) {
        ctxt.error_spanned_by(
            &shape.output,
            format!("a function that never returns has no outcome for `{}`", outermost.name()),
        );
    }
    for attribute in &function.attributes {
        let path = attribute.path().to_token_stream().to_string().replace(' ', "");
        if !function.is_async() && matches!(path.as_str(), "tokio::test" | "tokio::main") {
            ctxt.error_spanned_by(attribute.path(), format!("move `#[{path}]` below `{}`", outermost.name()));
        }
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
        Policy::CircuitBreaker(breaker) => breaker.watches_slow_calls || breaker.handle().is_some(),
        Policy::Timeout(_) => true,
        Policy::Retry(_) | Policy::Fallback(_) => false,
    };
    if !sees_more && !next.filter.picks_values() {
        let message = format!(
            "`{}` above never sees a failure, since this fallback always answers `Ok`; put `#[fallback]` above it",
            next.name()
        );
        ctxt.error(fallback.span, message);
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
