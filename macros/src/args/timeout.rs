//! `#[timeout]`.

use core::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::Args;
use super::setting::Setting;
use crate::ctxt::Ctxt;
use crate::emit::at;
use crate::kind::Facts;
use crate::policy::{Around, Layer, Policy};
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
    limit: Option<Setting<Duration>>,
}

impl Timeout {
    fn read(args: &mut Args<'_>) -> Self {
        match args.positional() {
            Some(expr) => Self { limit: args.duration_of(expr) },
            None => {
                args.ctxt.error(args.span, "`#[timeout]` needs a duration, e.g. `#[timeout(\"2s\")]`");
                Self { limit: None }
            }
        }
    }
}

impl Around for Timeout {
    fn words(&self) -> String {
        self.limit.as_ref().map(crate::docs::duration).unwrap_or_default()
    }

    fn prelude(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let Some(Setting::Expr(limit)) = &self.limit else { return TokenStream::new() };
        let (root, named) = (&stack.root, layer.named());
        let policy = layer.variable("timeout", stack);
        let root = root.at(at(limit));
        let value = quote_spanned!(at(limit)=> #root::__private::limit(#limit));
        quote_spanned!(Span::mixed_site()=> let #policy = #value #named;)
    }

    fn layer(&self, layer: &Layer, stack: &Stack) -> TokenStream {
        let span = Span::mixed_site();
        let (root, named) = (&stack.root, layer.named());
        let policy = match &self.limit {
            Some(limit @ Setting::Literal(..)) => quote_spanned!(span=> {
                static TIMEOUT: #root::Timeout = #root::Timeout::new(#limit)#named;
                &TIMEOUT
            }),
            _ => {
                let policy = layer.variable("timeout", stack);
                quote_spanned!(span=> &#policy)
            }
        };
        let tag = layer.tag(stack);
        quote_spanned!(span=> #root::__private::timeout(#policy)#tag)
    }

    fn limit(&self) -> Option<&Setting<Duration>> {
        self.limit.as_ref()
    }

    fn check(&self, ctxt: &Ctxt, layer: &Layer, above: &[Layer], _stack: &Stack, shape: &Shape) {
        let is_first = !above.iter().any(|other| other.kind == layer.kind);
        if is_first && !shape.is_async && !shape::is_tokio_entry(&shape.body) {
            let message = "`#[timeout]` cannot stop a function that blocks; make it an `async fn`, or set the time \
                           limit of what it calls";
            ctxt.error(layer.span, message);
        }
        // One that ends no sooner never does anything, unless a retry between starts it anew.
        let around = above.iter().rev().take_while(|layer| !layer.repeats()).find_map(Layer::limit);
        if let (Some(Setting::Literal(outer, _)), Some(Setting::Literal(inner, span))) = (around, &self.limit)
            && inner >= outer
        {
            let message =
                format!("this timeout is not shorter than the one around it ({outer:?}), so it never ends a call");
            ctxt.error(*span, message);
        }
    }
}
