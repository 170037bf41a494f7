//! `#[hedge]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::visit::{self, Visit};
use syn::{Expr, FnArg, ParenthesizedGenericArguments, ReceiverKind, TypeFnPtr, TypeReference};

use super::Args;
use super::percentile::{self, Percentile};
use super::retry::budget;
use super::setting::Setting;
use crate::ctxt::Ctxt;
use crate::emit::at;
use crate::function::{Function, Passed};
use crate::kind::Facts;
use crate::policy::{Around, Layer, Made, Policy};
use crate::shape::{self, Shape};
use crate::stack::Stack;

pub(crate) const FACTS: Facts = Facts {
    name: "hedge",
    arguments: &["after", "attempts", "retry_after", "budget", "clone"],
    settings: &[],
    judges: true,
    rejects: false,
    read: Some(|args| Policy::Around(Box::new(Hedge::read(args)))),
};

struct Hedge {
    /// `None` where an error was reported.
    after: Option<After>,
    attempts: Option<Setting<u32>>,
    budget: Option<Box<Expr>>,
}

enum After {
    /// The same for all calls, or of each call its own.
    Duration(Setting<Duration>),
    /// Of recent calls.
    Percentile(Percentile),
}

impl Hedge {
    fn read(args: &mut Args<'_>) -> Self {
        if let Some(expr) = args.positional() {
            args.ctxt.error_spanned_by(expr, "expected `after = ..`, e.g. `#[hedge(after = \"50ms\")]`");
        } else if !percentile::refuse_as_argument(args, "after = ", &[]) && args.lacks("after") {
            let message = "`#[hedge]` needs `after`: how long a call may take before another one starts, e.g. \
                           `#[hedge(after = \"50ms\")]`";
            args.ctxt.error(args.span, message);
        }
        let after = args.expr("after").and_then(|(_, expr)| match percentile::call(&expr) {
            Some(call) => Percentile::read(args, call, None).map(After::Percentile),
            None if percentile::is_misspelt(args, &expr) => None,
            None => args.duration_of(percentile::bare(expr)).map(After::Duration),
        });
        let too_few = "`attempts` is at least 2: it counts all calls, and the first alone is no hedge";
        let attempts = args.integer_or("attempts", 2, u32::MAX, too_few);
        Self { after, attempts, budget: budget(args) }
    }

    /// Whether all settings are literals, so that the policy stands in a `static`.
    fn is_constant(&self, layer: &Layer) -> bool {
        layer.common.flags.are_literals()
            && !matches!(self.after, Some(After::Duration(Setting::Expr(_))))
            && !matches!(self.attempts, Some(Setting::Expr(_)))
    }

    fn made(&self, stack: &Stack) -> Made {
        let span = Span::mixed_site();
        let root = &stack.root;
        let hedge = self.after.as_ref().map(|after| match after {
            After::Duration(after) => {
                // At the time, where the compiler points when it is of another type.
                let span = span.located_at(after.span());
                let root = stack.root.at(span);
                quote_spanned!(span=> #root::Hedge::new(#after))
            }
            After::Percentile(percentile) => {
                let percentile = percentile.tokens(root);
                quote_spanned!(span=> #root::Hedge::percentile({
                    static PERCENTILE: #root::Percentile = #percentile;
                    &PERCENTILE
                }))
            }
        });
        let attempts = self.attempts.as_ref().map(|attempts| {
            let span = span.located_at(attempts.span());
            quote_spanned!(span=> .attempts(#attempts))
        });
        let mut varying = Vec::new();
        let known_hedge = match &self.after {
            Some(After::Duration(Setting::Expr(_))) => {
                varying.push("after");
                Some(quote_spanned!(span=> #root::Hedge::new(::core::time::Duration::MAX)))
            }
            _ => hedge.clone(),
        };
        let known_attempts = match &self.attempts {
            Some(Setting::Expr(_)) => {
                varying.push("attempts");
                None
            }
            _ => attempts.clone(),
        };
        let (value, known) = (quote!(#hedge #attempts), quote!(#known_hedge #known_attempts));
        Made { value, known, varying }
    }
}

impl Around for Hedge {
    fn words(&self) -> String {
        let after = match &self.after {
            Some(After::Duration(after)) => crate::docs::duration(after),
            Some(After::Percentile(percentile)) => percentile.words(),
            None => String::new(),
        };
        let attempts = self.attempts.as_ref().map_or_else(|| "2".to_owned(), crate::docs::setting);
        let budget = match &self.budget {
            Some(budget) => format!(", within the budget `{}`", crate::docs::source(&**budget)),
            None => String::new(),
        };
        format!("at most {attempts} calls, the next after {after}{budget}")
    }

    fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let policy = (!self.is_constant(layer)).then(|| {
            let made = layer.made(&stack.root, &ty(stack), self.made(stack));
            let variable = layer.variable("hedge", stack);
            quote_spanned!(span=> let #variable = #made;)
        });
        let budget = self.budget.as_ref().map(|budget| {
            let (root, variable) = (&stack.root, layer.variable("hedge_budget", stack));
            let listed = stack.listed(budget);
            let handle = stack.shared_handle(budget, &quote_spanned!(span=> #root::RetryBudget));
            quote_spanned!(span=> #listed let #variable = #handle;)
        });
        quote_spanned!(span=> #policy #budget)
    }

    fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let policy = if self.is_constant(layer) {
            layer.constant(root, &ty(stack), self.made(stack))
        } else {
            let variable = layer.variable("hedge", stack);
            quote_spanned!(span=> &#variable)
        };
        let within = self.budget.as_ref().map(|budget| {
            let mut variable = layer.variable("hedge_budget", stack);
            // Where it was made, so that what is wrong with it is reported there alone.
            variable.set_span(at(&**budget));
            let budget = quote_spanned!(at(&**budget)=> &#variable);
            quote_spanned!(span=> .within(#budget))
        });
        quote_spanned!(span=> #root::__private::hedge(#policy)#within)
    }

    fn repeats(&self) -> bool {
        true
    }

    fn check(&self, ctxt: &Ctxt, layer: &Layer, above: &[Layer], stack: &Stack, shape: &Shape) {
        let is_first = !above.iter().any(|other| other.kind == layer.kind);
        if is_first && !shape.is_async && !shape::is_tokio_entry(&shape.body) {
            let message =
                "`#[hedge]` runs calls side by side, which a function that blocks cannot; make it an `async fn`";
            ctxt.error(layer.span, message);
        }
        if let Some(After::Percentile(percentile)) = &self.after {
            percentile.check(ctxt, "`Hedge::percentile` with one that was made elsewhere, and its `call`", stack);
        }
    }

    /// Calls that run side by side share their arguments.
    fn check_function(&self, ctxt: &Ctxt, layer: &Layer, stack: &Stack, function: &Function) {
        if stack.layers.iter().find(|other| other.kind == layer.kind).map(|first| first.number) != Some(layer.number) {
            return;
        }
        for input in &function.signature.inputs {
            let shared = match input {
                FnArg::Receiver(receiver) => match &receiver.kind {
                    ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
                    ReceiverKind::Typed(_, ty) => !borrows_mutably(ty),
                    _ => true,
                },
                FnArg::Typed(typed) => !borrows_mutably(&typed.ty),
            };
            if !shared {
                let name = match input {
                    FnArg::Receiver(_) => "`&mut self`; take `&self`".to_owned(),
                    FnArg::Typed(_) => "what is borrowed by `&mut`; take it by `&`".to_owned(),
                };
                let message = format!(
                    "the calls of `#[hedge]` run side by side and cannot share {name}, and hold what changes in a `Mutex`"
                );
                ctxt.error_spanned_by(input, message);
            }
        }
        for argument in &stack.arguments {
            let Some(mutability) = argument.mutability else { continue };
            let name = &argument.name;
            let message = match argument.kind {
                Passed::Value if stack.clones.contains(name) => continue,
                Passed::Value => format!("add `clone({name})`, by which each has its own"),
                Passed::Ref | Passed::Mut => format!("bind it in the body, `let mut {name} = {name};`"),
            };
            let message = format!("the calls of `#[hedge]` run side by side and cannot all change `{name}`; {message}");
            ctxt.error(mutability.span, message);
        }
    }
}

fn ty(stack: &Stack) -> TokenStream {
    let root = &stack.root;
    quote_spanned!(Span::mixed_site()=> #root::Hedge)
}

/// Whether a type has a `&mut` in it, those excepted that a function takes.
fn borrows_mutably(ty: &syn::Type) -> bool {
    struct Mutable(bool);
    impl<'ast> Visit<'ast> for Mutable {
        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            self.0 |= reference.mutability.is_some();
            visit::visit_type_reference(self, reference);
        }

        fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}
    }
    let mut mutable = Mutable(false);
    mutable.visit_type(ty);
    mutable.0
}
