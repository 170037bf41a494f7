//! `#[timeout]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::Args;
use super::percentile::{self, Percentile};
use super::setting::Setting;
use super::stateful::is_constant;
use crate::ctxt::Ctxt;
use crate::emit::at;
use crate::kind::Facts;
use crate::policy::{Around, Layer, Made, Policy};
use crate::shape::{self, Shape};
use crate::stack::Stack;

pub(crate) const FACTS: Facts = Facts {
    name: "timeout",
    arguments: &[],
    settings: &[],
    judges: false,
    rejects: true,
    read: Some(|args| Policy::Around(Box::new(Timeout::read(args)))),
};

struct Timeout {
    /// `None` where an error was reported.
    limit: Option<Limit>,
}

enum Limit {
    /// The same for all calls, or of each call its own.
    Duration(Setting<Duration>),
    /// Of recent calls.
    Percentile(Percentile),
}

impl Timeout {
    fn read(args: &mut Args<'_>) -> Self {
        let Some(expr) = args.positional() else {
            if percentile::refuse_as_argument(args, "", &["max"]) {
                return Self { limit: None };
            }
            if let Some(name) = args.take_unlike_any() {
                let message = format!("unknown argument `{name}`; the duration has no name: `#[timeout(\"2s\")]`");
                args.ctxt.error(name.span(), message);
            } else if !args.has_unknown() {
                args.ctxt.error(args.span, "`#[timeout]` needs a duration, e.g. `#[timeout(\"2s\")]`");
            }
            return Self { limit: None };
        };
        let without_max = "else there is no limit until enough calls were seen";
        let limit = match percentile::call(&expr) {
            Some(call) => Percentile::read(args, call, Some(without_max)).map(Limit::Percentile),
            None if percentile::is_misspelt(args, &expr) => None,
            None => args.duration_of(percentile::bare(expr)).map(Limit::Duration),
        };
        Self { limit }
    }

    /// How long a call may take at least.
    fn shortest(&self) -> Option<&Setting<Duration>> {
        match self.limit.as_ref()? {
            Limit::Duration(limit) => Some(limit),
            Limit::Percentile(percentile) => percentile.min(),
        }
    }
}

impl Around for Timeout {
    fn words(&self) -> String {
        match &self.limit {
            Some(Limit::Duration(limit)) => crate::docs::duration(limit),
            Some(Limit::Percentile(percentile)) => percentile.words(),
            None => String::new(),
        }
    }

    fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let root = &stack.root;
        let ty = quote_spanned!(Span::mixed_site()=> #root::Timeout);
        let made = match &self.limit {
            Some(Limit::Duration(Setting::Expr(limit))) => {
                let root = root.at(at(limit));
                let value = quote_spanned!(at(limit)=> #root::__private::limit(#limit));
                let known = quote_spanned!(Span::mixed_site()=> #ty::new(::core::time::Duration::MAX));
                Made { value, known, varying: vec!["limit"] }
            }
            Some(Limit::Duration(limit)) if !layer.common.flags.are_literals() => {
                Made::constant(quote_spanned!(Span::mixed_site()=> #ty::new(#limit)))
            }
            _ => return TokenStream::new(),
        };
        let made = layer.made(root, &ty, made);
        let policy = layer.variable("timeout", stack);
        quote_spanned!(Span::mixed_site()=> let #policy = #made;)
    }

    fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let root = &stack.root;
        let tag = layer.tag(stack);
        let policy = match &self.limit {
            Some(Limit::Percentile(percentile)) => {
                let percentile = percentile.tokens(root);
                let (ty, common) = (quote_spanned!(span=> #root::PercentileTimeout), layer.common());
                let policy = layer.kept(root, &ty, &quote_spanned!(span=> #ty::new(#percentile)#common));
                return quote_spanned!(span=> #root::__private::percentile_timeout(#policy)#tag);
            }
            Some(Limit::Duration(limit @ Setting::Literal(..))) if layer.common.flags.are_literals() => {
                let ty = quote_spanned!(span=> #root::Timeout);
                layer.constant(root, &ty, Made::constant(quote_spanned!(span=> #ty::new(#limit))))
            }
            _ => {
                let policy = layer.variable("timeout", stack);
                quote_spanned!(span=> &#policy)
            }
        };
        quote_spanned!(span=> #root::__private::timeout(#policy)#tag)
    }

    fn limit(&self) -> Option<&Setting<Duration>> {
        match self.limit.as_ref()? {
            Limit::Duration(limit) => Some(limit),
            Limit::Percentile(percentile) => percentile.max(),
        }
    }

    fn check(&self, ctxt: &Ctxt, layer: &Layer, above: &[Layer], stack: &Stack, shape: &Shape) {
        let is_first = !above.iter().any(|other| other.kind == layer.kind);
        if is_first && !shape.is_async && !shape::is_tokio_entry(&shape.body) {
            let message = "`#[timeout]` cannot stop a function that blocks; make it an `async fn`, or set the time \
                           limit of what it calls";
            ctxt.error(layer.span, message);
        }
        // One that ends no sooner never does anything, unless a retry between starts it anew.
        let around = above.iter().rev().take_while(|layer| !layer.is_retry()).find_map(Layer::limit);
        if let (Some(Setting::Literal(outer, _)), Some(Setting::Literal(inner, span))) = (around, self.shortest())
            && inner >= outer
        {
            let message =
                format!("this timeout is not shorter than the one around it ({outer:?}), so it never ends a call");
            ctxt.error(*span, message);
        }
        if let Some(Limit::Percentile(percentile)) = &self.limit {
            let otherwise = "a `PercentileTimeout` that was made elsewhere, and its `call`";
            percentile.check(ctxt, otherwise, stack);
            for flag in layer.common.flags.exprs() {
                is_constant(ctxt, flag, otherwise, stack);
            }
        }
    }
}
