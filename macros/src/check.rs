//! Stacks that cannot work: orders, functions and combinations that would do nothing, or not what they say.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{
    BoundLifetimes, FnArg, Lifetime, ParenthesizedGenericArguments, ReceiverKind, Type, TypeFnPtr, TypeReference,
};

use crate::args::fallback::{Fallback, Named};
use crate::ctxt::Ctxt;
use crate::function::{Function, Passed};
use crate::policy::{Layer, Policy};
use crate::shape::{self, Shape};
use crate::stack::Stack;

pub(crate) fn check(ctxt: &Ctxt, stack: &Stack, function: &Function, shape: &Shape) {
    if stack.layers.is_empty() {
        ctxt.error(
            stack.span,
            "`#[outcome]` says what a failure is, and no policy here asks; add one, e.g. `#[retry]`",
        );
    }
    if shape::is_expanded(&shape.body).is_some() {
        let (name, span) = match stack.layers.first() {
            _ if stack.is_of_a_set => ("#[resilient]".to_owned(), function.signature.ident.span()),
            Some(outermost) => (outermost.name(), stack.span),
            None => ("#[outcome]".to_owned(), stack.span),
        };
        let message = format!(
            "this is `{name}` under another name, so that the attribute above has not taken it in; import it under \
             its own"
        );
        ctxt.error(span, message);
    }
    function_can_be_wrapped(ctxt, stack, function, shape);
    for (index, layer) in stack.layers.iter().enumerate() {
        let above = &stack.layers[..index];
        match &layer.policy {
            Policy::Around(policy) => {
                policy.check(ctxt, layer, above, stack, shape);
                policy.check_function(ctxt, layer, stack, function);
            }
            Policy::Fallback(fallback) => {
                Fallback::check(ctxt, layer, stack);
                if fallback.always_succeeds() && layer.filter.is_empty() {
                    fallback_is_reachable(ctxt, layer, above);
                }
                if matches!(fallback.failure, Named::Error(_)) && layer.filter.picks_values() {
                    let message =
                        "`on` picks values here that are no errors; name the failure: `|failure: Failure<R>| ..`";
                    ctxt.error(layer.span, message);
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
    if let Some(retry) = stack.layers.iter().find(|layer| layer.is_retry())
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

/// Above an answer that is always `Ok` there is nothing left to retry, to count, or to fall back from.
fn fallback_is_reachable(ctxt: &Ctxt, fallback: &Layer, above: &[Layer]) {
    let Some(next) = above.last() else { return };
    let sees_more = matches!(&next.policy, Policy::Around(policy) if policy.acts_on_successes());
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

/// The first borrow in a type that ends before the program does.
pub(crate) fn borrow(ty: &Type) -> Option<TokenStream> {
    let mut borrows = Borrows::default();
    borrows.visit_type(ty);
    let named = borrows.named.into_iter().map(ToTokens::into_token_stream);
    borrows.elided.into_iter().chain(named).next()
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

    // What a function takes and gives back borrows nothing yet.
    fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}
    fn visit_bound_lifetimes(&mut self, _: &'ast BoundLifetimes) {}
}

/// Whether an expression has a `?` of its own; one in a nested block or closure is not told from it.
pub(crate) fn mentions_question_mark(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Group(group) => mentions_question_mark(group.stream()),
        _ => false,
    })
}
